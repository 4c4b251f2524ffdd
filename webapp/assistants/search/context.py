"""The line below a result's title: whose record it is, so that two of the same name can be told apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.orm import Session

from webapp.crm.communications.models import Communication
from webapp.crm.deals.models import Deal, Stage
from webapp.crm.documents.models import Document
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.tasks.models import Task
from webapp.kit.access import Actor, reach
from webapp.kit.i18n import current_locale, show_date, show_money

# What is told of a record itself, before the names of its client.
OWN: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "organisation": (Organisation, ("industry", "city")),
    "person": (Person, ("position",)),
    "deal": (Deal, ("amount", "currency")),
    "task": (Task, ("due_at",)),
    "communication": (Communication, ("occurred_at",)),
    "document": (Document, ("filename",)),
}
CLIENTS: Mapping[str, tuple[Any, str]] = {"organisation_id": (Organisation, "name"), "person_id": (Person, "full_name")}


def about(session: Session, actor: Actor, found: Mapping[str, Collection[int]]) -> dict[tuple[str, int], str]:
    """One short line about each record, by entity and id; hidden fields and clients out of reach are left out."""
    lines: dict[tuple[str, int], str] = {}
    for entity, ids in found.items():
        if entity in OWN and ids:
            for row in session.execute(_statement(actor, entity, ids)):
                lines[entity, row.id] = " · ".join(filter(None, _facts(row)))
    return lines


def _statement(actor: Actor, entity: str, ids: Collection[int]) -> Select[Any]:
    model, names = OWN[entity]
    seen = [getattr(model, name) for name in names if actor.sees(entity, name)]
    statement = select(model.id, *seen).where(model.id.in_(ids), reach(actor, model))
    for column, (client, name) in CLIENTS.items():
        if hasattr(model, column) and actor.sees(client.__entity__, name):
            held = and_(client.id == getattr(model, column), reach(actor, client))
            statement = statement.add_columns(getattr(client, name).label(f"client_{name}")).outerjoin(client, held)
    if entity == "deal" and actor.sees("deal", "stage_id"):
        stage = Stage.name_ru if current_locale() == "ru" else Stage.name_en
        statement = statement.add_columns(stage.label("stage")).join(Stage, Stage.id == Deal.stage_id)
    return statement


def _facts(row: Row[Any]) -> list[str]:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    values.pop("id")
    clients = [str(values.pop(name)) for name in ("client_name", "client_full_name") if values.get(name)]
    currency = values.pop("currency", None)
    if "amount" in values:
        values["amount"] = show_money(values["amount"], currency)
    own = [
        show_date(v) if isinstance(v, datetime) else str(v) for name, v in values.items() if v and "client" not in name
    ]
    return [*clients, *own]
