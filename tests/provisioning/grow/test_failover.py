"""A database server dies by kill -9: nothing that was acknowledged is lost, and the programs go on by themselves."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from procrastinate import App, SyncPsycopgConnector, exceptions
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.provisioning.grow.clusters import Cluster, address, replicated, streams, until
from webapp.kit.db import make_engine
from webapp.kit.jobs import libpq_url, worker_app
from webapp.kit.lines import Line, Pulse, work
from webapp.kit.outbox import JOB_NAME
from webapp.migrations.run import migrate

Pair = tuple[Cluster, Cluster]


def _roomy_memory() -> str | None:
    """The file system in memory if it has room for two servers: making and removing them is slow on a disk."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 2**30 else None


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A first server and its synchronous replica, with a table that ostrov_web may write."""
    with tempfile.TemporaryDirectory(prefix="ostrov-grow-", dir=_roomy_memory()) as folder:
        first, second = replicated(Path(folder))
        with psycopg.connect(first.server.dsn(database="ostrov"), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (id bigint PRIMARY KEY)")
            connection.execute("GRANT SELECT, INSERT ON kept TO ostrov_web")
        try:
            yield first, second
        finally:
            for cluster in (first, second):
                if cluster.process is not None:
                    cluster.kill()


class Writer(threading.Thread):
    """Writes one number after another through a pool of the web application, and notes what was acknowledged."""

    def __init__(self, url: str) -> None:
        """`url` names both servers."""
        super().__init__(daemon=True)
        self.engine = make_engine(url, pool_size=2)
        self.acknowledged: list[int] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        """Write until told to stop; what fails is not acknowledged and is not tried again."""
        number = 0
        while not self.stopping.is_set():
            number += 1
            try:
                with self.engine.begin() as connection:
                    connection.execute(text("INSERT INTO kept VALUES (:id)"), {"id": number})
                self.acknowledged.append(number)
            except DBAPIError:
                time.sleep(0.05)

    def stop(self) -> None:
        """End it and close its connections."""
        self.stopping.set()
        self.join(30)
        self.engine.dispose()


LISTENERS = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"


class Worker(threading.Thread):
    """The lines of work, begun anew when they break off, as the service manager does with the program."""

    def __init__(self, url: str) -> None:
        """`url` names both servers."""
        super().__init__(daemon=True)
        self.url = url
        self.done: list[str] = []
        self.starts = 0
        self.told = False
        self.stop = asyncio.Event()
        self.loop = asyncio.new_event_loop()

    def run(self) -> None:
        """Work until told to stop."""
        self.loop.run_until_complete(self._keep_working())

    async def _keep_working(self) -> None:
        while not self.told:
            self.starts += 1
            self.stop = asyncio.Event()  # lines that break off set theirs
            with suppress(exceptions.ConnectorException, psycopg.Error):
                app = worker_app(self.url, lambda event_id, _subscriber, _job: self.done.append(event_id))
                async with app.open_async():
                    await work(app, (Line(("default",), 2),), Pulse(0.5, 80.0), self.stop)
            await asyncio.sleep(0.2)

    def finish(self) -> None:
        """Tell it to stop and wait for it."""
        self.loop.call_soon_threadsafe(self._tell)
        self.join(30)

    def _tell(self) -> None:
        self.told = True
        self.stop.set()


def _defer(url: str, *names: str) -> None:
    with App(connector=SyncPsycopgConnector(conninfo=libpq_url(url), min_size=0, max_size=1)).open() as app:
        for name in names:
            app.configure_task(JOB_NAME, queue="default").defer(event_id=name, subscriber="test")


def _kept(cluster: Cluster) -> set[int]:
    with psycopg.connect(cluster.server.dsn(database="ostrov")) as connection:
        return {row[0] for row in connection.execute("SELECT id FROM kept")}


@contextmanager
def _writing(url: str) -> Iterator[Writer]:
    writer = Writer(url)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()


def test_every_acknowledged_write_outlives_the_first_server_and_writing_goes_on_by_itself(pair: Pair) -> None:
    first, second = pair
    with _writing(address(first, second)) as writer:
        until(lambda: len(writer.acknowledged) > 100, "a hundred writes")
        first.kill()
        before = len(writer.acknowledged)
        assert second.ask("SELECT pg_promote(true, 30)")
        until(lambda: len(writer.acknowledged) > before + 20, "writes after the promotion")
    # Whether one write was refused meanwhile is chance: a promotion may be over before the next one begins.
    assert set(writer.acknowledged) <= _kept(second)


def test_jobs_from_before_and_after_the_loss_are_all_done_by_a_worker_that_goes_on(pair: Pair) -> None:
    first, second = pair
    migrate(address(first, second, role="ostrov_owner"))
    url = address(first, second)
    _defer(url, "before-1", "before-2")
    worker = Worker(url)
    worker.start()
    try:
        until(lambda: {"before-1", "before-2"} <= set(worker.done), "the jobs from before")
        first.kill()
        second.ask("SELECT pg_promote(true, 30)")
        _defer(url, "after-1")
        until(lambda: "after-1" in worker.done, "a job from after", seconds=40)
        until(lambda: second.ask(LISTENERS) == 1, "the worker to listen for new jobs again")
        _defer(url, "after-2")
        until(lambda: "after-2" in worker.done, "a job that the worker is told of")
    finally:
        worker.finish()


def test_a_first_server_that_comes_back_acknowledges_nothing_and_rejoins_as_the_replica(pair: Pair) -> None:
    first, second = pair
    first.kill()
    second.ask("SELECT pg_promote(true, 30)")
    first.start()  # the power is back, and nobody has told it

    # Closed without the commit of a `with` block: the server behind it is dead by then.
    with closing(psycopg.connect(first.server.dsn(database="ostrov"))) as connection:
        connection.execute("SET statement_timeout = '300ms'")
        connection.execute("INSERT INTO kept VALUES (1)")
        acknowledged = threading.Event()

        def commit() -> None:
            with suppress(psycopg.Error):
                connection.commit()
                acknowledged.set()

        committing = threading.Thread(target=commit, daemon=True)
        committing.start()
        assert not acknowledged.wait(2), "the old server took a write that its replica does not have"
        first.kill()
        committing.join(30)

    with psycopg.connect(libpq_url(address(second, first))) as connection:
        connection.execute("INSERT INTO kept VALUES (2)")
    second.ask("CHECKPOINT")
    done = first.rewind(second)
    assert done.returncode == 0, done.stderr
    first.start()
    until(streams(second, first, "async"), "the old server to follow the new one")
    until(lambda: _kept(first) == {2}, "the old server to have what the new one has")


def test_without_its_replica_the_first_server_takes_no_write_until_it_is_told_to_stand_alone(pair: Pair) -> None:
    first, second = pair
    second.kill()
    with _writing(address(first)) as writer:
        time.sleep(1)
        assert writer.acknowledged == []
        first.configure(synchronous_standby_names="")
        first.ask("SELECT pg_reload_conf()")
        until(lambda: len(writer.acknowledged) > 5, "writes of a server that stands alone")
