"""What the chain says of entries that are gone because the database was brought back to an earlier moment.

The chain of a database that went back is whole, and shorter: by itself that looks like a chain whose newest entries
somebody has cut off. Whoever brings a database back therefore notes it as an entry, with the head that was lost.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from appliance.audit.chain import Entry, append

RETURNED = "database.returned"


def newest(connection: Connection) -> dict[str, Any]:
    """Number and hash (in hex) of the newest entry; number 0 and no hash for an empty chain."""
    row = connection.execute(text("SELECT seq, hash FROM audit.entries ORDER BY seq DESC LIMIT 1")).first()
    return {"seq": row.seq, "hash": bytes(row.hash).hex()} if row else {"seq": 0, "hash": ""}


def note(connection: Connection, point: str, lost: dict[str, Any]) -> bool:
    """Note that the database went back to a named moment, and which newest entry it had had before.

    Returns False, and writes nothing, when that very return is noted already: a step may be done twice.
    """
    known = text(
        "SELECT EXISTS (SELECT FROM audit.entries WHERE action = :action"
        " AND details->>'point' = :point AND details->>'head' = :head)"
    )
    if connection.scalar(known, {"action": RETURNED, "point": point, "head": lost["hash"]}):
        return False
    details = {
        "point": point,
        "lost_from": newest(connection)["seq"] + 1,
        "lost_to": lost["seq"],
        "head": lost["hash"],
    }
    append(connection, [Entry(datetime.now(UTC), "system", None, "system", RETURNED, "database", "", details)])
    return True


def explanation(connection: Connection, seq: int) -> dict[str, Any] | None:
    """The newest return with which entry `seq` was lost: its details and `at`, an ISO time; None without one."""
    statement = text(
        "SELECT at, details FROM audit.entries WHERE action = :action"
        " AND CAST(details->>'lost_from' AS bigint) <= :seq AND CAST(details->>'lost_to' AS bigint) >= :seq"
        " ORDER BY seq DESC LIMIT 1"
    )
    row = connection.execute(statement, {"action": RETURNED, "seq": seq}).first()
    return {**row.details, "at": row.at.astimezone(UTC).isoformat(timespec="seconds")} if row else None
