"""What the client wants to buy: accepted products, quantities and budget become, or complete, one deal of the call."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from webapp.ai.proposals.models import Proposal
from webapp.assistants.call_card import matching
from webapp.assistants.call_card.card import Card, by_person, kept_back, value_of, waits, written
from webapp.assistants.call_card.messages import (
    ANOTHER_VALUE,
    NO_DEAL,
    VALUE_KEPT,
    WAITS_FOR_DEAL,
    WAITS_FOR_PRODUCT,
)
from webapp.crm.deals import queries as deal_queries
from webapp.crm.deals import service as deals
from webapp.crm.deals.messages import CreateDeal, Item, SetItems
from webapp.crm.deals.models import Deal
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.kit.i18n import gettext

BUYING = frozenset({"purchase", "quote_request", "renewal"})
NOT_BUYING = frozenset({"complaint", "support", "cancellation", "payment", "delivery"})
FIELDS = ("product", "quantity", "budget", "currency")


def settle(card: Card) -> Deal | None:
    """Bring the call's deal to what is accepted by now; None when there is none."""
    deal: Deal | None = matching.record(card.session, card.actor, Deal, card.call.deal_id)
    if deal is None and not _wanted(card):
        for proposal in card.accepted(*FIELDS):
            waits(proposal, _why_none(card, proposal))
        return None
    if not card.accepted("intent", *FIELDS):
        return deal
    if deal is None:
        deal = _create(card)
        card.call.deal_id = deal.id
    _link(card, deal)
    _products(card, deal)
    _money(card, deal)
    if ("deal", deal.id) in card.made:
        deals.apply(card.session, card.actor, deal, {"title": _title(card)}, by_person=False)
    for proposal in card.accepted("intent"):
        written(proposal, "deal", deal.id)
    return deal


def _intent(card: Card) -> str:
    """What the client wants, decided or proposed: so that the order of clicks does not matter."""
    chosen = card.best("intent") or next(iter(card.live("intent")), None)
    return str(value_of(chosen)) if chosen else ""


def _wanted(card: Card) -> bool:
    intent = card.best("intent")
    if card.accepted("quantity", "budget") or (intent is not None and value_of(intent) in BUYING):
        return True
    return bool(card.accepted("product")) and _intent(card) not in NOT_BUYING


def _why_none(card: Card, proposal: Proposal) -> str:
    if proposal.field == "product" and _intent(card) in NOT_BUYING:
        return NO_DEAL
    return WAITS_FOR_DEAL


def _create(card: Card) -> Deal:
    command = CreateDeal(title=_title(card), currency=_currency(card), organisation_id=card.call.organisation_id)
    deal = deals.create(card.session, card.actor, command, by_person=False)
    card.made.add(("deal", deal.id))
    return deal


def _title(card: Card) -> str:
    """“Pump × 20 — Severstal”: the goods and the client, as far as they are known by now."""
    goods = ", ".join(_goods(card, product) for product in _in_order(card)[:3])
    organisation = matching.record(card.session, card.actor, Organisation, card.call.organisation_id)
    person = matching.record(card.session, card.actor, Person, card.call.person_id)
    client = organisation.name if organisation else person.full_name if person else ""
    return " — ".join(part for part in (goods, client) if part)[:200] or gettext("Deal from a call")


def _goods(card: Card, product: Proposal) -> str:
    quantity = _quantity(card, product)
    return f"{value_of(product)} × {_plain(value_of(quantity))}" if quantity else str(value_of(product))


def _plain(number: Any) -> str:
    return f"{Decimal(str(number)).normalize():f}"


def _in_order(card: Card) -> list[Proposal]:
    """Accepted products as they were named, each once."""
    seen: dict[str, Proposal] = {}
    for product in sorted(card.accepted("product"), key=lambda p: (p.group is None, p.group or 0, p.id)):
        seen.setdefault(matching.folded(str(value_of(product))), product)
    return list(seen.values())


def _quantity(card: Card, product: Proposal) -> Proposal | None:
    """The accepted quantity of a product: of the same group, or the only one of the call."""
    accepted = card.accepted("quantity")
    paired = [q for q in accepted if q.group is not None and q.group == product.group]
    if paired:
        return paired[0]
    alone = len(card.live("product")) == 1 and len(card.live("quantity")) == 1
    return accepted[0] if accepted and alone else None


def _link(card: Card, deal: Deal) -> None:
    """The deal belongs to the call's client, unless it has one already."""
    made = ("deal", deal.id) in card.made
    values = {
        name: getattr(card.call, name)
        for name in ("organisation_id", "person_id")
        if getattr(card.call, name) is not None and (made or getattr(deal, name) is None)
    }
    if values:
        deals.apply(card.session, card.actor, deal, values, by_person=False)


def _products(card: Card, deal: Deal) -> None:
    """Put the accepted products into the deal, beside those that were there before."""
    products = _in_order(card)
    wanted = [_item(card, product) for product in products]
    names = {matching.folded(item.product_name) for item in wanted}
    ids = {item.product_id for item in wanted if item.product_id}
    present = [] if ("deal", deal.id) in card.made else deal_queries.items(card.session, deal.id)
    others = [
        Item(old.product_name, old.product_id, old.quantity, old.price)
        for old in present
        if old.product_id not in ids and matching.folded(old.product_name) not in names
    ]
    if wanted:
        typed = any(by_person(p) for p in card.accepted("product", "quantity"))
        blocked = "items" in deal.human_fields and not typed
        if not blocked:
            deals.set_items(card.session, card.actor, SetItems(deal.id, [*others, *wanted], by_person=typed))
        for proposal in card.accepted("product"):
            kept_back(proposal, VALUE_KEPT, "deal", deal.id) if blocked else written(proposal, "deal", deal.id)
    taken = {id(q) for q in (_quantity(card, product) for product in products) if q is not None}
    for quantity in card.accepted("quantity"):
        if id(quantity) in taken:
            written(quantity, "deal", deal.id)
        else:
            waits(quantity, WAITS_FOR_PRODUCT if card.live("product") else ANOTHER_VALUE)


def _item(card: Card, product: Proposal) -> Item:
    quantity = _quantity(card, product)
    known = None if by_person(product) else product.known_id
    count = value_of(quantity) if quantity else None
    return Item(str(value_of(product)), known, None if count is None else str(count))


def _money(card: Card, deal: Deal) -> None:
    """Budget and currency of the call; without a budget the catalogue's prices count."""
    currency, budget = card.best("currency"), card.best("budget")
    for name, chosen in (("currency", currency), ("amount", budget)):
        if chosen is None:
            continue
        values = {name: str(value_of(chosen))}
        applied = deals.apply(card.session, card.actor, deal, values, by_person=by_person(chosen))
        if name in applied.kept:
            kept_back(chosen, VALUE_KEPT, "deal", deal.id)
        else:
            written(chosen, "deal", deal.id)
        for other in card.accepted(chosen.field)[1:]:
            waits(other, "" if value_of(other) == value_of(chosen) else ANOTHER_VALUE)


def _currency(card: Card) -> str:
    chosen = card.best("currency")
    return str(value_of(chosen)) if chosen else card.currency
