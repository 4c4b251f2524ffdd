"""A new database on the server of the tests, gone when its user is done."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text


@contextmanager
def new_database(postgres: str, prefix: str, *, copy_of: str = "") -> Iterator[str]:
    """Make a database with vectors, or a copy of another; gives its address with {role} left to be said."""
    name = f"{prefix}_{uuid.uuid4().hex[:8]}"
    address = postgres.replace("{database}", name)
    template = f" TEMPLATE {copy_of}" if copy_of else ""
    admin = create_engine(postgres.format(role="postgres", database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER ostrov_owner{template}"))
    try:
        inside = create_engine(address.format(role="postgres"), isolation_level="AUTOCOMMIT")
        with inside.connect() as connection:
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
        inside.dispose()
        yield address
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def name_of(address: str) -> str:
    """The name of the database in an address."""
    return address.rpartition("?")[0].rpartition("/")[2]
