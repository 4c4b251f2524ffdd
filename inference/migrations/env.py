"""Alembic's entry: runs the steps on the connection that `upgrade` has put into the configuration."""

from __future__ import annotations

from alembic import context

SCHEMA = "gateway"

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema=SCHEMA, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
