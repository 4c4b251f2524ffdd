"""The kinds of records that other systems send, and the verbs of the entity behind each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import Session

from appliance.contract import client, deal, exchange, task
from webapp.crm.communications import queries as communication_queries
from webapp.crm.communications import service as communications
from webapp.crm.communications.messages import Links, WriteDown
from webapp.crm.deals import queries as deal_queries
from webapp.crm.deals import service as deals
from webapp.crm.deals.messages import CreateDeal, Item, SetItems
from webapp.crm.exchange import queries
from webapp.crm.organisations import queries as organisation_queries
from webapp.crm.organisations import service as organisations
from webapp.crm.organisations.messages import CreateOrganisation
from webapp.crm.people import queries as people_queries
from webapp.crm.people import service as people
from webapp.crm.people.messages import CreatePerson
from webapp.crm.products import queries as product_queries
from webapp.crm.products import service as products
from webapp.crm.products.messages import CreateProduct
from webapp.crm.tasks import queries as task_queries
from webapp.crm.tasks import service as tasks
from webapp.crm.tasks.messages import CreateTask
from webapp.kit import cleaning
from webapp.kit.access import Actor
from webapp.kit.records import Applied

Values = Mapping[str, Any]
CLIENT_LINKS = {"organisation": "organisation_id", "person": "person_id", "deal": "deal_id"}


@dataclass(frozen=True)
class Kind:
    """One kind: what may be sent, how to add it, find it for a change, change it; `alike` finds one that is here."""

    contract: type[BaseModel]
    create: Callable[[Session, Actor, Values], Any]
    load: Callable[[Session, Actor, int], Any]
    apply: Callable[[Session, Actor, Any, Values], Applied]
    links: Mapping[str, str] = field(default_factory=dict)
    alike: Callable[[Session, Actor, Values], int | None] = lambda _session, _actor, _values: None


def _create_deal(session: Session, actor: Actor, values: Values) -> Any:
    plain, items = _deal_values(session, values)
    made = deals.create(session, actor, CreateDeal(**plain))
    if items:
        deals.set_items(session, actor, SetItems(made.id, items))
    return made


def _apply_deal(session: Session, actor: Actor, record: Any, values: Values) -> Applied:
    plain, items = _deal_values(session, values)
    applied = deals.apply(session, actor, record, plain, by_person=True)
    if items is None:
        return applied
    before = record.version
    deals.set_items(session, actor, SetItems(record.id, items))
    changed = ("items",) if record.version != before else ()
    return Applied((*applied.changed, *changed), applied.kept)


def _deal_values(session: Session, values: Values) -> tuple[dict[str, Any], list[Item] | None]:
    """The values with the stage's id in place of its key, and the items apart."""
    plain = {name: value for name, value in values.items() if name not in ("items", "stage")}
    if values.get("stage"):
        plain["stage_id"] = deal_queries.stage_by_key(session, values["stage"])
    given = values.get("items")
    return plain, None if given is None else [Item(**item) for item in given]


def _write_down(session: Session, actor: Actor, values: Values) -> Any:
    links = Links(**{name: values.get(name) for name in ("person_id", "organisation_id", "deal_id")})
    own = {name: value for name, value in values.items() if name not in CLIENT_LINKS.values()}
    own["occurred_at"] = communications.in_past(values.get("occurred_at"))
    own.setdefault("kind", "note")
    return communications.write_down(session, actor, WriteDown(**own, links=links))


def _normal(cleaners: Mapping[str, cleaning.Cleaner], *names: str) -> Callable[[Values], Values]:
    return lambda values: {name: cleaning.try_clean(cleaners[name], values.get(name)) for name in names}


_organisation_keys = _normal(organisations.CLEANERS, "tax_number")
_person_keys = _normal(people.CLEANERS, "email", "phone")

KINDS: Mapping[str, Kind] = {
    "organisation": Kind(
        contract=client.NewOrganisation,
        create=lambda session, actor, values: organisations.create(session, actor, CreateOrganisation(**values)),
        load=organisation_queries.for_edit,
        apply=lambda session, actor, record, values: organisations.apply(
            session, actor, record, values, by_person=True
        ),
        alike=lambda session, actor, values: queries.lone_organisation(session, actor, _organisation_keys(values)),
    ),
    "person": Kind(
        contract=client.NewPerson,
        create=lambda session, actor, values: people.create(session, actor, CreatePerson(**values)),
        load=people_queries.for_edit,
        apply=lambda session, actor, record, values: people.apply(session, actor, record, values, by_person=True),
        links={"organisation": "organisation_id"},
        alike=lambda session, actor, values: queries.lone_person(session, actor, _person_keys(values)),
    ),
    "product": Kind(
        contract=deal.NewProduct,
        create=lambda session, actor, values: products.create(session, actor, CreateProduct(**values)),
        load=product_queries.for_edit,
        apply=products.apply,
    ),
    "deal": Kind(
        contract=deal.NewDeal,
        create=_create_deal,
        load=deal_queries.for_edit,
        apply=_apply_deal,
        links={"organisation": "organisation_id", "person": "person_id"},
    ),
    "task": Kind(
        contract=task.NewTask,
        create=lambda session, actor, values: tasks.create(session, actor, CreateTask(**values)),
        load=task_queries.for_edit,
        apply=lambda session, actor, record, values: tasks.apply(session, actor, record, values, by_person=True),
        links=CLIENT_LINKS,
    ),
    "communication": Kind(
        contract=exchange.NewCommunication,
        create=_write_down,
        load=lambda session, actor, record_id: communication_queries.one(session, actor, record_id, lock=True),
        apply=lambda _session, _actor, _record, _values: Applied(),  # what was said stays as it was filed
        links=CLIENT_LINKS,
    ),
}
