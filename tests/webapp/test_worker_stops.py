"""A worker that is told to stop ends soon, and what it could not finish is done by the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from sqlalchemy import text

from webapp.kit.db import make_engine, make_sessions
from webapp.kit.jobs import sync_app
from webapp.kit.outbox import Outbox, emit

from .kit import killed_worker as things

PATIENCE_SECONDS = 60
SLOW_WORKER = """
import sys, time, webapp.features as features
from appliance.settings import WebSettings, read
from dataclasses import replace
from webapp import wiring, worker
from webapp.kit.outbox import Subscriber

def slow(work, event):
    print("under way", flush=True)
    time.sleep(600)

first, *others = features.FEATURES
subscribers = (*first.subscribers, Subscriber("thing.slow", "thing.stored", slow))
wiring.FEATURES = (replace(first, subscribers=subscribers), *others)
worker.run(read(WebSettings))
"""


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_job_that_cannot_be_finished_goes_back_and_the_worker_leaves_in_time(settings, tmp_path):
    environment = {
        **os.environ, "OSTROV_HOME": str(tmp_path), "OSTROV_DATABASE_URL": settings.database_url,
        "OSTROV_GATEWAY_URL": settings.gateway_url, "OSTROV_WORKER_STOP_SECONDS": "1",
    }  # fmt: skip
    engine = make_engine(settings.database_url, 2)
    sessions = make_sessions(engine)
    outbox = Outbox(sync_app(settings.database_url), [things.Subscriber("thing.slow", "thing.stored", things.store)])
    sessions.configure(info={"outbox": outbox})
    with sessions() as session, session.begin():
        emit(session, things.Stored(1))

    def status() -> str | None:
        with engine.connect() as connection:
            return connection.scalar(text("SELECT status FROM procrastinate_jobs"))

    program = subprocess.Popen([sys.executable, "-c", SLOW_WORKER], env=environment)
    try:
        until(lambda: status() == "doing")
        time.sleep(0.5)
        program.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        assert program.wait(PATIENCE_SECONDS) == 0
        assert time.monotonic() - asked < 10
        assert status() == "todo"
    finally:
        if program.poll() is None:
            program.kill()
        program.wait(10)
        engine.dispose()
