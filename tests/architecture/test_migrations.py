"""Migrations go up with the foundation, down step by step, up again, and end equal to the models."""

from __future__ import annotations

import uuid

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from webapp.migrations.run import FOLDER, migrate
from webapp.tables import metadata

FOUNDATION = "0001"  # holds the audit chain, which no migration may take back


@pytest.fixture(scope="module")
def empty_database(postgres):
    name = f"migrations_{uuid.uuid4().hex[:8]}"
    admin = create_engine(postgres.format(role="postgres", database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER ostrov_owner"))
    inside = create_engine(postgres.format(role="postgres", database=name), isolation_level="AUTOCOMMIT")
    with inside.connect() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    inside.dispose()
    yield postgres.format(role="ostrov_owner", database=name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def _differences(url):
    """What the models have and the database has not, or the other way round."""
    engine = create_engine(url)
    with engine.connect() as connection:
        settings = {
            "include_object": lambda _object, name, kind, _reflected, _other: (
                not (kind == "table" and (str(name).startswith("procrastinate") or name == "alembic_version"))
            )
        }
        found = compare_metadata(MigrationContext.configure(connection, opts=settings), metadata)
    engine.dispose()
    return found


def test_up_down_and_up_again_ends_equal_to_the_models(empty_database):
    migrate(empty_database)
    assert _differences(empty_database) == []
    revisions = [revision.revision for revision in ScriptDirectory(str(FOLDER)).walk_revisions()]
    for _revision in revisions[: revisions.index(FOUNDATION)]:
        migrate(empty_database, "-1")
    migrate(empty_database)
    assert _differences(empty_database) == []


def test_there_is_one_line_of_migrations():
    assert len(ScriptDirectory(str(FOLDER)).get_heads()) == 1
