"""Taking records of another system: each by itself, so that a bad one keeps no good one back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from appliance.contract.exchange import Exchange, ExchangeItem, ItemResult, Outcome
from webapp.crm.exchange import queries
from webapp.crm.exchange.models import ExternalRecord
from webapp.crm.exchange.service.kinds import KINDS, Kind
from webapp.kit.access import Actor
from webapp.kit.errors import AppError, Conflict, Invalid, NotFound
from webapp.kit.i18n import N_, gettext

DIGEST_LETTERS = 16
GONE = N_("This record was deleted here, or you may not change it; it is left alone")
UNKNOWN_LINK = N_("There is no record with this key, and not exactly one of this name; send it first")
NO_SUCH_LINK = N_("This kind of record has no such link")


def take(session: Session, actor: Actor, source: str, batch: Exchange) -> list[ItemResult]:
    """Add or change the records of a batch, in order; a record that cannot be taken is refused with its reason.

    The caller commits, or takes everything back when the batch was a check.
    """
    session.info["cause"] = f"exchange:{source}"
    wanted = [(item.entity, item.key) for item in batch.items]
    wanted += [(entity, key) for item in batch.items for entity, key in item.links.items()]
    known = queries.known(session, source, wanted)
    return [_result(session, actor, source, item, known) for item in batch.items]


def _result(
    session: Session, actor: Actor, source: str, item: ExchangeItem, known: dict[queries.Named, ExternalRecord]
) -> ItemResult:
    try:
        try:
            outcome, record_id = _take_one(session, actor, source, item, known)
        except IntegrityError:
            # Somebody else has just sent the same key: now it is known, and this is a change of it.
            known.update(queries.known(session, source, [(item.entity, item.key)]))
            outcome, record_id = _take_one(session, actor, source, item, known)
    except AppError as error:
        known.pop((item.entity, item.key), None)
        known.update(queries.known(session, source, [(item.entity, item.key)]))
        detail = gettext(error.detail or error.title)
        return ItemResult(key=item.key, entity=item.entity, outcome="refused", field=error.field, detail=detail)
    return ItemResult(key=item.key, entity=item.entity, outcome=outcome, id=record_id)


def _take_one(
    session: Session, actor: Actor, source: str, item: ExchangeItem, known: dict[queries.Named, ExternalRecord]
) -> tuple[Outcome, int]:
    kind = KINDS[item.entity]
    values = _values(kind, item) | _linked(session, actor, kind, item, known)
    digests = {name: _digest(value) for name, value in values.items()}
    reference = known.get((item.entity, item.key))
    if reference is None:
        with session.begin_nested():
            outcome, reference = _meet(session, actor, source, item, values)
            reference.seen = digests
            session.add(reference)
            session.flush()
        known[item.entity, item.key] = reference
        return outcome, reference.record_id
    changed = {name: value for name, value in values.items() if reference.seen.get(name) != digests[name]}
    record = _stored(session, actor, kind, reference)
    if not changed:
        return "unchanged", reference.record_id
    with session.begin_nested():
        applied = kind.apply(session, actor, record, changed)
        reference.seen = {**reference.seen, **digests}
        session.flush()
    return ("updated" if applied.changed else "unchanged"), reference.record_id


def _meet(
    session: Session, actor: Actor, source: str, item: ExchangeItem, values: Mapping[str, Any]
) -> tuple[Outcome, ExternalRecord]:
    """A record that is sent for the first time: one that is here already, or a new one."""
    kind = KINDS[item.entity]
    outcome: Outcome = "created"
    here = kind.alike(session, actor, values)
    if here is not None and not queries.bound(session, source, item.entity, here):
        record = kind.load(session, actor, here)
        # What stands here was written here: a first meeting fills in what is empty and overwrites nothing.
        empty = {name: value for name, value in values.items() if getattr(record, name, None) in (None, "", [])}
        outcome = "updated" if kind.apply(session, actor, record, empty).changed else "unchanged"
    else:
        record = kind.create(session, actor, values)
    return outcome, ExternalRecord(source=source, entity=item.entity, key=item.key, record_id=record.id)


def _stored(session: Session, actor: Actor, kind: Kind, reference: ExternalRecord) -> Any:
    """The record of a key, locked; raises Conflict when it is gone."""
    try:
        return kind.load(session, actor, reference.record_id)
    except NotFound:
        raise Conflict(GONE, field="key") from None


def _values(kind: Kind, item: ExchangeItem) -> dict[str, Any]:
    """The fields that were sent, read by the contract; raises Invalid naming the field at fault."""
    try:
        read = kind.contract.model_validate(item.values)
    except ValidationError as error:
        raise Invalid(_sentences(error)) from None
    return read.model_dump(exclude_unset=True)


def _sentences(error: ValidationError) -> dict[str, str]:
    return {".".join(str(part) for part in one["loc"]) or "values": one["msg"] for one in error.errors()}


def _linked(
    session: Session, actor: Actor, kind: Kind, item: ExchangeItem, known: Mapping[queries.Named, ExternalRecord]
) -> dict[str, Any]:
    """The ids of the records that the item names: by their keys, or else as people would, by what is theirs alone."""
    found: dict[str, Any] = {}
    for entity, key in item.links.items():
        if entity not in kind.links:
            raise Invalid({f"links.{entity}": NO_SUCH_LINK})
        reference = known.get((entity, key))
        linked = reference.record_id if reference else queries.named(session, actor, entity, key)
        if linked is None:
            raise Invalid({f"links.{entity}": UNKNOWN_LINK})
        found[kind.links[entity]] = linked
    return found


def _digest(value: Any) -> str:
    """A short digest of a value: enough to see that it changed, and nothing can be read from it."""
    return hashlib.sha256(json.dumps(value, default=str, sort_keys=True).encode()).hexdigest()[:DIGEST_LETTERS]


def address_of(session: Session, actor: Actor, source: str, entity: str, key: str) -> int:
    """The id of the record with this key; raises NotFound, also when the actor may not see the record."""
    kind = KINDS.get(entity)
    found: Sequence[ExternalRecord] = list(queries.known(session, source, [(entity, key)]).values())
    if kind is None or not found:
        raise NotFound
    record_id: int = kind.load(session, actor, found[0].record_id).id
    return record_id
