"""Tables of accounts, teams, roles, rights, sessions and API tokens."""

from __future__ import annotations

from datetime import datetime

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import Column, ForeignKey, Index, Integer, Table, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.kit.db import Base, Timestamped

user_roles = Table(
    "user_roles",
    Base.metadata,
    Column("user_id", Integer, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", Integer, ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True),
)


class Team(Base):
    """A group of people who share records."""

    __tablename__ = "teams"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Role(Base, RoleMixin):
    """A role: a named set of rights. The four of a new installation are named staff, head, administrator, officer."""

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="", server_default="")


class Grant(Base):
    """The widest scope (0 none, 1 own, 2 team, 3 all) in which a role may do an action on an entity."""

    __tablename__ = "grants"
    __table_args__ = (UniqueConstraint("role_id", "entity", "action"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("roles.id", ondelete="CASCADE"))
    entity: Mapped[str]
    action: Mapped[str]
    scope: Mapped[int]


class FieldGrant(Base):
    """The level (0 hidden, 1 read, 2 write) of one field for a role; fields without a row are writable."""

    __tablename__ = "field_grants"
    __table_args__ = (UniqueConstraint("role_id", "entity", "field"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    role_id: Mapped[int] = mapped_column(ForeignKey("roles.id", ondelete="CASCADE"))
    entity: Mapped[str]
    field: Mapped[str]
    level: Mapped[int]


class User(Base, Timestamped, UserMixin):
    """An account. `fs_uniquifier` changes to end all sessions at once (Flask-Security)."""

    __tablename__ = "users"
    __entity__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    password: Mapped[str | None] = mapped_column(info={"silent": True})
    # Told to the person by an administrator: good for one sign-in, which leads to choosing another.
    password_temporary: Mapped[bool] = mapped_column(default=False, server_default="false", info={"silent": True})
    active: Mapped[bool] = mapped_column(default=True, server_default="true")
    fs_uniquifier: Mapped[str] = mapped_column(unique=True, info={"silent": True})
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="SET NULL"))
    locale: Mapped[str] = mapped_column(default="en", server_default="en")
    theme: Mapped[str] = mapped_column(default="auto", server_default="auto")
    failed_attempts: Mapped[int] = mapped_column(default=0, server_default="0", info={"silent": True})
    locked_until: Mapped[datetime | None] = mapped_column(info={"silent": True})

    roles: Mapped[list[Role]] = relationship(secondary=user_roles, lazy="raise")  # type: ignore[assignment]
    team: Mapped[Team | None] = relationship(lazy="raise")


class UserSession(Base):
    """One signed-in browser; it can be listed and ended. The cookie holds the secret, the row its SHA-256."""

    __tablename__ = "user_sessions"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    secret_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(default="", server_default="")
    browser: Mapped[str] = mapped_column(default="", server_default="")


class ApiToken(Base, Timestamped):
    """A bearer token: it acts with its person's rights. Only its SHA-256 is kept."""

    __tablename__ = "api_tokens"
    __entity__ = "token"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    secret_hash: Mapped[str] = mapped_column(unique=True, info={"silent": True})
    used_at: Mapped[datetime | None] = mapped_column(info={"silent": True})
    revoked_at: Mapped[datetime | None]
