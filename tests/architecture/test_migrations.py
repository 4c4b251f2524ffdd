"""Migrations go up with the foundation, down step by step, up again, and end equal to the models."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from tests.databases import new_database
from webapp.migrations.run import FOLDER, migrate
from webapp.tables import metadata

FOUNDATION = "0001"  # holds the audit chain, which no migration may take back


@pytest.fixture(scope="module")
def empty_database(postgres):
    with new_database(postgres, "migrations") as address:
        yield address.format(role="ostrov_owner")


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
