"""Writing a record under the rules that hold for all: rights, fields typed by people, and two people at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from webapp.kit.access import Actor, require, require_any, require_fields
from webapp.kit.errors import Conflict, Forbidden, NotFound
from webapp.kit.i18n import N_


class Stale(Conflict):
    """Somebody else has saved the record since the form was opened; `record` holds what is stored now."""

    title = N_("Somebody else has changed this meanwhile")

    def __init__(self, record: Any) -> None:
        """`record` is the stored one."""
        super().__init__(N_("Compare your values with what is stored now, then save again."), field="version")
        self.record = record


@dataclass(frozen=True)
class Applied:
    """Which fields were written, and which were left alone because a person had typed them."""

    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def one(session: Session, statement: Select[Any]) -> Any:
    """The one record of a statement that was already narrowed to what the actor may see; raises NotFound."""
    found = session.scalars(statement).unique().first()
    if found is None:
        raise NotFound
    return found


def check_version(record: Any, version: int | None) -> None:
    """Raise Stale when the record is not the one that the person saw; None means "whatever is stored"."""
    if version is not None and record.version != version:
        raise Stale(record)


def start(actor: Actor, record: Any, *, by_person: bool) -> None:
    """Check a new record before it is added: the right to create it, and to write each field that it brings.

    A record without an owner belongs to its maker and the maker's team.
    """
    require_any(actor, record.__entity__, "create")
    if record.owner_id is None:
        record.owner_id = actor.id
    if record.team_id is None and record.owner_id == actor.id:
        record.team_id = actor.team_id
    require(actor, record, "create")
    given = _given(record)
    require_fields(actor, record.__entity__, given)
    record.human_fields = sorted(given) if by_person else []


def _given(record: Any) -> list[str]:
    silent = {"id", "owner_id", "team_id", "human_fields", "version", "created_at", "updated_at"}
    columns = (attribute.key for attribute in record.__mapper__.column_attrs)
    return [name for name in columns if name not in silent and getattr(record, name) not in (None, "", [])]


def apply(actor: Actor, record: Any, values: Mapping[str, Any], *, by_person: bool) -> Applied:
    """Set cleaned values on a stored record.

    Raises Forbidden, naming the field, when the actor may not edit the record or write a field that would change. A
    person's edit marks its fields; what is no person's edit leaves marked fields alone and says which.
    """
    require(actor, record, "edit")
    for name in values:  # also with the stored value: guesses at what is hidden must not be told right from wrong
        if not actor.sees(record.__entity__, name):
            raise Forbidden(field=name)
    changes = {name: value for name, value in values.items() if getattr(record, name) != value}
    kept = () if by_person else tuple(sorted(set(changes) & set(record.human_fields)))
    changes = {name: value for name, value in changes.items() if name not in kept}
    require_fields(actor, record.__entity__, changes)
    for name, value in changes.items():
        setattr(record, name, value)
    if by_person and changes:
        record.human_fields = sorted({*record.human_fields, *changes})
    if changes.keys() & {"owner_id", "team_id"}:
        require(actor, record, "edit")  # nobody gives a record away beyond their own reach
    return Applied(tuple(sorted(changes)), kept)


def fields_of(record: Any, names: Iterable[str]) -> dict[str, Any]:
    """The stored values of some fields."""
    return {name: getattr(record, name) for name in names}
