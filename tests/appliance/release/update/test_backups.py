"""A safety backup brings a real PostgreSQL back to the named moment, also when the restore was killed half way."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from appliance.demo.postgres import EmbeddedPostgres, binary, serve_in_background
from appliance.release.update.engine import StepFailed
from appliance.release.update.machine.backups import PhysicalBackups
from appliance.release.update.machine.running import run

LABEL = "20261122T090000-1.1.0"


@dataclass
class OwnCluster:
    """The embedded PostgreSQL as a cluster of the machine."""

    server: EmbeddedPostgres
    log: Path
    process: Any = None
    dies_at: str = ""
    seen: list[str] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.server.data

    def ask(self, sql: str, database: str = "postgres") -> str:
        try:
            with psycopg.connect(self.server.dsn(database=database), autocommit=True) as connection:
                cursor = connection.execute(sql)
                rows = cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise StepFailed(str(error)) from None
        words = {True: "t", False: "f", None: ""}
        return "\n".join(str(words.get(row[0], row[0]) if isinstance(row[0], bool) else row[0]) for row in rows)

    def run(self, program: str, arguments, *, seconds: float = 300) -> str:
        return run([binary(program), *arguments], seconds=seconds, user="postgres")

    def start(self) -> None:
        self._maybe_die("start")
        if self.process is None and not (self.data / "recovery.signal").exists():
            self.process = serve_in_background(self.server, self.log)  # makes the database where there is none
            return
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.server.command(), stdout=log, stderr=log)
        while not self.server.is_ready():
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            time.sleep(0.05)

    def stop(self) -> None:
        self._maybe_die("stop")
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
            self.process = None

    def _maybe_die(self, moment: str) -> None:
        if self.dies_at == moment:
            self.dies_at = ""
            raise KeyboardInterrupt  # nothing of the restore may catch this, as nothing catches a loss of power


@pytest.fixture(scope="module")
def server():
    with tempfile.TemporaryDirectory(prefix="ostrov-backup-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        made = OwnCluster(EmbeddedPostgres(folder / "data", folder / "run"), folder / "log")
        made.start()
        yield made
        made.dies_at = ""
        made.stop()


@pytest.fixture
def cluster(server):
    """The one server of these tests, with one row."""
    server.ask("DROP TABLE IF EXISTS kept; CREATE TABLE kept (name text); INSERT INTO kept VALUES ('before')", "ostrov")
    return server


@pytest.fixture
def backups(cluster):
    folder = cluster.data.parent / "backup"
    folder.mkdir(mode=0o755, exist_ok=True)
    made = PhysicalBackups(cluster, folder)
    yield made
    made.forget(LABEL)


def rows(cluster):
    return cluster.ask("SELECT name FROM kept ORDER BY name", "ostrov").splitlines()


def spoiled(cluster, backups):
    """A backup, an accepted write after it, the named moment, and then what must disappear."""
    backups.take(LABEL)
    cluster.ask("INSERT INTO kept VALUES ('between')", "ostrov")
    backups.mark(LABEL)
    cluster.ask("INSERT INTO kept VALUES ('too late'); ALTER TABLE kept ADD COLUMN extra int", "ostrov")


def test_the_database_returns_to_the_named_moment_and_not_to_the_backup(cluster, backups):
    spoiled(cluster, backups)
    backups.restore(LABEL)
    assert rows(cluster) == ["before", "between"]
    assert "extra" not in cluster.ask(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'kept'::regclass AND attnum > 0", "ostrov"
    )
    cluster.ask("INSERT INTO kept VALUES ('after')", "ostrov")
    assert "recovery" not in (cluster.data / "postgresql.auto.conf").read_text()
    assert cluster.ask("SELECT count(*) FROM pg_replication_slots") == "0"
    backups.forget(LABEL)
    assert sorted(path.name for path in cluster.data.parent.iterdir()) == ["backup", "data", "log", "run"]
    assert list((cluster.data.parent / "backup").iterdir()) == []


@pytest.mark.parametrize("moment", ["stop", "start"])
def test_a_restore_that_was_killed_is_finished_by_the_next_one(cluster, backups, moment):
    spoiled(cluster, backups)
    cluster.dies_at = moment
    with pytest.raises(KeyboardInterrupt):
        backups.restore(LABEL)
    backups.restore(LABEL)
    assert rows(cluster) == ["before", "between"]


def test_nothing_holds_the_log_of_the_database_once_the_moment_has_its_name_or_the_backup_is_given_up(cluster, backups):
    backups.take(LABEL)
    assert cluster.ask("SELECT slot_name FROM pg_replication_slots") == "ostrov_update"
    backups.forget(LABEL)
    assert cluster.ask("SELECT count(*) FROM pg_replication_slots") == "0"
    backups.take(LABEL)
    backups.mark(LABEL)
    assert cluster.ask("SELECT count(*) FROM pg_replication_slots") == "0"


def test_a_backup_with_a_changed_file_is_not_restored_and_the_database_goes_on(cluster, backups):
    spoiled(cluster, backups)
    victim = next((backups.folder / LABEL / "base/base").rglob("1259"))
    content = bytearray(victim.read_bytes())
    content[100] ^= 1
    victim.write_bytes(bytes(content))
    with pytest.raises(StepFailed, match="damaged"):
        backups.restore(LABEL)
    assert "too late" in rows(cluster)


def test_a_moment_without_a_backup_and_a_backup_without_a_moment_are_refused(cluster, backups):
    with pytest.raises(StepFailed, match="no whole backup"):
        backups.mark(LABEL)
    backups.take(LABEL)
    with pytest.raises(StepFailed, match="no backup with a named moment"):
        backups.restore(LABEL)


def test_the_room_for_a_backup_is_more_than_the_databases_take(cluster, backups):
    assert backups.room_needed() > int(cluster.ask("SELECT pg_database_size('ostrov')"))
