"""Replay: subscribers get past events that they have not taken, or on demand those that they take again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, delete, select, text, tuple_
from sqlalchemy.orm import Session, sessionmaker

from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.db import transaction
from webapp.kit.letters import DEAD, DISCARDED, JobFailure
from webapp.kit.outbox import Delivery, Outbox, OutboxEvent, Subscriber

BATCH = 500
LOCK_KEY = 7_303_015  # advisory lock: one replay at a time
POLL_SECONDS = 0.2
IN_QUEUE = text(
    "SELECT args->>'event_id' FROM procrastinate_jobs"
    " WHERE task_name = 'deliver' AND status IN ('todo', 'doing') AND args->>'subscriber' = :subscriber"
)


class Busy(Exception):
    """Another replay runs."""


@dataclass(frozen=True)
class Window:
    """Which events: their types (none: all), from a moment on and before another."""

    since: datetime
    until: datetime
    types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a replay means for one subscriber, in events.

    `queued` will be run, `taken` were taken before, `in_queue` wait already, `dead` are dead letters: those are revived
    by `ostrov events retry`, where their reason can be read.
    """

    subscriber: Subscriber
    events: int = 0
    queued: int = 0
    taken: int = 0
    in_queue: int = 0
    dead: int = 0


Progress = Callable[[Plan], None]


def chosen(outbox: Outbox, types: Sequence[str], names: Sequence[str], *, again: bool) -> list[Subscriber]:
    """The subscribers that a replay is for; with `again` those alone that overwrite their own effect."""
    return [
        subscriber
        for subscriber in sorted(outbox.by_name.values(), key=lambda s: (s.event_type, s.name))
        if (not types or subscriber.event_type in types)
        and (not names or subscriber.name in names)
        and (subscriber.replay_safe or not again)
    ]


def plan(session: Session, subscriber: Subscriber, window: Window, *, again: bool = False) -> Plan:
    """What a replay would do for one subscriber, without doing it."""
    waiting = _in_queue(session, subscriber)
    counted = Plan(subscriber)
    for batch in _batches(session, subscriber, window):
        counted = _counted(counted, _sorted(session, subscriber, batch, waiting), again=again)
    return counted


def replay(
    sessions: sessionmaker[Session],
    outbox: Outbox,
    subscriber: Subscriber,
    window: Window,
    *,
    again: bool = False,
    progress: Progress = lambda _plan: None,
) -> Plan:
    """Put the jobs of past events into the queue, in the order of the events, one transaction a batch.

    With `again` the marks of events that were taken go in the same transaction, so that the handler runs once more and
    overwrites its own effect. Raises Busy while another replay runs.
    """
    with sessions() as reader:
        connection = reader.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY}):
            raise Busy
        try:
            waiting = _in_queue(reader, subscriber)
            counted = Plan(subscriber)
            for batch in _batches(reader, subscriber, window):
                with transaction(sessions) as session:
                    begin(session, SYSTEM)
                    found = _sorted(session, subscriber, batch, waiting)
                    _requeue(session, outbox, subscriber, found, again=again)
                counted = _counted(counted, found, again=again)
                progress(counted)
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})
    return counted


def wait(sessions: sessionmaker[Session], subscribers: Sequence[Subscriber], left: Callable[[int], None]) -> None:
    """Wait until the workers have run what waits for these subscribers; tells how much is left."""
    while True:
        with sessions() as session:
            number = sum(len(_in_queue(session, subscriber)) for subscriber in subscribers)
        left(number)
        if not number:
            return
        time.sleep(POLL_SECONDS)


@dataclass(frozen=True)
class _Sorted:
    """The events of a batch by what is to be done with them."""

    fresh: list[uuid.UUID]
    taken: list[uuid.UUID]
    in_queue: list[uuid.UUID]
    dead: list[uuid.UUID]


def _batches(session: Session, subscriber: Subscriber, window: Window) -> Iterator[list[uuid.UUID]]:
    """The ids of the events of a window, oldest first."""
    after: tuple[datetime, uuid.UUID] | None = None
    while True:
        rows = session.execute(_events(subscriber, window, after)).all()
        if rows:
            yield [row.id for row in rows]
        if len(rows) < BATCH:
            return
        after = (rows[-1].time, rows[-1].id)


def _events(
    subscriber: Subscriber, window: Window, after: tuple[datetime, uuid.UUID] | None
) -> Select[uuid.UUID, datetime]:
    statement = select(OutboxEvent.id, OutboxEvent.time).where(
        OutboxEvent.type == subscriber.event_type, OutboxEvent.time >= window.since, OutboxEvent.time < window.until
    )
    if after is not None:
        statement = statement.where(tuple_(OutboxEvent.time, OutboxEvent.id) > after)
    return statement.order_by(OutboxEvent.time, OutboxEvent.id).limit(BATCH)


def _in_queue(session: Session, subscriber: Subscriber) -> set[str]:
    return set(session.scalars(IN_QUEUE, {"subscriber": subscriber.name}))


def _sorted(session: Session, subscriber: Subscriber, batch: Sequence[uuid.UUID], waiting: set[str]) -> _Sorted:
    taken = set(
        session.scalars(
            select(Delivery.event_id).where(Delivery.subscriber == subscriber.name, Delivery.event_id.in_(batch))
        )
    )
    dead = set(
        session.scalars(
            select(JobFailure.event_id).where(
                JobFailure.subscriber == subscriber.name,
                JobFailure.event_id.in_(batch),
                JobFailure.state.in_((DEAD, DISCARDED)),
            )
        )
    )
    found = _Sorted([], [], [], [])
    for number in batch:
        if str(number) in waiting:
            found.in_queue.append(number)
        elif number in dead:
            found.dead.append(number)
        elif number in taken:
            found.taken.append(number)
        else:
            found.fresh.append(number)
    return found


def _requeue(session: Session, outbox: Outbox, subscriber: Subscriber, found: _Sorted, *, again: bool) -> None:
    jobs = list(found.fresh)
    if again and found.taken:
        marks = delete(Delivery).where(Delivery.subscriber == subscriber.name, Delivery.event_id.in_(found.taken))
        session.execute(marks)
        jobs += found.taken
    if jobs:
        outbox.defer_all(session, jobs, subscriber)


def _counted(so_far: Plan, found: _Sorted, *, again: bool) -> Plan:
    return replace(
        so_far,
        events=so_far.events + sum(map(len, (found.fresh, found.taken, found.in_queue, found.dead))),
        queued=so_far.queued + len(found.fresh) + (len(found.taken) if again else 0),
        taken=so_far.taken + len(found.taken),
        in_queue=so_far.in_queue + len(found.in_queue),
        dead=so_far.dead + len(found.dead),
    )
