"""Background jobs on procrastinate: run at least once, once in effect, retried with back-off (docs/events.md)."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from procrastinate import App, JobContext, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from psycopg.conninfo import make_conninfo
from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session, sessionmaker

from webapp.kit import letters
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.db import transaction
from webapp.kit.errors import Unavailable
from webapp.kit.letters import Trouble
from webapp.kit.outbox import JOB_NAME, Delivery, Outbox, OutboxEvent

log = structlog.get_logger()

MARKED = "deliveries_marked"
MAX_ATTEMPTS = 8
LONGEST_WAIT_SECONDS = 300
LONGEST_WAIT_FOR_PART_SECONDS = 15
LISTEN_AGAIN_SECONDS = 1.0


class WaitForPart(Unavailable):
    """A part that the job needs (a model) is down: try again later, as long as it takes."""


class AnotherTurn(Exception):
    """The job has done and kept a piece of its work; it goes on after jobs of a higher priority had their turn."""

    def __init__(self, priority: int) -> None:
        """`priority` of what is left: 0 is that of a new job, less is later."""
        super().__init__(f"another turn at priority {priority}")
        self.priority = priority


class JobFailed(Exception):
    """An attempt failed and is on record; `failures` counts them, `last` says that there will be no other attempt.

    It stands for the real error, whose message may quote a client and must not reach the queue's log.
    """

    def __init__(self, trouble: Trouble, failures: int, *, last: bool) -> None:
        """`trouble` describes the real error."""
        super().__init__(f"{trouble.error} at {trouble.place}, trace {trouble.trace_id}")
        self.trouble = trouble
        self.failures = failures
        self.last = last


class Backoff(BaseRetryStrategy):
    """When a job is run again: doubling waits from one second. Only a failure on record ends the attempts."""

    def get_retry_decision(self, *, exception: BaseException, job: Any) -> RetryDecision | None:
        """The next attempt, or None to give the job up (a dead letter tells of it)."""
        if isinstance(exception, AnotherTurn):
            return RetryDecision(retry_in={"seconds": 0}, priority=exception.priority)
        if isinstance(exception, WaitForPart):
            return RetryDecision(retry_in={"seconds": min(2 ** min(job.attempts, 10), LONGEST_WAIT_FOR_PART_SECONDS)})
        if isinstance(exception, JobFailed):
            if exception.last:
                return None
            return RetryDecision(retry_in={"seconds": min(2 ** (exception.failures - 1), LONGEST_WAIT_SECONDS)})
        # The worker is told to stop, or the failure could not be written down: the work is still to be done.
        return RetryDecision(retry_in={"seconds": min(2 ** min(job.attempts, 10), LONGEST_WAIT_SECONDS)})


@dataclass(frozen=True)
class Work:
    """What a job handler works with: sessions of its own and the parts chosen at the composition root.

    `failures` counts the attempts of this delivery that have failed; waits and turns do not count.
    """

    sessions: sessionmaker[Session]
    parts: dict[str, Any] = field(default_factory=dict)
    failures: int = 0
    taken: set[tuple[uuid.UUID, str]] = field(default_factory=set)
    """The deliveries whose mark was committed in a transaction of this work."""

    @property
    def last_attempt(self) -> bool:
        """Whether a failure now would be the last."""
        return self.failures + 1 >= MAX_ATTEMPTS

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction in the name of the system: committed when the block ends well."""
        with transaction(self.sessions) as session:
            begin(session, SYSTEM)
            yield session
        self.taken.update(session.info.get(MARKED, ()))


