"""The tables of the gateway go up with what they hold, and down again."""

from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

import inference.migrations
from inference.gateway.run_log import libpq_url
from inference.migrations.upgrade import upgrade
from tests.databases import new_database

OLD_RUN = (
    "INSERT INTO gateway.runs (id, started_at, endpoint, prompt_tokens, completion_tokens, attempts, engine_ms,"
    " duration_ms, verdict, masked_prompt) VALUES ('00000000-0000-0000-0000-000000000001', now(), 'chat', 1, 2, 1, 3,"
    " 4, 'ok', 'hello')"
)


@pytest.fixture
def fresh(postgres):
    """The URL of an empty database, as its owner."""
    with new_database(postgres, "gateway_migrations") as address:
        yield address.format(role="ostrov_owner")


def tables(url):
    query = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'gateway'"
    with psycopg.connect(libpq_url(url)) as connection:
        return set(connection.execute(query).fetchall())


def test_runs_of_the_first_release_go_up_and_down_again(fresh):
    upgrade(fresh, "0001")
    before = tables(fresh)
    with psycopg.connect(libpq_url(fresh), autocommit=True) as connection:
        connection.execute(OLD_RUN)
        upgrade(fresh)
        row = connection.execute("SELECT masked, queue_ms, key, masked_prompt FROM gateway.runs").fetchone()
    assert row == (False, 0, None, "hello")
    assert before < tables(fresh)
    downgrade(fresh, "0001")
    assert tables(fresh) == before


def test_upgrading_twice_changes_nothing(fresh):
    first = upgrade(fresh)
    found = tables(fresh)
    assert (upgrade(fresh), tables(fresh)) == (first, found)


def test_code_of_the_first_release_still_writes_runs(fresh):
    upgrade(fresh)
    with psycopg.connect(libpq_url(fresh), autocommit=True) as connection:
        connection.execute(OLD_RUN)


def downgrade(url, revision):
    config = Config()
    config.set_main_option("script_location", str(Path(inference.migrations.__file__).parent))
    engine = create_engine(url)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        connection.commit()
    engine.dispose()
