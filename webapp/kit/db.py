"""The database: declarative base, engine, sessions, and the mixins that tables share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, ForeignKey, Integer, MetaData, Text, create_engine, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column, sessionmaker

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of every table of the web application."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        str: Text(),
        dict[str, Any]: JSONB(),
        list[str]: ARRAY(Text()),
    }


class Timestamped:
    """When a row was made and last changed."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Owned(Timestamped):
    """A record with an owner and a team, on which the access rule decides.

    `human_fields` names the fields that a person has typed: a proposal never overwrites those. `version` counts the
    changes, so that two people editing at once are told of it.
    """

    @declared_attr
    def owner_id(cls) -> Mapped[int | None]:  # noqa: N805 - SQLAlchemy's convention for declared_attr
        """The person who answers for the record."""
        return mapped_column(Integer, ForeignKey("users.id", ondelete="SET NULL"), index=True)

    @declared_attr
    def team_id(cls) -> Mapped[int | None]:  # noqa: N805
        """The team that shares the record."""
        return mapped_column(Integer, ForeignKey("teams.id", ondelete="SET NULL"), index=True)

    human_fields: Mapped[list[str]] = mapped_column(server_default="{}", default=list)
    version: Mapped[int] = mapped_column(server_default="1", default=1)


def make_engine(url: str, pool_size: int = 8) -> Engine:
    """An engine for a PostgreSQL URL.

    Server-side prepared plans are switched off: with a rights filter, a cached generic plan can send a vector search
    through the index where an exact sort over the visible rows is both faster and complete.
    """
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        pool_pre_ping=True,
        hide_parameters=True,  # an error message goes to the log, and no client's words may
        connect_args={"prepare_threshold": None},
    )


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """A factory of sessions that keep loaded values after commit (pages are rendered before, streams after)."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One session, one transaction: committed when the block ends well, rolled back when it raises."""
    with sessions() as session, session.begin():
        yield session
