"""Bring the schema `gateway` to the newest revision."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

SCHEMA = "gateway"


def upgrade(database_url: str, revision: str = "head") -> str:
    """Upgrade as the owner of the database; return the revision that the schema is at then."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            connection.execute(text("SET lock_timeout = '10s'"))
            connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            connection.commit()
            context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
            return str(context.get_current_revision())
    finally:
        engine.dispose()
