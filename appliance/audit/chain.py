"""Appending to the audit chain and verifying it.

Each entry's hash is SHA-256 over the hash before it and the canonical JSON of the entry, so that no entry can be
changed, removed or slipped in without breaking every later link. The database role of the web application may insert
and read here and nothing else (see `SCHEMA`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

GENESIS = b"\x00" * 32
LOCK_KEY = 0x05770B  # any constant of our own: one writer of the chain at a time

SCHEMA = (
    "CREATE SCHEMA IF NOT EXISTS audit",
    """
    CREATE TABLE audit.entries (
        seq bigint PRIMARY KEY,
        at timestamptz NOT NULL,
        actor_kind text NOT NULL,
        actor_id bigint,
        actor text NOT NULL,
        action text NOT NULL,
        entity text NOT NULL,
        entity_id text NOT NULL,
        details jsonb NOT NULL,
        previous bytea NOT NULL UNIQUE,
        hash bytea NOT NULL UNIQUE
    )
    """,
    "CREATE INDEX ix_audit_entries_entity ON audit.entries (entity, entity_id, seq)",
    "CREATE INDEX ix_audit_entries_actor ON audit.entries (actor_id, seq)",
    "CREATE INDEX ix_audit_entries_action ON audit.entries (action, seq)",
)


@dataclass(frozen=True)
class Entry:
    """What happened: an event name (`noun.verb_past`), who, on which record, and ids or counts as details."""

    at: datetime
    actor_kind: str
    actor_id: int | None
    actor: str
    action: str
    entity: str = ""
    entity_id: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """The result of a walk: how many entries hold, and the first broken link, if any."""

    entries: int
    head: str
    broken_at: int | None = None
    reason: str = ""
    upto: int = 0
    """The last entry that holds."""

    @property
    def holds(self) -> bool:
        """Whether the whole chain verifies."""
        return self.broken_at is None

    def summary(self) -> dict[str, Any]:
        """The verdict as JSON."""
        return {
            "holds": self.holds,
            "entries": self.entries,
            "head": self.head,
            "broken_at": self.broken_at,
            "reason": self.reason,
        }


def canonical(seq: int, entry: Entry) -> bytes:
    """The bytes that are hashed: sorted-key JSON in UTF-8, times in UTC with microseconds."""
    content = {
        "seq": seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "actor": entry.actor,
        "action": entry.action,
        "entity": entry.entity,
        "entity_id": entry.entity_id,
        "details": entry.details,
    }
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def link(previous: bytes, seq: int, entry: Entry) -> bytes:
    """The hash of an entry that follows `previous`."""
    return hashlib.sha256(previous + canonical(seq, entry)).digest()


def append(connection: Connection, entries: Sequence[Entry]) -> None:
    """Chain the entries inside the caller's transaction; other writers wait until it ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
    last = connection.execute(text("SELECT seq, hash FROM audit.entries ORDER BY seq DESC LIMIT 1")).first()
    seq, previous = (last.seq, bytes(last.hash)) if last else (0, GENESIS)
    rows = []
    for entry in entries:
        seq += 1
        # Details pass through JSON once, so that what is hashed is what PostgreSQL will give back.
        stored = Entry(**{**entry.__dict__, "details": json.loads(json.dumps(entry.details, ensure_ascii=False))})
        current = link(previous, seq, stored)
        row = {**stored.__dict__, "details": json.dumps(stored.details, ensure_ascii=False)}
        rows.append({**row, "seq": seq, "previous": previous, "hash": current})
        previous = current
    connection.execute(
        text(
            "INSERT INTO audit.entries"
            " (seq, at, actor_kind, actor_id, actor, action, entity, entity_id, details, previous, hash)"
            " VALUES (:seq, :at, :actor_kind, :actor_id, :actor, :action, :entity, :entity_id, CAST(:details AS jsonb),"
            " :previous, :hash)"
        ),
        rows,
    )


def _walk(connection: Connection, after: int) -> Iterator[Any]:
    """All rows after an entry, in order, streamed."""
    statement = text(
        "SELECT seq, at, actor_kind, actor_id, actor, action, entity, entity_id, details, previous, hash"
        " FROM audit.entries WHERE seq > :after ORDER BY seq"
    )
    options = statement.execution_options(stream_results=True, yield_per=5000)
    return iter(connection.execute(options, {"after": after}))


def verify(
    connection: Connection,
    *,
    head: str = "",
    after: tuple[int, bytes] = (0, GENESIS),
    enough: Callable[[], bool] = lambda: False,
) -> Verdict:
    """Walk the chain and name the first broken link.

    `head` is a hash that was printed earlier (in hex, or its first digits): when no entry has it, the chain was cut off
    or written anew, which its links alone cannot tell. `after` is an entry (number and hash) up to which the chain was
    walked before; the walk goes on there, and the entry must still be what it was. `enough` ends a walk early.
    """
    seq, previous = after
    expected, count = seq + 1, 0
    known = not head or previous.hex().startswith(head)
    if seq and _hash_of(connection, seq) != previous:
        return Verdict(0, previous.hex(), seq, f"entry {seq} is gone, or is not what it was when it was verified")
    for row in _walk(connection, seq):
        reason = _break(row, previous, expected)
        if reason:
            return Verdict(count, previous.hex(), expected, reason, expected - 1)
        previous, expected, count = bytes(row.hash), row.seq + 1, count + 1
        known = known or previous.hex().startswith(head)
        if enough():
            return Verdict(count, previous.hex(), upto=row.seq)
    if not known:
        reason = "no entry has the head that was noted: the newest were cut off"
        return Verdict(count, previous.hex(), expected, reason, expected - 1)
    return Verdict(count, previous.hex(), upto=expected - 1)


def _hash_of(connection: Connection, seq: int) -> bytes | None:
    """The hash of one entry, None when it is not there."""
    found = connection.scalar(text("SELECT hash FROM audit.entries WHERE seq = :seq"), {"seq": seq})
    return None if found is None else bytes(found)


def _break(row: Any, previous: bytes, expected: int) -> str:
    """Why an entry does not continue the chain; empty when it does."""
    if row.seq != expected:
        return f"entry {expected} is missing: the chain goes on with entry {row.seq}"
    if bytes(row.previous) != previous:
        return f"entry {row.seq} does not follow the entry before it"
    entry = Entry(row.at, row.actor_kind, row.actor_id, row.actor, row.action, row.entity, row.entity_id, row.details)
    if bytes(row.hash) != link(previous, row.seq, entry):
        return f"entry {row.seq} was changed after it was written"
    return ""
