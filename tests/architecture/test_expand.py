"""Old code runs on the new schema: what a migration finds, it leaves; what it adds, old code need not know.

Looked at in a real database after every single migration, not read from the migrations: whatever way a change is made,
it shows here.
"""

from __future__ import annotations

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from inference.migrations import upgrade as gateway
from tests.databases import new_database
from webapp.migrations import run as webapp

# A column that old code does not name in its INSERT must be able to stay out of it.
COLUMNS = """
SELECT format('%s.%s', c.relname, a.attname) AS name, format_type(a.atttypid, a.atttypmod) AS kind,
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = '' AS needed, c.relname AS parent
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(:schemas) AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped
"""
# Rules that old code's rows must keep: checks, keys, uniqueness.
RULES = """
SELECT format('%s.%s', c.relname, r.conname) AS name, pg_get_constraintdef(r.oid) AS kind, c.relname AS parent
FROM pg_constraint r JOIN pg_class c ON c.oid = r.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(:schemas) AND r.contype IN ('c', 'f', 'u', 'p', 'x')
UNION ALL
SELECT format('%s.%s', t.relname, i.relname), pg_get_indexdef(x.indexrelid), t.relname
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = ANY(:schemas) AND x.indisunique
"""
FUNCTIONS = """
SELECT p.oid::regprocedure::text AS name, pg_get_function_result(p.oid) AS kind
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = ANY(:schemas) AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


def seen(url, schemas):
    """The schema as old code meets it."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [
            {row.name: row._asdict() for row in connection.execute(text(sql), {"schemas": schemas})}
            for sql in (COLUMNS, RULES, FUNCTIONS)
        ]
    engine.dispose()
    return dict(zip(("columns", "rules", "functions"), found, strict=True))


def breaks(before, after):
    """What would stop code that was written for `before` on `after`."""
    problems = []
    for kind in ("columns", "functions"):
        for name, was in before[kind].items():
            becomes = after[kind].get(name)
            if becomes is None:
                problems.append(f"{name} is gone")
            elif becomes["kind"] != was["kind"]:
                problems.append(f"{name} was {was['kind']} and becomes {becomes['kind']}")
    tables = {column["parent"] for column in before["columns"].values()}
    for name, column in after["columns"].items():
        needed_before = before["columns"].get(name, {}).get("needed", False)
        if column["parent"] in tables and column["needed"] and not needed_before:
            problems.append(f"{name} must be given, and old code does not give it")
    for name, rule in after["rules"].items():
        if rule["parent"] in tables and name not in before["rules"]:
            problems.append(f"{name} is a new rule for rows of old code: {rule['kind']}")
    return problems


@pytest.fixture
def empty(postgres):
    """A database with nothing in it, and its owner's address."""
    with new_database(postgres, "expand") as address:
        yield address.format(role="ostrov_owner")


ROOMS = {
    "webapp": (webapp.migrate, str(webapp.FOLDER), ["public", "audit"]),
    "gateway": (gateway.upgrade, str(webapp.FOLDER.parents[1] / "inference/migrations"), ["gateway"]),
}


# Steps before the first release had nobody to break; a step that contracts names the release that stopped using it.
CONTRACTS: dict[tuple[str, str], str] = {}


@pytest.mark.parametrize("room", ROOMS)
def test_every_migration_only_adds_to_what_it_finds(empty, room):
    step, folder, schemas = ROOMS[room]
    revisions = [revision.revision for revision in ScriptDirectory(folder).walk_revisions()][::-1]
    step(empty, revisions[0])
    broken = {}
    for revision in revisions[1:]:
        before = seen(empty, schemas)
        step(empty, revision)
        problems = breaks(before, seen(empty, schemas))
        if problems and (room, revision) not in CONTRACTS:
            broken[revision] = problems
    assert not broken


@pytest.fixture
def engine(empty):
    made = create_engine(empty, isolation_level="AUTOCOMMIT")
    with made.connect() as connection:
        connection.execute(text("CREATE TABLE calls (id int PRIMARY KEY, note text, spare text)"))
    yield made
    made.dispose()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("ALTER TABLE calls DROP COLUMN spare", "calls.spare is gone"),
        ("ALTER TABLE calls RENAME note TO remark", "calls.note is gone"),
        ("ALTER TABLE calls ALTER note TYPE varchar(9)", "calls.note was text and becomes character varying(9)"),
        ("ALTER TABLE calls ADD COLUMN kind text NOT NULL", "calls.kind must be given"),
        ("ALTER TABLE calls ALTER note SET NOT NULL", "calls.note must be given"),
        ("ALTER TABLE calls ADD CHECK (note <> '')", "a new rule"),
        ("CREATE UNIQUE INDEX one ON calls (note)", "a new rule"),
        ("DROP TABLE calls", "calls.id is gone"),
    ],
)
def test_what_would_stop_old_code_is_found(empty, engine, change, told):
    before = seen(empty, ["public"])
    with engine.connect() as connection:
        connection.execute(text(change))
    assert any(told in problem for problem in breaks(before, seen(empty, ["public"])))


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE calls ADD COLUMN kind text",
        "ALTER TABLE calls ADD COLUMN kind text NOT NULL DEFAULT ''",
        "ALTER TABLE calls ALTER spare DROP NOT NULL",
        "CREATE INDEX quick ON calls (note)",
        "CREATE TABLE more (id int PRIMARY KEY, kind text NOT NULL CHECK (kind <> ''))",
    ],
)
def test_what_only_adds_is_let_through(empty, engine, change):
    before = seen(empty, ["public"])
    with engine.connect() as connection:
        connection.execute(text(change))
    assert breaks(before, seen(empty, ["public"])) == []
