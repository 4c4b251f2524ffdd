"""Background jobs on procrastinate: at least once, retried with back-off, recovered after a crash."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from procrastinate import App, JobContext, PsycopgConnector, SyncPsycopgConnector
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.db import transaction
from webapp.kit.errors import Unavailable
from webapp.kit.outbox import JOB_NAME, Delivery, Outbox, OutboxEvent

log = structlog.get_logger()

MAX_ATTEMPTS = 8
LONGEST_WAIT_SECONDS = 300


class WaitForPart(Unavailable):
    """A part that the job needs (a model) is down: try again later, as long as it takes."""


class Backoff(BaseRetryStrategy):
    """Doubling waits from one second; a job that waits for a part never gives up, others after eight attempts."""

    def get_retry_decision(self, *, exception: BaseException, job: Any) -> RetryDecision | None:
        """When to try again, or None to give the job up (it stays as failed, to be read and retried)."""
        waiting = isinstance(exception, WaitForPart)
        if not waiting and job.attempts + 1 >= MAX_ATTEMPTS:
            return None
        longest = 15 if waiting else LONGEST_WAIT_SECONDS
        return RetryDecision(retry_in={"seconds": min(2 ** min(job.attempts, 10), longest)})


@dataclass(frozen=True)
class Work:
    """What a job handler works with: sessions of its own and the parts chosen at the composition root."""

    sessions: sessionmaker[Session]
    parts: dict[str, Any] = field(default_factory=dict)
    attempt: int = 0

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction in the name of the system: committed when the block ends well."""
        with transaction(self.sessions) as session:
            begin(session, SYSTEM)
            yield session


def libpq_url(url: str) -> str:
    """An SQLAlchemy URL as libpq reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def sync_app(url: str) -> App:
    """The application that web processes use to add jobs (always on the caller's connection)."""
    return App(connector=SyncPsycopgConnector(conninfo=libpq_url(url), min_size=0, max_size=1, open=False))


def worker_app(url: str, handle: Callable[[str, str, int], None]) -> App:
    """The application that the worker runs; `handle(event_id, subscriber, attempt)` does one delivery."""
    app = App(connector=PsycopgConnector(conninfo=libpq_url(url), min_size=1, max_size=4))

    @app.task(name=JOB_NAME, retry=Backoff(), pass_context=True)
    def deliver(context: JobContext, event_id: str, subscriber: str) -> None:
        handle(event_id, subscriber, context.job.attempts)

    return app


class Deliverer:
    """Runs one subscriber for one event, once in effect however often the job is run."""

    def __init__(self, outbox: Outbox, work: Work) -> None:
        """`outbox` knows the subscribers, `work` is what they work with."""
        self.outbox = outbox
        self.work = work

    def __call__(self, event_id: str, subscriber: str, attempt: int) -> None:
        """Deliver, unless it was delivered before."""
        handler = self.outbox.by_name[subscriber]
        with self.work.sessions() as session:
            event = session.get(OutboxEvent, uuid.UUID(event_id))
            done = event is None or delivered(session, event.id, subscriber)
            session.expunge_all()
        if done or event is None:
            log.info("job.skipped", event_id=event_id, subscriber=subscriber)
            return
        handler.handle(Work(self.work.sessions, self.work.parts, attempt), event)
        log.info("job.done", event_id=event_id, subscriber=subscriber, attempt=attempt)


def delivered(session: Session, event_id: uuid.UUID, subscriber: str) -> bool:
    """Whether this subscriber has taken this event already."""
    return session.query(Delivery.id).filter_by(event_id=event_id, subscriber=subscriber).first() is not None


def mark_delivered(session: Session, event_id: uuid.UUID, subscriber: str) -> bool:
    """Take the event in this transaction; False when another run of the job has taken it already.

    Call it in the transaction of the effect and stop when it says False.
    """
    try:
        with session.begin_nested():
            session.add(Delivery(event_id=event_id, subscriber=subscriber))
    except IntegrityError:
        return False
    return True