def libpq_url(url: str) -> str:
    """An SQLAlchemy URL as libpq reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def sync_app(url: str) -> App:
    """The application that web processes use to add jobs (always on the caller's connection)."""
    return App(connector=SyncPsycopgConnector(conninfo=libpq_url(url), min_size=0, max_size=1, open=False))


class Listening(PsycopgConnector):
    """Goes on listening for new jobs when the database was away: procrastinate gives up when its first try fails."""

    async def listen_notify(self, on_notification: Any, channels: Iterable[str]) -> None:
        """Listen until it is cancelled."""
        wanted = tuple(channels)
        while True:
            try:
                await super().listen_notify(on_notification, wanted)
            except ConnectorException:
                await asyncio.sleep(LISTEN_AGAIN_SECONDS)


def worker_app(url: str, handle: Callable[[str, str, int | None], None]) -> App:
    """The application that the worker runs; `handle(event_id, subscriber, job_id)` does one delivery.

    What it writes into the queue (taken, done) need not be on disk at once: a crash of the database that forgets it
    leaves a job that is run again and finds its mark.
    """
    soon = make_conninfo(libpq_url(url), options="-c synchronous_commit=off")
    app = App(connector=Listening(conninfo=soon, min_size=1, max_size=4))

    @app.task(name=JOB_NAME, retry=Backoff(), pass_context=True)
    def deliver(context: JobContext, event_id: str, subscriber: str) -> None:
        handle(event_id, subscriber, context.job.id)

    return app


class Deliverer:
    """Runs one subscriber for one event, once in effect however often the job is run."""

    def __init__(self, outbox: Outbox, work: Work) -> None:
        """`outbox` knows the subscribers, `work` is what they work with."""
        self.outbox = outbox
        self.work = work

    def __call__(self, event_id: str, subscriber: str, job_id: int | None = None) -> None:
        """Deliver, unless it was delivered before. Raises JobFailed for a failure, which is then on record."""
        with self.work.sessions() as session:
            row = session.execute(_looked_up(uuid.UUID(event_id), subscriber)).first()
            session.expunge_all()
        if row is None:
            log.error("job.without_event", event_id=event_id, subscriber=subscriber)
            return
        event, done, failures = row[0], row.done, row.failures or 0
        marked = done or self._handle(event, subscriber, failures, job_id)
        if not marked or row.failures is not None:
            self._settle(event, subscriber, has_letter=row.failures is not None)
        log.info("job.done", event_id=event_id, subscriber=subscriber, failures=failures, before=done)

    def _handle(self, event: OutboxEvent, subscriber: str, failures: int, job_id: int | None) -> bool:
        """Run the handler; answers whether the event's mark was committed with its effect."""
        work = Work(self.work.sessions, self.work.parts, failures)
        try:
            self.outbox.by_name[subscriber].handle(work, event)
        except (WaitForPart, AnotherTurn):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a subscriber raises is counted, told and tried again
            raise self._failed(event, subscriber, Trouble.of(error), job_id) from None
        return (event.id, subscriber) in work.taken

    def _failed(self, event: OutboxEvent, subscriber: str, trouble: Trouble, job_id: int | None) -> JobFailed:
        with self.work.transaction() as session:
            count = letters.note(session, event, subscriber, trouble, attempts=MAX_ATTEMPTS, job_id=job_id)
        last = count >= MAX_ATTEMPTS
        log.error(
            "job.failed", last=last, event_id=str(event.id), event_type=event.type, subscriber=subscriber,
            error=trouble.error, place=trouble.place, trace_id=trouble.trace_id, failures=count,
        )  # fmt: skip
        return JobFailed(trouble, count, last=last)

    def _settle(self, event: OutboxEvent, subscriber: str, *, has_letter: bool) -> None:
        """Note that the event was taken, also by a subscriber whose effect needs no mark of its own."""
        with self.work.sessions() as session, session.begin():
            session.execute(_mark(event.id, subscriber))
            if has_letter:
                letters.settle(session, event.id, subscriber)


def _looked_up(event_id: uuid.UUID, subscriber: str) -> Select[Any]:
    """The event, whether the subscriber has taken it, and its failures so far (None without a letter), at once."""
    taken = select(Delivery.id).where(Delivery.event_id == event_id, Delivery.subscriber == subscriber)
    failures = letters.failures_of(event_id, subscriber).scalar_subquery()
    statement = select(OutboxEvent, taken.exists().label("done"), failures.label("failures"))
    return statement.where(OutboxEvent.id == event_id)


def mark_delivered(session: Session, event_id: uuid.UUID, subscriber: str) -> bool:
    """Take the event in this transaction; False when another run of the job has taken it already.

    Call it in the transaction of the effect and stop when it says False.
    """
    session.flush()
    if session.scalar(_mark(event_id, subscriber).returning(Delivery.id)) is None:
        return False
    session.info.setdefault(MARKED, set()).add((event_id, subscriber))
    return True


def _mark(event_id: uuid.UUID, subscriber: str) -> Insert:
    """The mark of a delivery; of two at once the second waits for the first and then writes nothing."""
    values = insert(Delivery).values(event_id=event_id, subscriber=subscriber)
    return values.on_conflict_do_nothing(index_elements=["event_id", "subscriber"])


def effect_key(event: OutboxEvent, subscriber: str, part: str = "") -> str:
    """The idempotency key of an effect outside of this database: the same at every run of the same delivery.

    Send it along (header `Idempotency-Key`), so that the receiver takes a repeated request for the same one.
    """
    return str(uuid.uuid5(event.id, f"{subscriber}/{part}"))
