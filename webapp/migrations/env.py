"""Alembic's environment: runs the migrations on the connection that `webapp.migrations.run` opened."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes["metadata"],
    include_schemas=False,
    include_object=lambda _object, name, kind, _reflected, _compare: (
        not (kind == "table" and str(name).startswith("procrastinate"))
    ),
    compare_server_default=False,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
