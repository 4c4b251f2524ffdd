"""Two real PostgreSQL servers side by side, one the replica of the other, set as the role postgresql_replica sets them.

They run from the embedded build on unix sockets, so that a failover is tested wherever `make test` runs; the same with
two machines and the playbooks is in tests/provisioning/test_grow.py.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

from appliance.demo.postgres import EmbeddedPostgres, binary

PORT = 5432
REPLICATOR = "ostrov_replica"
# What pg_rewind reads from the source; superusers may, and so may whoever is granted these functions.
REWIND_FUNCTIONS = (
    "pg_ls_dir(text, boolean, boolean)",
    "pg_stat_file(text, boolean)",
    "pg_read_binary_file(text)",
    "pg_read_binary_file(text, bigint, bigint, boolean)",
)


def until(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Wait for a condition; fail with its name when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)


@dataclass
class Cluster:
    """One database server: its directory, its socket, its process."""

    name: str
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def server(self) -> EmbeddedPostgres:
        """The embedded server behind it."""
        return EmbeddedPostgres(self.folder / "data", self.folder / "run")

    @property
    def sockets(self) -> Path:
        """Where it listens."""
        return self.server.sockets

    def configure(self, **settings: str) -> None:
        """Set what the server reads at its next start or reload."""
        lines = [f"{name} = '{value}'" for name, value in settings.items()]
        with (self.server.data / "postgresql.auto.conf").open("a") as stream:
            stream.write("\n".join(lines) + "\n")

    def start(self) -> None:
        """Start and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.server.command(), env=_environment(), stdout=log, stderr=log)
        until(self.server.is_ready, f"{self.name} to start; see {self.folder / 'log'}")

    def kill(self) -> None:
        """Kill -9 every process of it at once, as a power loss does."""
        assert self.process is not None
        parent = psutil.Process(self.process.pid)
        everyone = [parent, *parent.children(recursive=True)]
        for each in everyone:
            with suppress(psutil.NoSuchProcess):
                each.suspend()  # nobody tells the clients, and nobody tidies up after another
        for each in everyone:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.wait()
        (self.server.data / "postmaster.pid").unlink(missing_ok=True)
        self.process = None

    def ask(self, statement: str, *values: Any) -> Any:
        """The first value that a statement of the superuser gives, None when it gives none."""
        with psycopg.connect(self.server.dsn(), autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the user that the servers run as."""
        command = [*self.server._prefix(), binary(program), *words]
        return subprocess.run(command, env=_environment(), capture_output=True, text=True, check=False, cwd="/")

    def follow(self, source: Cluster) -> None:
        """Become a standby of `source` at the next start."""
        socket = source.sockets
        self.configure(
            primary_conninfo=f"host={socket} user={REPLICATOR} application_name={self.name} dbname=postgres",
            primary_slot_name=f"ostrov_{self.name}",
            synchronous_standby_names="",
        )
        (self.server.data / "standby.signal").touch()

    def copy(self, source: Cluster) -> None:
        """Make this server a base copy of `source` and its standby."""
        _slot(source, self)
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o777)
        self.sockets.mkdir(exist_ok=True)
        shutil.copystat(source.sockets, self.sockets)
        status = source.sockets.stat()
        os.chown(self.sockets, status.st_uid, status.st_gid)
        words = ["-D", str(self.server.data), "-d", f"host={source.sockets} user={REPLICATOR}", "--checkpoint=fast"]
        done = self.run("pg_basebackup", *words, "--wal-method=stream", "--slot", f"ostrov_{self.name}")
        assert done.returncode == 0, done.stderr
        self.follow(source)

    def rewind(self, source: Cluster) -> subprocess.CompletedProcess[str]:
        """Take back what this server wrote after `source` was promoted, and become its standby."""
        _slot(source, self)
        server = f"host={source.sockets} user={REPLICATOR} dbname=postgres"
        done = self.run("pg_rewind", "-D", str(self.server.data), f"--source-server={server}", "--no-sync")
        self.follow(source)
        return done


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _slot(source: Cluster, standby: Cluster) -> None:
    name = f"ostrov_{standby.name}"
    if not source.ask("SELECT 1 FROM pg_replication_slots WHERE slot_name = %s", name):
        source.ask("SELECT pg_create_physical_replication_slot(%s, true)", name)


def streams(source: Cluster, standby: Cluster, state: str) -> Callable[[], bool]:
    """A condition: `standby` follows `source` and is `sync`, `async` or `potential`."""
    question = "SELECT sync_state FROM pg_stat_replication WHERE application_name = %s AND state = 'streaming'"
    return lambda: source.ask(question, standby.name) == state


def replicated(folder: Path) -> tuple[Cluster, Cluster]:
    """Make and start a first server and its synchronous replica under one folder that every user may enter."""
    folder.chmod(0o777)
    first, second = Cluster("first", folder / "first"), Cluster("second", folder / "second")
    first.folder.mkdir()
    first.folder.chmod(0o777)
    first.server.initialise()
    # A killed process leaves what it wrote to the kernel, so that nothing is lost here without fsync.
    first.configure(wal_level="replica", max_wal_senders="6", wal_keep_size="64MB", fsync="off")
    first.start()
    first.server.prepare()
    first.ask(f"CREATE ROLE {REPLICATOR} LOGIN REPLICATION")
    for function in REWIND_FUNCTIONS:
        first.ask(f"GRANT EXECUTE ON FUNCTION pg_catalog.{function} TO {REPLICATOR}")
    second.copy(first)
    second.start()
    first.configure(synchronous_commit="on", synchronous_standby_names="FIRST 1 (second)")
    first.ask("SELECT pg_reload_conf()")
    until(streams(first, second, "sync"), "the replica to be synchronous")
    return first, second


def address(*clusters: Cluster, role: str = "ostrov_web") -> str:
    """The address that programs are given: every server, and the wish for the one that takes writes."""
    hosts = ",".join(str(cluster.sockets) for cluster in clusters)
    return f"postgresql+psycopg://{role}@/ostrov?host={hosts}&target_session_attrs=read-write&connect_timeout=3"
