"""Applying the migrations: one program at a time, with time-outs, as the owner of the schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from webapp.kit.db import make_engine
from webapp.tables import metadata

LOCK_KEY = 0x05770A  # one migration at a time, whichever host starts it
FOLDER = Path(__file__).resolve().parent


def config(connection: Connection) -> Config:
    """Alembic's configuration for an open connection."""
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    settings.attributes["metadata"] = metadata
    return settings


def migrate(url: str, revision: str = "head") -> None:
    """Bring the schema to `revision`; waits for another migration, gives up on the CRM's locks after 5 s."""
    engine = make_engine(url, pool_size=1)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
            connection.execute(text("SET lock_timeout = '5s'"))
            connection.commit()
            if revision == "head" or not revision.startswith("-"):
                command.upgrade(config(connection), revision)
            else:
                command.downgrade(config(connection), revision)
            connection.commit()
    finally:
        engine.dispose()
