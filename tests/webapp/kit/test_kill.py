"""A worker is killed with SIGKILL at random moments, again and again: nothing is lost and nothing is doubled.

OSTROV_TEST_KILLS says how often (40 when not set); OSTROV_TEST_SEED repeats the moments of another run.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import Session, sessionmaker

from webapp.kit.db import make_engine, make_sessions
from webapp.kit.jobs import sync_app
from webapp.kit.outbox import Outbox, emit

from . import killed_worker as things

KILLS = int(os.environ.get("OSTROV_TEST_KILLS", "40"))
SEED = int(os.environ.get("OSTROV_TEST_SEED", "20261122"))
WORKERS = 2  # of which one is killed at a time: its jobs are taken over while the other works
LIVES_SECONDS = (0.02, 0.5)
ENOUGH_WAITING = 40
PATIENCE_SECONDS = 120
KINDS = (things.Stored, things.Posted, things.Long)
EXPECTED = {"store": 1, "follow": 1, "turn": things.PIECES, "long": 1}


@dataclass
class Receiver:
    """Another system behind HTTP, which takes a repeated key for the same request."""

    effects: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    lock: Lock = field(default_factory=Lock)

    def take(self, key: str, body: str) -> None:
        with self.lock:
            self.requests += 1
            self.effects.setdefault(key, body)


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, str]]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            made.take(self.headers["Idempotency-Key"], body)
            time.sleep(random.random() * things.LONGEST_STEP_SECONDS)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_words: Any) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                return  # whoever asked was killed

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield made, f"http://127.0.0.1:{server.server_port}/effects"
    server.shutdown()
    server.server_close()


@pytest.fixture
def effects(postgres: str, database_url: str) -> Iterator[None]:
    """A table that would hold doubled effects: it has no unique key."""
    owner = create_engine(postgres.format(role="ostrov_owner", database=make_url(database_url).database))
    with owner.begin() as connection:
        connection.execute(text("CREATE TABLE kill_effects (event_id uuid NOT NULL, kind text NOT NULL)"))
    yield
    with owner.begin() as connection:
        connection.execute(text("DROP TABLE kill_effects"))
    owner.dispose()


class Workers:
    """Starts workers from one process that has everything imported, and kills them."""

    def __init__(self, url: str, address: str) -> None:
        self.program = subprocess.Popen(
            [sys.executable, str(Path(things.__file__)), url, address],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.running: list[int] = []

    def start(self) -> None:
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        self.program.stdin.write("start\n")
        self.program.stdin.flush()
        self.running.append(int(self.program.stdout.readline()))

    def kill(self, number: int) -> None:
        self.running.remove(number)
        os.kill(number, signal.SIGKILL)

    def end(self) -> None:
        for number in list(self.running):
            self.kill(number)
        self.program.terminate()
        self.program.communicate(timeout=10)


class Load:
    """Keeps enough work in the queue, each thing in a transaction of its own; some of them are rolled back."""

    def __init__(self, sessions: sessionmaker[Session], chance: random.Random) -> None:
        self.sessions = sessions
        self.chance = chance
        self.emitted: Counter[str] = Counter()
        self.number = 0

    def waiting(self) -> int:
        with self.sessions() as session:
            return (
                session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")) or 0
            )

    def fill(self) -> None:
        for _ in range(max(0, ENOUGH_WAITING - self.waiting())):
            self.number += 1
            kind = self.chance.choice(KINDS)
            with self.sessions() as session, session.begin() as begun:
                emit(session, kind(self.number))
                if self.chance.random() < 0.05:
                    begun.rollback()
                    continue
            self.emitted[kind.type] += 1


def counted(sessions: sessionmaker[Session], emitted: Counter[str], received: Receiver) -> dict[str, int]:
    """How many effects are missing and how many there are too many, over all kinds."""
    with sessions() as session:
        rows = session.execute(text("SELECT kind, event_id, count(*) AS n FROM kill_effects GROUP BY 1, 2")).all()
        dead = session.scalar(text("SELECT count(*) FROM job_failures WHERE state = 'dead'")) or 0
    events = {"store": "thing.stored", "follow": "thing.stored", "turn": "thing.long", "long": "thing.long"}
    lost = sum(max(0, emitted[t] - sum(r.kind == kind for r in rows)) for kind, t in events.items())
    doubled = sum(max(0, row.n - EXPECTED[row.kind]) for row in rows)
    posted = Counter(received.effects.values())
    lost += emitted["thing.posted"] - len(posted)
    doubled += sum(n - 1 for n in posted.values())
    return {"lost": lost, "doubled": doubled, "dead": dead, "effects": sum(r.n for r in rows) + len(posted)}


@pytest.mark.timeout(1800)
def test_killing_workers_at_random_moments_loses_and_doubles_nothing(
    database_url: str, effects: None, receiver: tuple[Receiver, str], capsys: pytest.CaptureFixture[str]
) -> None:
    received, address = receiver
    chance = random.Random(SEED)
    engine = make_engine(database_url, 2)
    sessions = make_sessions(engine)
    sessions.configure(info={"outbox": Outbox(sync_app(database_url), things.SUBSCRIBERS)})
    load, workers, started = Load(sessions, chance), Workers(database_url, address), time.monotonic()
    repeated = 0
    try:
        for _ in range(KILLS):
            load.fill()
            while len(workers.running) < WORKERS:
                workers.start()
            time.sleep(chance.uniform(*LIVES_SECONDS))
            workers.kill(chance.choice(workers.running))
        with sessions() as session:
            repeated = session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE attempts > 0")) or 0
        workers.start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while load.waiting() and time.monotonic() < deadline:
            time.sleep(0.1)
        left = load.waiting()
    finally:
        workers.end()
    found = counted(sessions, load.emitted, received)
    engine.dispose()
    with capsys.disabled():
        sys.stdout.write(
            f"\n{KILLS} kills in {time.monotonic() - started:.0f} s (seed {SEED}): "
            f"{sum(load.emitted.values())} events, {found['effects']} effects, "
            f"{received.requests} requests for {len(received.effects)} effects over HTTP, "
            f"{repeated} jobs run more than once at the end, {found['lost']} lost, {found['doubled']} doubled\n"
        )
    assert (left, found["lost"], found["doubled"], found["dead"]) == (0, 0, 0, 0)
