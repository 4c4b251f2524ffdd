"""Requests that may be sent twice: a key that the caller makes up stands for one request, however often it arrives."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, UniqueConstraint, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp.kit.clock import now
from webapp.kit.db import Base

KEPT_DAYS = 7
LONGEST_KEY = 200


class IdempotencyKey(Base):
    """A request that was carried out: what it was (a digest), and the address of what it made."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[int]
    key: Mapped[str]
    digest: Mapped[str]
    status: Mapped[int | None]
    location: Mapped[str] = mapped_column(default="", server_default="")
    at: Mapped[datetime] = mapped_column(index=True)


def digest_of(method: str, path: str, body: bytes) -> str:
    """What tells one request from another."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def begin(session: Session, user_id: int, key: str, digest: str) -> IdempotencyKey | None:
    """Take a key for a request, in this transaction; answers what was kept when it was taken before, else None.

    A second request with the same key waits here until the first has ended.
    """
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.at < now() - timedelta(days=KEPT_DAYS)))
    taken = insert(IdempotencyKey).values(user_id=user_id, key=key, digest=digest, location="", at=now())
    taken = taken.on_conflict_do_nothing(index_elements=["user_id", "key"])
    if session.scalar(taken.returning(IdempotencyKey.id)) is not None:
        return None
    statement = select(IdempotencyKey).where(IdempotencyKey.user_id == user_id, IdempotencyKey.key == key)
    return session.scalars(statement).one()


def finish(session: Session, user_id: int, key: str, status: int, location: str) -> None:
    """Keep what the request has made."""
    statement = update(IdempotencyKey).where(IdempotencyKey.user_id == user_id, IdempotencyKey.key == key)
    session.execute(statement.values(status=status, location=location))
