"""Questions to PostgreSQL, asked in a process of their own: as the schema's owner, read-only, ended when it hangs.

`python -m appliance.doctor.asking` takes a request as JSON on standard input and prints the answer as JSON, so that
neither the address of the database nor anything in it stands in a list of processes.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from appliance.audit.chain import GENESIS, Verdict, verify
from appliance.audit.returning import explanation

ASK_SECONDS = 5
SETTINGS = (
    "archive_mode",
    "archive_timeout",
    "autovacuum_freeze_max_age",
    "data_checksums",
    "fsync",
    "full_page_writes",
    "listen_addresses",
    "max_connections",
    "server_version",
    "shared_buffers",
    "wal_level",
)
OF_THE_PRODUCT = ("ostrov_owner", "ostrov_web", "ostrov_gateway")
QUESTIONS = {
    "roles": """
        SELECT rolname AS name, rolsuper AS super, rolbypassrls AS bypass, rolcreaterole AS create_role,
               rolcreatedb AS create_db, rolreplication AS replication
        FROM pg_roles WHERE rolname IN ('ostrov_owner', 'ostrov_web', 'ostrov_gateway') ORDER BY rolname
    """,
    "ages": "SELECT datname AS name, age(datfrozenxid) AS age FROM pg_database WHERE datallowconn ORDER BY 2 DESC",
    "archiver": """
        SELECT archived_count, failed_count, extract(epoch FROM last_archived_time) AS archived_at,
               extract(epoch FROM last_failed_time) AS failed_at, last_failed_wal,
               extract(epoch FROM stats_reset) AS reset_at
        FROM pg_stat_archiver
    """,
    "connections": """
        SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
               pg_is_in_recovery() AS replica, extract(epoch FROM now()) AS now
    """,
    "indexes": """
        SELECT i.indexrelid::regclass::text AS name FROM pg_index i WHERE NOT i.indisvalid
        AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid) ORDER BY 1
    """,
    "audit_rights": """
        SELECT r.rolname AS role, p.privilege FROM pg_roles r,
               unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS p(privilege)
        WHERE r.rolname IN ('ostrov_web', 'ostrov_gateway') AND to_regclass('audit.entries') IS NOT NULL
          AND has_table_privilege(r.oid, to_regclass('audit.entries'), p.privilege) ORDER BY 1, 2
    """,
}


def facts(connection: Connection) -> dict[str, Any]:
    """Everything that the checks of the database want to know, in one visit."""
    found: dict[str, Any] = {name: _rows(connection, question) for name, question in QUESTIONS.items()}
    settings = _rows(connection, "SELECT name, setting, pending_restart FROM pg_settings")
    found["settings"] = {row["name"]: row["setting"] for row in settings if row["name"] in SETTINGS}
    found["pending_restart"] = sorted(row["name"] for row in settings if row["pending_restart"])
    found["revisions"] = {
        "webapp": _revision(connection, "public.alembic_version"),
        "gateway": _revision(connection, "gateway.alembic_version"),
    }
    found["audit_entries"] = _newest_entry(connection)
    return found


def _rows(connection: Connection, statement: str) -> list[dict[str, Any]]:
    """Rows as JSON can hold them."""
    rows = connection.execute(text(statement)).mappings()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    """A value as JSON has it: numbers of PostgreSQL arrive as Decimal."""
    return value if value is None or isinstance(value, str | bool | int) else float(value)


def _revision(connection: Connection, table: str) -> str | None:
    """The revision that a schema is at; None when it was never migrated, "hidden" when we may not look."""
    schema = table.partition(".")[0]
    if connection.scalar(text("SELECT to_regnamespace(:schema)::text"), {"schema": schema}) is None:
        return None
    if not connection.scalar(text("SELECT has_schema_privilege(to_regnamespace(:s), 'USAGE')"), {"s": schema}):
        return "hidden"
    if connection.scalar(text("SELECT to_regclass(:table)::text"), {"table": table}) is None:
        return None
    if not connection.scalar(text("SELECT has_table_privilege(to_regclass(:t), 'SELECT')"), {"t": table}):
        return "hidden"
    found = connection.scalar(text(f"SELECT version_num FROM {table}"))  # noqa: S608  # one of two names of our own
    return str(found) if found else None


def _newest_entry(connection: Connection) -> dict[str, Any] | None:
    """The newest entry of the audit chain: how many there are and when it was written; None without a chain."""
    if connection.scalar(text("SELECT to_regclass('audit.entries')::text")) is None:
        return None
    rows = _rows(connection, "SELECT seq, extract(epoch FROM at) AS at FROM audit.entries ORDER BY seq DESC LIMIT 1")
    return rows[0] if rows else {"seq": 0, "at": None}


def chain(connection: Connection, after: int, head: str, seconds: float) -> dict[str, Any]:
    """Walk the audit chain on from an entry that was verified before, for so many seconds at most.

    Where that entry is gone because the database was brought back to an earlier moment, and the chain says so itself
    (`returned`), it is walked from its beginning.
    """
    started = time.monotonic()
    verdict: Verdict = verify(
        connection,
        after=(after, bytes.fromhex(head) if head else GENESIS),
        enough=lambda: time.monotonic() - started > seconds,
    )
    returned = None
    if not verdict.holds and verdict.broken_at == after and (returned := explanation(connection, after)):
        verdict = verify(connection, enough=lambda: time.monotonic() - started > seconds)
    newest = _newest_entry(connection) or {"seq": 0}
    return {**verdict.summary(), "upto": verdict.upto, "of": newest["seq"], "returned": returned}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Connect and answer one request; an error of the database is an answer too."""
    options = "-c default_transaction_read_only=on -c lock_timeout=2s -c application_name=ostrov-doctor"
    if request["ask"] == "facts":
        options += f" -c statement_timeout={ASK_SECONDS}s"
    try:
        engine = create_engine(
            request["url"], connect_args={"options": options, "connect_timeout": ASK_SECONDS}, pool_size=1
        )
        with engine.connect() as connection:
            if request["ask"] == "facts":
                return {"facts": facts(connection)}
            return {"chain": chain(connection, request["after"], request["head"], request["seconds"])}
    except (SQLAlchemyError, ValueError) as error:
        told = str(getattr(error, "orig", None) or error).strip().splitlines()
        return {"error": told[0][:400] if told else type(error).__name__}


def main() -> None:
    """Answer the request on standard input."""
    json.dump(answer(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
