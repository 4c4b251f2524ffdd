"""Verbs on deals: each checks the actor's rights, keeps the history and says what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from webapp.crm.deals import queries
from webapp.crm.deals.messages import (
    CreateDeal,
    DealCreated,
    DealDeleted,
    DealUpdated,
    Item,
    SetItems,
    UpdateDeal,
)
from webapp.crm.deals.models import Deal, DealItem
from webapp.crm.organisations.queries import check_visible as check_organisation
from webapp.crm.organisations.queries import with_holder
from webapp.crm.people.queries import check_visible as check_person
from webapp.crm.products.queries import by_ids, by_names
from webapp.kit import cleaning, records
from webapp.kit.access import Actor, require, require_fields
from webapp.kit.clock import now
from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_
from webapp.kit.outbox import emit
from webapp.kit.records import Applied

CLEANERS: Mapping[str, cleaning.Cleaner] = {
    "title": cleaning.line(200, required=True),
    "organisation_id": cleaning.reference,
    "person_id": cleaning.reference,
    "stage_id": cleaning.reference,
    "amount": cleaning.money,
    "currency": cleaning.currency,
    "expected_close": cleaning.day,
    "notes": cleaning.note,
    "owner_id": cleaning.reference,
    "team_id": cleaning.reference,
}
MOST_ITEMS = 100


def _checked(session: Session, actor: Actor, values: Mapping[str, Any], deal: Deal | None = None) -> dict[str, Any]:
    """The values as they are stored; raises Invalid when one does not fit or names what the actor may not see."""
    cleaned = with_holder(session, cleaning.clean(values, CLEANERS), deal)
    check_organisation(session, actor, cleaned, deal)
    check_person(session, actor, cleaned, deal)
    if "stage_id" in cleaned:
        stages = {stage.id: stage for stage in queries.stages(session)}
        if cleaned["stage_id"] is None:
            cleaned["stage_id"] = deal.stage_id if deal else min(stages.values(), key=lambda s: s.position).id
        elif cleaned["stage_id"] not in stages:
            raise Invalid({"stage_id": N_("There is no such stage")})
    return cleaned


def create(session: Session, actor: Actor, command: CreateDeal, *, by_person: bool = True) -> Deal:
    """Add a deal, in the first stage unless another is named; `by_person` marks its fields as typed."""
    deal = Deal(**_checked(session, actor, asdict(command)))
    records.start(actor, deal, by_person=by_person)
    session.add(deal)
    session.flush()
    emit(session, DealCreated(deal.id))
    return deal


def update(session: Session, actor: Actor, command: UpdateDeal) -> Deal:
    """Change fields that a person typed; raises Stale when somebody else was quicker."""
    deal = queries.for_edit(session, actor, command.id)
    records.check_version(deal, command.version)
    apply(session, actor, deal, command.values, by_person=True)
    return deal


def apply(session: Session, actor: Actor, deal: Deal, values: Mapping[str, Any], *, by_person: bool) -> Applied:
    """Set fields on a loaded deal; answers which were written and which a person's own value kept."""
    applied = records.apply(actor, deal, _checked(session, actor, values, deal), by_person=by_person)
    if applied.changed:
        session.flush()
        emit(session, DealUpdated(deal.id, applied.changed))
    return applied


def set_items(session: Session, actor: Actor, command: SetItems) -> Deal:
    """Replace the products of a deal. The amount follows them unless a person has typed it.

    "items" counts as a field: hidden and read-only levels hold for it, and a person's list is not overwritten.
    """
    deal = queries.for_edit(session, actor, command.deal_id)
    require(actor, deal, "edit")
    require_fields(actor, "deal", ["items"])
    records.check_version(deal, command.version)
    if not command.by_person and "items" in deal.human_fields:
        return deal
    wanted = _items(session, actor, command.items, deal.currency)
    stored = queries.items(session, deal.id)
    if [_content(item) for item in stored] == [_content(item) for item in wanted]:
        return deal
    _replace(session, deal, stored, wanted)
    if command.by_person:
        deal.human_fields = sorted({*deal.human_fields, "items"})
    changed = ["items"]
    total = total_of(wanted)
    if total is not None and "amount" not in deal.human_fields and deal.amount != total:
        deal.amount = total
        changed.append("amount")
    # The list is a part of the deal: its version counts on, so that whoever has the deal open is told.
    deal.updated_at = now()
    session.flush()
    emit(session, DealUpdated(deal.id, tuple(changed)))
    return deal


def _content(item: DealItem) -> tuple[Any, ...]:
    return item.product_id, item.product_name, item.quantity, item.price


def _replace(session: Session, deal: Deal, stored: Sequence[DealItem], wanted: Sequence[DealItem]) -> None:
    """Write the wanted rows over the stored ones, so that the history tells what changed and what stayed."""
    for old, new in zip(stored, wanted, strict=False):
        old.product_id, old.product_name, old.quantity, old.price = _content(new)
    for old in stored[len(wanted) :]:
        session.delete(old)
    for new in wanted[len(stored) :]:
        new.deal_id = deal.id
        session.add(new)


def _items(session: Session, actor: Actor, given: Sequence[Item], currency: str) -> list[DealItem]:
    """The rows that the items stand for, with the catalogue's names and prices; raises Invalid."""
    if len(given) > MOST_ITEMS:
        raise Invalid({"items": N_("These are too many products for one deal")})
    ids = by_ids(session, actor, [item.product_id for item in given if item.product_id])
    names = by_names(session, actor, [item.product_name.strip() for item in given])
    rows: list[DealItem] = []
    errors: dict[str, str] = {}
    name_of = cleaning.line(200, required=True)
    for index, item in enumerate(given):
        product = ids.get(item.product_id or 0) or names.get(item.product_name.strip().lower())
        if item.product_id and product is None:
            errors[f"items.{index}.product_id"] = N_("There is no such product")
            continue
        try:
            name = product.name if product else name_of(item.product_name)
            price = cleaning.money(item.price)
            row = DealItem(product_name=name, quantity=cleaning.quantity(item.quantity), price=price)
        except cleaning.Unclean as error:
            errors[f"items.{index}"] = str(error)
            continue
        row.product_id = product.id if product else None
        if price is None and product and product.currency == currency:
            row.price = product.price
        rows.append(row)
    if errors:
        raise Invalid(errors)
    return rows


def total_of(items: Sequence[DealItem]) -> Decimal | None:
    """What the items cost together; None when a price or quantity is missing, so that no half sum is shown."""
    if not items or any(item.price is None or item.quantity is None for item in items):
        return None
    return sum((item.price * item.quantity for item in items if item.price and item.quantity), Decimal(0)).quantize(
        Decimal("0.01")
    )


def delete(session: Session, actor: Actor, deal_id: int, *, version: int | None = None) -> None:
    """Delete a deal with its items; tasks and calls that named it stay."""
    deal = queries.for_edit(session, actor, deal_id)
    require(actor, deal, "delete")
    records.check_version(deal, version)
    for item in queries.items(session, deal.id):
        session.delete(item)
    session.flush()
    session.delete(deal)
    session.flush()
    emit(session, DealDeleted(deal_id))
