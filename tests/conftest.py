"""What all tests share: a real PostgreSQL of their own, on a unix socket, gone when they end."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text

from tests.driving import embedded_postgres

# No test asserts a time, and a slow machine is not unhealthy.
settings.register_profile("ostrov", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ostrov")

ROLES = ("ostrov_owner", "ostrov_web", "ostrov_gateway")


@pytest.fixture(autouse=True)
def _process() -> Iterator[None]:
    """Programs set what holds for a whole process; the process of the tests goes on to other tests."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    mask = os.umask(0o022)
    os.umask(mask)
    yield
    os.umask(mask)
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A URL template with {role} and {database}; OSTROV_TEST_POSTGRES names a running server's socket directory."""
    given = os.environ.get("OSTROV_TEST_POSTGRES")
    if given:
        yield from _with_roles(given)
        return
    with tempfile.TemporaryDirectory(prefix="ostrov-pg-") as folder:
        Path(folder).chmod(0o755)
        server = embedded_postgres().get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield from _with_roles(str(Path(folder) / "data"))
        finally:
            server.cleanup()


def _with_roles(socket_folder: str) -> Iterator[str]:
    template = "postgresql+psycopg://{role}@/{database}?host=" + socket_folder
    admin = create_engine(template.format(role="postgres", database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        present = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
        for role in ROLES:
            if role not in present:
                connection.execute(text(f"CREATE ROLE {role} LOGIN"))
    admin.dispose()
    yield template
