"""What changed: each insert, update and delete of a record leaves its history and its audit entry by itself.

A service cannot forget to record a change, because the session does it at flush. Old and new values are kept in
`changes` (they can be erased with the person); the audit chain keeps the names of the fields alone.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, Index, event, insert, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from appliance.audit.chain import Entry, append
from webapp.kit.access import SYSTEM, Actor
from webapp.kit.clock import now
from webapp.kit.db import Base

SILENT_FIELDS = frozenset({"id", "created_at", "updated_at", "version", "human_fields"})


class Change(Base):
    """One field of one record, before and after; `cause` names the run or import behind it, for undo."""

    __tablename__ = "changes"
    __table_args__ = (Index(None, "entity", "entity_id", "id"), Index(None, "cause"))

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None]
    entity: Mapped[str]
    entity_id: Mapped[int]
    action: Mapped[str]
    field: Mapped[str]
    old: Mapped[Any] = mapped_column(JSONB, nullable=True)
    new: Mapped[Any] = mapped_column(JSONB, nullable=True)
    cause: Mapped[str | None]


def begin(session: Session, actor: Actor, *, request_id: str = "", cause: str | None = None) -> None:
    """Tell the session for whom it works; every change and audit entry of the transaction names this actor."""
    session.info.update(actor=actor, request_id=request_id, cause=cause)


def record(session: Session, action: str, entity: str = "", entity_id: int | str | None = None, **details: Any) -> None:
    """Put an audit entry (an event and ids, never a person's words) into the transaction; it is chained at commit."""
    actor: Actor = session.info.get("actor", SYSTEM)
    session.info.setdefault("audit", []).append(
        Entry(
            at=now(),
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor=actor.username,
            action=action,
            entity=entity,
            entity_id="" if entity_id is None else str(entity_id),
            details=details,
        )
    )


def plain(value: Any) -> Any:
    """A column value as JSON."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    return value


def _tracked(record_: Any) -> bool:
    return bool(getattr(record_, "__entity__", "")) and getattr(record_, "__history__", True)


def _changed_fields(record_: Any, action: str) -> dict[str, tuple[Any, Any]]:
    """Field name to (old, new) of one record, without the fields that change with every change."""
    state = inspect(record_)
    fields: dict[str, tuple[Any, Any]] = {}
    for attribute in state.mapper.column_attrs:
        name = attribute.key
        column = attribute.columns[0]
        if name in SILENT_FIELDS or column.computed is not None or getattr(column, "info", {}).get("silent"):
            continue
        history = state.attrs[name].history
        if action == "created":
            value = plain(getattr(record_, name))
            if value not in (None, [], ""):
                fields[name] = (None, value)
        elif action == "deleted":
            fields[name] = (plain(getattr(record_, name)), None)
        elif history.has_changes():
            fields[name] = (plain(history.deleted[0]) if history.deleted else None, plain(getattr(record_, name)))
    return fields


def _collect(session: Session, _context: Any) -> None:
    """Before the flush is over: keep what each record changed (ids are known now)."""
    pending: list[dict[str, Any]] = []
    actor: Actor = session.info.get("actor", SYSTEM)
    for action, records in (("created", session.new), ("updated", session.dirty), ("deleted", session.deleted)):
        for item in records:
            if not _tracked(item) or (action == "updated" and not session.is_modified(item, include_collections=False)):
                continue
            fields = _changed_fields(item, action)
            if not fields:
                continue
            record(session, f"{item.__entity__}.{action}", item.__entity__, item.id, fields=sorted(fields))
            base = {"at": now(), "actor_id": actor.id, "entity": item.__entity__, "entity_id": item.id}
            base |= {"action": action, "cause": session.info.get("cause")}
            pending += [base | {"field": name, "old": old, "new": new} for name, (old, new) in fields.items()]
    if pending:
        session.execute(insert(Change), pending)


def _bump_versions(session: Session, _context: Any, _instances: Any) -> None:
    """Before a flush: count the change on each record that has a version."""
    for item in session.dirty:
        if hasattr(item, "version") and session.is_modified(item, include_collections=False):
            item.version = (item.version or 0) + 1


def _chain(session: Session) -> None:
    """Before the commit: flush what is pending, then put the transaction's audit entries into the chain.

    It is the last statement, so that the chain's lock is held only for the commit itself.
    """
    session.flush()
    entries: list[Entry] = session.info.pop("audit", [])
    if entries:
        append(session.connection(), entries)


def _mark(session: Session, transaction: SessionTransaction) -> None:
    """Remember what was recorded before a savepoint, so that going back to it forgets no more than came after it."""
    if transaction.nested:
        session.info.setdefault("audit_marks", {})[transaction] = len(session.info.get("audit", []))


def _forget(session: Session, gone: SessionTransaction) -> None:
    """After a rollback: forget the entries of what was rolled back, a savepoint or the whole transaction."""
    if gone.nested:
        del session.info.get("audit", [])[session.info.get("audit_marks", {}).get(gone, 0) :]
    else:
        session.info.pop("audit", None)


def _unmark(session: Session, transaction: SessionTransaction) -> None:
    session.info.get("audit_marks", {}).pop(transaction, None)


def install(sessions: Any) -> None:
    """Attach the recording of changes to a session factory."""
    event.listen(sessions, "before_flush", _bump_versions)
    event.listen(sessions, "after_flush", _collect)
    event.listen(sessions, "before_commit", _chain)
    event.listen(sessions, "after_transaction_create", _mark)
    event.listen(sessions, "after_soft_rollback", _forget)
    event.listen(sessions, "after_transaction_end", _unmark)
