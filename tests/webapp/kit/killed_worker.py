"""A worker to be killed: it forks a new one for each line that it reads, and says its process id.

The workers are the product's own (`Deliverer`, `worker_app`, `lines.work`); the effects of their jobs are counted.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
import urllib.request
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import text

from webapp.kit.db import make_engine, make_sessions
from webapp.kit.jobs import AnotherTurn, Deliverer, Work, effect_key, mark_delivered, sync_app, worker_app
from webapp.kit.lines import Line, Pulse, work
from webapp.kit.outbox import Outbox, OutboxEvent, Subscriber, emit

PULSE = Pulse(heartbeat_seconds=0.2, stalled_seconds=0.8)
LONGEST_STEP_SECONDS = 0.02
EFFECT = text("INSERT INTO kill_effects (event_id, kind) VALUES (:event, :kind)")
TURNS = text("SELECT count(*) FROM kill_effects WHERE event_id = :event AND kind = 'turn'")
PIECES = 2


@dataclass(frozen=True)
class Stored:
    """Something whose effect lies in the database, and which makes something else happen."""

    type: ClassVar[str] = "thing.stored"
    subject_type: ClassVar[str] = "thing"
    thing_id: int

    @property
    def subject_id(self) -> int:
        return self.thing_id


@dataclass(frozen=True)
class Followed(Stored):
    """What follows from it."""

    type: ClassVar[str] = "thing.followed"


@dataclass(frozen=True)
class Posted(Stored):
    """Something whose effect lies elsewhere, behind HTTP."""

    type: ClassVar[str] = "thing.posted"


@dataclass(frozen=True)
class Long(Stored):
    """Something that is done piece by piece, each piece once."""

    type: ClassVar[str] = "thing.long"


def _pause() -> None:
    time.sleep(random.random() * LONGEST_STEP_SECONDS)


def store(work: Work, event: OutboxEvent) -> None:
    _pause()
    with work.transaction() as session:
        if not mark_delivered(session, event.id, "thing.store"):
            return
        session.execute(EFFECT, {"event": event.id, "kind": "store"})
        emit(session, Followed(event.data["thing_id"]))
        _pause()
    _pause()


def follow(work: Work, event: OutboxEvent) -> None:
    with work.transaction() as session:
        if mark_delivered(session, event.id, "thing.follow"):
            session.execute(EFFECT, {"event": event.id, "kind": "follow"})
            _pause()


def post(work: Work, event: OutboxEvent) -> None:
    headers = {"Idempotency-Key": effect_key(event, "thing.post")}
    request = urllib.request.Request(sys.argv[2], data=str(event.id).encode(), headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()
    _pause()
    with work.transaction() as session:
        mark_delivered(session, event.id, "thing.post")


def in_turns(work: Work, event: OutboxEvent) -> None:
    """Two pieces of work, each kept with the lock of its event, then the whole."""
    with work.transaction() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:event))"), {"event": str(event.id)})
        done = session.scalar(TURNS, {"event": event.id}) or 0
        if done < PIECES:
            session.execute(EFFECT, {"event": event.id, "kind": "turn"})
            _pause()
        elif mark_delivered(session, event.id, "thing.turns"):
            session.execute(EFFECT, {"event": event.id, "kind": "long"})
            return
    raise AnotherTurn(-done - 1)


SUBSCRIBERS = (
    Subscriber("thing.store", "thing.stored", store),
    Subscriber("thing.follow", "thing.followed", follow),
    Subscriber("thing.post", "thing.posted", post),
    Subscriber("thing.turns", "thing.long", in_turns),
)


async def serve(url: str) -> None:
    sessions = make_sessions(make_engine(url, 6))
    outbox = Outbox(sync_app(url), SUBSCRIBERS)
    sessions.configure(info={"outbox": outbox})
    app = worker_app(url, Deliverer(outbox, Work(sessions)))
    async with app.open_async():
        await work(app, [Line(("default",), 4)], PULSE, asyncio.Event())


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _line in sys.stdin:
        number = os.fork()
        if not number:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the log of the worker is no process id
            asyncio.run(serve(sys.argv[1]))
            os._exit(0)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
