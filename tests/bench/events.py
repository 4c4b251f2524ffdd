"""Replay and delivery: how many past events a second are read and queued, and how many jobs a second are done."""

from __future__ import annotations

import asyncio
import logging
import os
import time
import uuid
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import insert, text
from sqlalchemy.orm import Session, sessionmaker

from tests.bench.report import Figure, Report
from tests.driving import database, ostrov
from webapp.kit import replay
from webapp.kit.clock import now
from webapp.kit.db import make_engine, make_sessions
from webapp.kit.jobs import Deliverer, Work, mark_delivered, sync_app, worker_app
from webapp.kit.lines import Line, Pulse, work
from webapp.kit.outbox import Outbox, OutboxEvent, Subscriber

EVENTS = 12_000
DELIVERED = 3_000
AT_ONCE = 4
LOOK_EVERY_SECONDS = 0.1
GOAL_READ, GOAL_QUEUED, GOAL_DONE = 5_000, 1_000, 100
TYPE, NAME = "bench.happened", "bench.take"
EFFECT = text("INSERT INTO bench_effects (event_id) VALUES (:event)")


def take(work: Work, event: OutboxEvent) -> None:
    """An effect in the database, as most subscribers have it."""
    with work.transaction() as session:
        if mark_delivered(session, event.id, NAME):
            session.execute(EFFECT, {"event": event.id})


def _past(sessions: sessionmaker[Session]) -> replay.Window:
    """Events that happened, one a second."""
    start = now() - timedelta(seconds=EVENTS)
    rows = [
        {
            "id": uuid.uuid4(), "type": TYPE, "source": "/ostrov/crm", "subject": f"bench/{n}",
            "time": start + timedelta(seconds=n), "actor_id": None, "data": {"bench_id": n},
        }
        for n in range(EVENTS)
    ]  # fmt: skip
    with sessions() as session, session.begin():
        session.execute(insert(OutboxEvent), rows)
    return replay.Window(start, now())


async def _drain(url: str, outbox: Outbox, sessions: sessionmaker[Session], jobs: int) -> float:
    """Seconds in which a worker does so many of the jobs that wait."""

    def left() -> int:
        with sessions() as session:
            return session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")) or 0

    stop = asyncio.Event()
    enough = left() - jobs
    async with worker_app(url, Deliverer(outbox, Work(sessions))).open_async() as app:
        started = time.perf_counter()
        running = asyncio.create_task(work(app, [Line(("default",), AT_ONCE)], Pulse(4.0, 20.0), stop))
        while await asyncio.to_thread(left) > enough:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_EVERY_SECONDS)
        seconds = time.perf_counter() - started
        done = left()
        stop.set()
        await running
    return seconds * jobs / (enough + jobs - done)


def _speed(name: str, events: int, seconds: float, goal: int) -> Figure:
    speed = events / seconds
    return Figure(name, speed, "/s", goal=f">= {goal:,}", met=speed >= goal)


def run(folder: Path, report: Report) -> None:
    """A dry run, a replay and the work that it makes, on a fresh database."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # the table, not a log
    with database(folder / "events") as template:
        owner = template.format(role="ostrov_owner")
        ostrov("migrate", environ={**os.environ, "OSTROV_DATABASE_URL": owner})
        owning = make_engine(owner, 1)
        with owning.begin() as connection:
            connection.execute(text("CREATE TABLE bench_effects (event_id uuid NOT NULL)"))
        owning.dispose()
        url = template.format(role="ostrov_web")
        engine = make_engine(url, 8)
        _measure(url, make_sessions(engine), report)
        engine.dispose()


def _measure(url: str, sessions: sessionmaker[Session], report: Report) -> None:
    subscriber = Subscriber(NAME, TYPE, take)
    outbox = Outbox(sync_app(url), [subscriber])
    sessions.configure(info={"outbox": outbox})
    window = _past(sessions)
    started = time.perf_counter()
    with sessions() as session:
        planned = replay.plan(session, subscriber, window)
    read = time.perf_counter()
    queued = replay.replay(sessions, outbox, subscriber, window).queued
    ended = time.perf_counter()
    report.add(_speed("replay, dry run: past events read", planned.events, read - started, GOAL_READ))
    report.add(_speed("replay: past events put into the queue", queued, ended - read, GOAL_QUEUED))
    seconds = asyncio.run(_drain(url, outbox, sessions, DELIVERED))
    report.add(_speed(f"replay: events delivered, {AT_ONCE} at once", DELIVERED, seconds, GOAL_DONE))
    with sessions() as session:
        counts = "SELECT count(*) AS effects, count(DISTINCT event_id) AS events FROM bench_effects"
        row = session.execute(text(counts)).one()
    doubled = row.effects - row.events
    report.add(Figure("replay: effects that were doubled", doubled, "", goal="0", met=doubled == 0))
