"""The PostgreSQL cluster of the machine: where it lies, how it is asked, stopped and started."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from appliance.release.update.machine.running import run
from appliance.release.update.ports import Services

SUPERUSER: Final = "postgres"
DATABASE: Final = "ostrov"
ASK_SECONDS: Final = 120.0
LONG_SECONDS: Final = 24 * 3600.0


class Cluster(Protocol):
    """What backups need to know of a cluster."""

    @property
    def data(self) -> Path:
        """The data directory."""

    def ask(self, sql: str, database: str = "postgres") -> str:
        """Run SQL as the superuser; return the plain rows. Raises StepFailed."""

    def run(self, program: str, arguments: Sequence[str], *, seconds: float = LONG_SECONDS) -> str:
        """Run one of PostgreSQL's programs as the cluster's owner, with the way to the server added when it takes one.

        Raises StepFailed.
        """

    def start(self) -> None:
        """Start the server and return when it takes connections or is in recovery."""

    def stop(self) -> None:
        """Stop the server and wait for it."""


@dataclass(frozen=True)
class DebianCluster:
    """A cluster as Debian lays it out."""

    services: Services
    version: str = "17"
    name: str = "main"
    sockets: Path = Path("/run/postgresql")

    @property
    def data(self) -> Path:
        """The data directory."""
        return Path(f"/var/lib/postgresql/{self.version}/{self.name}")

    @property
    def unit(self) -> str:
        """The cluster's unit."""
        return f"postgresql@{self.version}-{self.name}.service"

    def ask(self, sql: str, database: str = "postgres") -> str:
        """Run SQL through psql; the text goes by its standard input."""
        options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        command = [self._path("psql"), *options, f"--host={self.sockets}", f"--dbname={database}"]
        return run(command, seconds=ASK_SECONDS, user=SUPERUSER, typed=sql).strip()

    def run(self, program: str, arguments: Sequence[str], *, seconds: float = LONG_SECONDS) -> str:
        """Run one of PostgreSQL's programs as the cluster's owner."""
        return run([self._path(program), *arguments], seconds=seconds, user=SUPERUSER)

    def start(self) -> None:
        """Start the unit."""
        self.services.start(self.unit)

    def stop(self) -> None:
        """Stop the unit."""
        self.services.stop(self.unit)

    def _path(self, program: str) -> str:
        return f"/usr/lib/postgresql/{self.version}/bin/{program}"
