"""The chain tells every way in which it can be tampered with, and its writer can do nothing to it but add."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError

from appliance.audit.chain import SCHEMA, Entry, append, verify
from appliance.audit.commands import audit
from tests.databases import new_database

WHEN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def entry(number, **details):
    return Entry(WHEN, "person", number, "анна", "person.viewed", "person", str(number), {"n": number, **details})


@pytest.fixture
def database(postgres):
    """A database with the chain alone, and its URL for each role."""
    with new_database(postgres, "chain") as address:
        owner = create_engine(address.format(role="postgres"))
        with owner.begin() as connection:
            for statement in SCHEMA:
                connection.execute(text(statement))
            connection.execute(text("GRANT USAGE ON SCHEMA audit TO ostrov_web"))
            connection.execute(text("GRANT SELECT, INSERT ON audit.entries TO ostrov_web"))
        owner.dispose()
        yield lambda role: address.format(role=role)


@pytest.fixture
def writer(database):
    engine = create_engine(database("ostrov_web"), pool_size=8)
    with engine.begin() as connection:
        append(connection, [entry(n) for n in range(1, 11)])
    yield engine
    engine.dispose()


def tamper(database, *statements):
    """What somebody with the rights of the database's superuser could do."""
    engine = create_engine(database("postgres"))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def verdict(writer, **options):
    with writer.connect() as connection:
        return verify(connection, **options)


def test_an_untouched_chain_holds(writer):
    found = verdict(writer)
    assert found.holds
    assert found.entries == 10


def test_an_empty_chain_holds(database):
    engine = create_engine(database("ostrov_web"))
    assert verdict(engine).holds
    engine.dispose()


@pytest.mark.parametrize(
    ("statements", "broken_at", "reason"),
    [
        (["UPDATE audit.entries SET actor = 'nobody' WHERE seq = 4"], 4, "changed"),
        (["UPDATE audit.entries SET details = '{}' WHERE seq = 1"], 1, "changed"),
        (["UPDATE audit.entries SET at = at + interval '1 microsecond' WHERE seq = 10"], 10, "changed"),
        (["DELETE FROM audit.entries WHERE seq = 5"], 5, "missing"),
        (["DELETE FROM audit.entries WHERE seq = 1"], 1, "missing"),
        (
            ["DELETE FROM audit.entries WHERE seq = 5", "UPDATE audit.entries SET seq = seq - 1 WHERE seq > 5"],
            5,
            "does not follow",
        ),
        (
            [
                "UPDATE audit.entries SET seq = -seq WHERE seq IN (3, 4)",
                "UPDATE audit.entries SET seq = CASE seq WHEN -3 THEN 4 ELSE 3 END WHERE seq < 0",
            ],
            3,
            "does not follow",
        ),
        (
            [
                "UPDATE audit.entries SET seq = -seq WHERE seq > 6",
                "UPDATE audit.entries SET seq = 1 - seq WHERE seq < 0",
                "INSERT INTO audit.entries SELECT 7, at, actor_kind, actor_id, actor, action, entity, entity_id, '{}',"
                " sha256('a'), sha256('b') FROM audit.entries WHERE seq = 6",
            ],
            7,
            "does not follow",
        ),
    ],
    ids=["change", "first", "time", "removal", "first-removal", "closed-gap", "order", "insertion"],
)
def test_the_first_broken_link_is_named(database, writer, statements, broken_at, reason):
    tamper(database, *statements)
    found = verdict(writer)
    assert not found.holds
    assert found.broken_at == broken_at
    assert reason in found.reason
    assert found.entries == broken_at - 1


def test_cutting_off_the_end_shows_against_a_head_that_was_noted(database, writer):
    head = verdict(writer).head
    tamper(database, "DELETE FROM audit.entries WHERE seq > 7")
    assert verdict(writer).holds
    cut = verdict(writer, head=head)
    assert cut.broken_at == 8
    assert "cut off" in cut.reason


def test_a_noted_head_stays_in_a_chain_that_grows(writer):
    head = verdict(writer).head
    with writer.begin() as connection:
        append(connection, [entry(11)])
    assert verdict(writer, head=head[:16]).holds


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit.entries SET actor = 'x'",
        "DELETE FROM audit.entries",
        "TRUNCATE audit.entries",
        "DROP TABLE audit.entries",
        "ALTER TABLE audit.entries DROP COLUMN hash",
        "CREATE TABLE audit.other (a int)",
    ],
)
def test_the_writing_role_can_only_add(writer, statement):
    with writer.connect() as connection, pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        connection.execute(text(statement))


def test_parallel_writers_make_one_chain(writer):
    def write(number):
        for step in range(10):
            with writer.begin() as connection:
                append(connection, [entry(number * 100 + step), entry(number * 100 + step, second=True)])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verdict(writer)
    assert found.holds
    assert found.entries == 10 + 6 * 10 * 2


def test_a_transaction_that_is_rolled_back_leaves_no_gap(writer):
    with writer.connect() as connection:
        append(connection, [entry(11)])
        connection.rollback()
    with writer.begin() as connection:
        append(connection, [entry(12)])
    assert verdict(writer).entries == 11


def test_what_was_written_reads_back_the_same(writer):
    strange = {"ё": "№ 1", "float": 0.1, "big": 2**53, "none": None, "list": [1, "two"], "deep": {"a": {"b": True}}}
    with writer.begin() as connection:
        append(connection, [entry(11, **strange)])
    assert verdict(writer).holds


def test_a_long_chain_is_walked_in_seconds_without_being_held_in_memory(database, writer):
    with writer.begin() as connection:
        append(connection, [entry(number) for number in range(25_000)])
    started = time.perf_counter()
    found = verdict(writer)
    assert found.entries == 25_010
    assert time.perf_counter() - started < 10


def test_the_command_says_what_it_found_and_leaves_an_entry(database, writer):
    environment = {"OSTROV_DATABASE_URL": database("ostrov_web")}
    good = CliRunner().invoke(audit, ["verify", "--json"], env=environment)
    assert good.exit_code == 0
    assert json.loads(good.output)["entries"] == 10
    assert CliRunner().invoke(audit, ["verify"], env=environment).output.startswith("The audit chain holds: 11 entries")
    tamper(database, "UPDATE audit.entries SET actor = 'nobody' WHERE seq = 4")
    bad = CliRunner().invoke(audit, ["verify"], env=environment)
    assert bad.exit_code == 1
    assert "entry 4 was changed" in bad.output
