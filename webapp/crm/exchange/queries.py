"""Finding records of other systems, and clients that are here already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from webapp.crm.deals import queries as deals
from webapp.crm.exchange.models import ExternalRecord
from webapp.crm.organisations import queries as organisations
from webapp.crm.organisations.models import Organisation
from webapp.crm.people import queries as people
from webapp.crm.people.models import Person
from webapp.kit.access import Actor

Named = tuple[str, str]  # entity and key


def known(session: Session, source: str, wanted: Iterable[Named]) -> dict[Named, ExternalRecord]:
    """The records of a source that were sent before, by entity and key."""
    pairs = sorted(set(wanted))
    if not pairs:
        return {}
    statement = select(ExternalRecord).where(
        ExternalRecord.source == source, tuple_(ExternalRecord.entity, ExternalRecord.key).in_(pairs)
    )
    return {(found.entity, found.key): found for found in session.scalars(statement)}


def lone_organisation(session: Session, actor: Actor, values: Mapping[str, Any]) -> int | None:
    """The one visible organisation with the tax number of the values; None when there is none or more than one."""
    number = values.get("tax_number")
    if not number or not actor.sees("organisation", "tax_number"):
        return None
    statement = organisations.visible(actor).with_only_columns(Organisation.id)
    found = session.scalars(statement.where(Organisation.tax_number == number).limit(2)).all()
    return found[0] if len(found) == 1 else None


def lone_person(session: Session, actor: Actor, values: Mapping[str, Any]) -> int | None:
    """The one visible person with the e-mail address, or else the phone, of the values."""
    for name, column in (("email", Person.email), ("phone", Person.phone)):
        if not values.get(name) or not actor.sees("person", name):
            continue
        statement = people.visible(actor).with_only_columns(Person.id)
        found = session.scalars(statement.where(column == values[name]).limit(2)).all()
        if len(found) == 1:
            return found[0]
    return None


def named(session: Session, actor: Actor, entity: str, words: str) -> int | None:
    """The one visible record that these words name: a client by tax number, e-mail, phone or name, a deal by title."""
    if entity == "organisation":
        found = lone_organisation(session, actor, {"tax_number": words})
        names = organisations.by_name(session, actor, words)
    elif entity == "person":
        found = lone_person(session, actor, {"email": words.lower(), "phone": words})
        names = people.by_name(session, actor, words)
    else:
        found, names = None, deals.by_name(session, actor, words)
    return found if found is not None else names[0] if len(names) == 1 else None


def bound(session: Session, source: str, entity: str, record_id: int) -> bool:
    """Whether a record stands under some key of the source already."""
    statement = select(ExternalRecord.id).where(
        ExternalRecord.source == source, ExternalRecord.entity == entity, ExternalRecord.record_id == record_id
    )
    return session.scalar(statement.limit(1)) is not None
