"""An outbox on a real database with subscribers of a test, and an event to send through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from webapp.kit.db import make_engine, make_sessions, transaction
from webapp.kit.jobs import Deliverer, Work, sync_app
from webapp.kit.outbox import Outbox, Subscriber

TABLES = ("procrastinate_jobs", "deliveries", "job_failures", "outbox_positions", "outbox_events", "feed_readers")


@dataclass(frozen=True)
class BellRung:
    """Something that happens in tests."""

    type: ClassVar[str] = "bell.rung"
    subject_type: ClassVar[str] = "bell"
    bell_id: int

    @property
    def subject_id(self) -> int:
        return self.bell_id


class OutboxBench:
    """An outbox, its sessions, and what a worker does with an event."""

    def __init__(self, url: str, subscribers: Sequence[Subscriber]) -> None:
        self.url = url
        self.engine = make_engine(url)
        self.sessions: sessionmaker[Session] = make_sessions(self.engine)
        self.outbox = Outbox(sync_app(url), subscribers)
        self.sessions.configure(info={"outbox": self.outbox})
        self.deliver = Deliverer(self.outbox, Work(self.sessions))

    def run(self, statement: str, **given: object) -> None:
        with transaction(self.sessions) as session:
            session.execute(text(statement), given)

    def clear(self) -> None:
        for table in TABLES:
            self.run(f"DELETE FROM {table}")

    def close(self) -> None:
        self.clear()
        self.engine.dispose()
