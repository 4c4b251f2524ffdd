"""Dead letters: deliveries that failed, kept with the reason until they succeed, are tried again or are discarded.

A failure is described by its class and by the place in the code, never by its message, because a message may quote a
client. The trace id leads to the line in the worker's log.
"""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    Select,
    UniqueConstraint,
    case,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp.kit.db import Base
from webapp.kit.errors import AppError
from webapp.kit.outbox import Outbox, OutboxEvent

CODE = Path(__file__).resolve().parents[1]
OURS = CODE.name

RETRYING, DEAD, DISCARDED = "retrying", "dead", "discarded"
STATES = (DEAD, RETRYING, DISCARDED)


class JobFailure(Base):
    """One subscriber has failed on one event: `retrying` by itself, `dead` after the last attempt, or `discarded`."""

    __tablename__ = "job_failures"
    __table_args__ = (
        UniqueConstraint("event_id", "subscriber"),
        CheckConstraint("state IN ('retrying','dead','discarded')", name="state_known"),
        Index(None, "state", "last_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    event_id: Mapped[uuid.UUID]
    event_type: Mapped[str]
    subscriber: Mapped[str]
    state: Mapped[str]
    failures: Mapped[int]
    error: Mapped[str]
    place: Mapped[str]
    trace_id: Mapped[str]
    first_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_at: Mapped[datetime] = mapped_column(server_default=func.now())
    job_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(server_default="", default="")


@dataclass(frozen=True)
class Trouble:
    """What went wrong, without a word that a person may have written."""

    error: str
    place: str
    trace_id: str

    @classmethod
    def of(cls, error: BaseException) -> Trouble:
        """Describe an error: its class (with PostgreSQL's code or the HTTP status) and the deepest place of ours."""
        return cls(_name(error), _place(error), uuid.uuid4().hex[:16])


def _name(error: BaseException) -> str:
    kind = type(error)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    code = getattr(getattr(error, "orig", None), "sqlstate", None)
    if code:
        return f"{name} (SQLSTATE {code})"
    return f"{name} (HTTP {error.status})" if isinstance(error, AppError) else name


def _place(error: BaseException) -> str:
    """The function and line of ours that the error passed last; of another's code when none of ours was passed."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(CODE)]
    if not (own or frames):
        return ""
    last = (own or frames)[-1]
    path = Path(last.filename)
    shown = Path(OURS) / path.relative_to(CODE) if own else Path(path.name)
    return f"{shown}:{last.lineno} {last.name}"


def failures_of(event_id: uuid.UUID, subscriber: str) -> Select[int]:
    """How often this delivery has failed so far; 0 for one that was given up, no row without a letter."""
    return select(case((JobFailure.state == RETRYING, JobFailure.failures), else_=0)).where(
        JobFailure.event_id == event_id, JobFailure.subscriber == subscriber
    )


def note(
    session: Session, event: OutboxEvent, subscriber: str, trouble: Trouble, *, attempts: int, job_id: int | None
) -> int:
    """Count a failure; the one that makes `attempts` is the last. Answers how many there were."""
    values: dict[str, Any] = {
        "error": trouble.error, "place": trouble.place, "trace_id": trouble.trace_id, "job_id": job_id,
    }  # fmt: skip
    state = text("CASE WHEN job_failures.failures + 1 >= :attempts THEN 'dead' ELSE 'retrying' END")
    first = insert(JobFailure).values(
        event_id=event.id, event_type=event.type, subscriber=subscriber, failures=1,
        state=DEAD if attempts <= 1 else RETRYING, **values,
    )  # fmt: skip
    statement = first.on_conflict_do_update(
        index_elements=["event_id", "subscriber"],
        set_={"failures": JobFailure.failures + 1, "state": state, "last_at": func.clock_timestamp(), **values},
    ).returning(JobFailure.failures)
    return int(session.execute(statement, {"attempts": attempts}).scalar_one())


def settle(session: Session, event_id: uuid.UUID, subscriber: str) -> None:
    """The delivery has succeeded: nothing is left to be told of it."""
    gone = delete(JobFailure).where(JobFailure.event_id == event_id, JobFailure.subscriber == subscriber)
    _forget_jobs(session, list(session.scalars(gone.returning(JobFailure.job_id))))


def revive(session: Session, outbox: Outbox, letters: Sequence[JobFailure]) -> int:
    """Put dead letters back into their queues, with all their attempts before them; answers how many."""
    taken = [letter for letter in letters if letter.subscriber in outbox.by_name]
    _close(session, taken, RETRYING, "")
    for letter in taken:
        outbox.defer(session, letter.event_id, outbox.by_name[letter.subscriber])
    return len(taken)


def discard(session: Session, letters: Sequence[JobFailure], reason: str) -> int:
    """Give dead letters up for good, saying why; they stay to be read. Answers how many."""
    _close(session, letters, DISCARDED, reason)
    return len(letters)


def _close(session: Session, letters: Sequence[JobFailure], state: str, reason: str) -> None:
    if not letters:
        return
    ids = [letter.id for letter in letters]
    values: dict[str, Any] = {"state": state, "reason": reason, "job_id": None}
    if state == RETRYING:
        values["failures"] = 0
    session.execute(
        update(JobFailure).where(JobFailure.id.in_(ids)).values(**values).execution_options(synchronize_session=False)
    )
    _forget_jobs(session, [letter.job_id for letter in letters])


def _forget_jobs(session: Session, job_ids: Sequence[int | None]) -> None:
    """Remove the failed jobs from the queue's table; a job that runs or waits is never touched."""
    known = [number for number in job_ids if number is not None]
    if known:
        forget = text("DELETE FROM procrastinate_jobs WHERE id = ANY(:ids) AND status IN ('failed', 'aborted')")
        session.execute(forget, {"ids": known})


def locked(session: Session, ids: Sequence[int] | None = None) -> list[JobFailure]:
    """Dead letters (these, or all that are dead), locked, so that two people cannot revive one twice."""
    statement = select(JobFailure).where(JobFailure.state == DEAD).order_by(JobFailure.id)
    if ids is not None:
        statement = statement.where(JobFailure.id.in_(ids))
    return list(session.scalars(statement.with_for_update(skip_locked=True)))


def count_dead(session: Session) -> int:
    """How many deliveries wait for a person's decision."""
    return session.scalar(select(func.count()).where(JobFailure.state == DEAD)) or 0
