"""The schema of the database, and the migrations of a release."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import SQLAlchemyError

from appliance.audit import returning
from appliance.release.update.engine import StepFailed
from appliance.release.update.journal import Facts
from appliance.release.update.layout import Layout
from appliance.release.update.machine.cluster import DATABASE, Cluster
from appliance.release.update.machine.running import run, variables

OWNER: Final = "ostrov-owner"
MIGRATION_SECONDS: Final = 3600.0
ATTEMPTS: Final = 5
PAUSE_SECONDS: Final = 3.0
LOCKED: Final = ("LockNotAvailable", "lock timeout")
HEADS: Final = """
SELECT 'webapp=' || version_num FROM public.alembic_version
UNION ALL SELECT 'gateway=' || version_num FROM gateway.alembic_version
"""


@dataclass(frozen=True)
class MigratedDatabase:
    """The real part of the port `Database`."""

    layout: Layout
    cluster: Cluster

    def heads(self) -> dict[str, str]:
        """Which migration each part of the schema is at."""
        rows = self.cluster.ask(HEADS, DATABASE).splitlines()
        return dict(row.split("=", 1) for row in rows if "=" in row)

    def migrate(self, version: str) -> None:
        """Run the release's migrations as the schema's owner.

        A migration gives up on a lock after seconds, so that it never makes people queue behind it; then it is tried
        again, because what is done is done and what failed has left nothing.
        """
        settings = variables(self.layout.settings / "common.env", self.layout.settings / "migrate.env")
        command = str(self.layout.command(version))
        for arguments in (["migrate"], ["gateway", "migrate"]):
            _patiently([command, *arguments], settings)

    def audit_head(self) -> Facts:
        """Number and hash of the newest entry of the audit."""
        with self._owner() as connection:
            return returning.newest(connection)

    def note_return(self, label: str, lost: Facts) -> None:
        """Note in the audit that the database went back to a named moment, and which newest entry it had had."""
        with self._owner() as connection:
            returning.note(connection, label, lost)

    @contextmanager
    def _owner(self) -> Iterator[Connection]:
        """A transaction as the owner of the schema, whom root may be."""
        settings = variables(self.layout.settings / "common.env", self.layout.settings / "migrate.env")
        engine = create_engine(settings["OSTROV_DATABASE_URL"])
        try:
            with engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StepFailed(f"The audit could not be asked: {getattr(error, 'orig', None) or error}") from None
        finally:
            engine.dispose()


def _patiently(command: list[str], settings: dict[str, str]) -> None:
    """Run a migration; a lock that was not free is waited for outside of the database."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            run(command, seconds=MIGRATION_SECONDS, user=OWNER, environment=settings)
        except StepFailed as failure:
            if attempt == ATTEMPTS or not any(word in str(failure) for word in LOCKED):
                raise
            time.sleep(PAUSE_SECONDS * attempt)
        else:
            return
