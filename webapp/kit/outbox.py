"""Events leave with the data: the event row and one job a subscriber commit in the caller's transaction.

A subscriber runs at least once and takes effect exactly once: `deliver` writes (event, subscriber) in the same
transaction as the effect, so that a job that is run again finds its work done.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from procrastinate import App
from procrastinate.types import JSONValue
from sqlalchemy import Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp.kit.access import SYSTEM, Actor
from webapp.kit.clock import now
from webapp.kit.db import Base


class Message(Protocol):
    """A frozen dataclass that says what has happened; `type` is its CloudEvents type, `subject_type` its entity."""

    type: ClassVar[str]
    subject_type: ClassVar[str]

    @property
    def subject_id(self) -> int:
        """The record that the event is about."""


class OutboxEvent(Base):
    """One CloudEvent 1.0, kept for subscribers, replay and other systems."""

    __tablename__ = "outbox_events"
    __table_args__ = (Index(None, "type", "time"), Index(None, "subject"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    type: Mapped[str]
    source: Mapped[str] = mapped_column(default="/ostrov/crm")
    subject: Mapped[str]
    time: Mapped[datetime]
    actor_id: Mapped[int | None]
    data: Mapped[dict[str, Any]]


class Delivery(Base):
    """A subscriber has taken an event: the row commits with the effect, and its key forbids a second effect."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("event_id", "subscriber"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[uuid.UUID]
    subscriber: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


@dataclass(frozen=True)
class Subscriber:
    """A handler of one event type.

    `handle(context, event)` gets a `JobContext`; it opens its own transactions, so that a long model call holds none.
    `queue` separates slow work ("speech", "ai") from quick work ("default"). `replay_safe` says that the handler
    overwrites its own effect when it is run again, so that a replay may ask for that.
    """

    name: str
    event_type: str
    handle: Callable[[Any, OutboxEvent], None]
    queue: str = "default"
    replay_safe: bool = False


JOB_NAME = "deliver"


class Outbox:
    """Writes events and their jobs into the caller's transaction."""

    def __init__(self, jobs: App, subscribers: Sequence[Subscriber]) -> None:
        """`jobs` is the procrastinate application, `subscribers` the handlers of all features."""
        self.jobs = jobs
        self.by_type: dict[str, list[Subscriber]] = {}
        self.by_name: dict[str, Subscriber] = {}
        for subscriber in subscribers:
            if subscriber.name in self.by_name:
                raise ValueError(f"two subscribers are named {subscriber.name}")
            self.by_type.setdefault(subscriber.event_type, []).append(subscriber)
            self.by_name[subscriber.name] = subscriber

    def write(self, session: Session, message: Message, priority: int = 0) -> OutboxEvent:
        """Add the event and one job for each of its subscribers to the session's transaction.

        Jobs of a lower `priority` wait for those of a higher one in the same queue, though not for ever.
        """
        actor: Actor = session.info.get("actor", SYSTEM)
        event = OutboxEvent(
            id=uuid.uuid4(),
            type=message.type,
            subject=f"{message.subject_type}/{message.subject_id}",
            time=now(),
            actor_id=actor.id,
            data=_payload(message),
        )
        session.add(event)
        for subscriber in self.by_type.get(message.type, []):
            self.defer_all(session, [event.id], subscriber, priority)
        return event

    def defer(self, session: Session, event_id: uuid.UUID, subscriber: Subscriber) -> None:
        """Add the job of one subscriber for one event to the session's transaction."""
        self.defer_all(session, [event_id], subscriber)

    def defer_all(
        self, session: Session, event_ids: Sequence[uuid.UUID], subscriber: Subscriber, priority: int = 0
    ) -> None:
        """Add the jobs of one subscriber for many events to the session's transaction, at once."""
        raw = session.connection().connection.driver_connection
        task = self.jobs.configure_task(
            name=JOB_NAME, queue=subscriber.queue, priority=priority, connection=raw, allow_unknown=True
        )
        jobs: list[dict[str, JSONValue]] = [
            {"event_id": str(event_id), "subscriber": subscriber.name} for event_id in event_ids
        ]
        task.batch_defer(*jobs)


def _payload(message: Any) -> Mapping[str, Any]:
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in dataclasses.asdict(message).items()}


def emit(session: Session, message: Message, priority: int = 0) -> OutboxEvent:
    """Say, in this transaction, that something has happened. The session carries the outbox of its program.

    `priority` orders the jobs that follow from it within their queue: 0 is usual, less is later.
    """
    outbox: Outbox = session.info["outbox"]
    return outbox.write(session, message, priority)
