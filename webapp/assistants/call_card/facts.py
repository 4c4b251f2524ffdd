"""The facts that the call card is made from: collected with the rights of the person who uploaded the call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from appliance.settings import WebSettings
from webapp.assistants.call_card.candidates import MOST_CANDIDATES, candidates, names_heard
from webapp.crm.communications.models import Communication, Segment
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.products.models import Product
from webapp.crm.users.models import User
from webapp.crm.users.queries import actor_of
from webapp.kit.access import SYSTEM, Actor, reach

MOST_PRODUCTS = 300
MOST_HOT_WORDS = 60
SUPPORTED = ("ru", "en")


def uploader(session: Session, user_id: int | None) -> Actor:
    """The person in whose name a call is processed; the system when the account is gone."""
    user = session.get(User, user_id) if user_id is not None else None
    return actor_of(session, user) if user is not None else SYSTEM


def client_of(session: Session, actor: Actor, call: Communication) -> tuple[Person | None, Organisation | None]:
    """Person and organisation of a call, as far as the actor may see them."""
    people = select(Person).where(reach(actor, Person), Person.id == call.person_id)
    person = session.scalars(people.options(joinedload(Person.organisation))).first() if call.person_id else None
    organisations = select(Organisation).where(reach(actor, Organisation), Organisation.id == call.organisation_id)
    organisation = session.scalars(organisations).first() if call.organisation_id else None
    return person, organisation


def staff_at(session: Session, actor: Actor, organisation_id: int | None) -> list[Person]:
    """The people of a client's organisation that the actor may see."""
    if organisation_id is None:
        return []
    statement = select(Person).where(reach(actor, Person), Person.organisation_id == organisation_id)
    statement = statement.options(joinedload(Person.organisation)).order_by(Person.updated_at.desc())
    return list(session.scalars(statement.limit(MOST_CANDIDATES)))


def catalogue(session: Session, actor: Actor) -> list[Product]:
    """The products that the actor may see."""
    if not actor.may("product"):
        return []
    return list(session.scalars(select(Product).order_by(Product.name).limit(MOST_PRODUCTS)))


def colleagues(session: Session) -> list[str]:
    """The names of our own people: never the client."""
    return list(session.scalars(select(User.full_name).where(User.active).order_by(User.id).limit(MOST_CANDIDATES)))


def hot_words(session: Session, actor: Actor, call: Communication) -> list[str]:
    """The names that the speech model should know before it listens, most probable first."""
    person, organisation = client_of(session, actor, call)
    words: list[str] = []
    words += [person.full_name] if person else []
    words += [organisation.name] if organisation else []
    words += [product.name for product in catalogue(session, actor)[:25]]
    words += [p.full_name for p in staff_at(session, actor, call.organisation_id)[:15]]
    words += colleagues(session)[:15]
    return list(dict.fromkeys(words))[:MOST_HOT_WORDS]


def of_call(
    session: Session, actor: Actor, call: Communication, segments: list[Segment], settings: WebSettings
) -> dict[str, Any]:
    """The input of the module: the transcript, the client as far as known, and what names may mean."""
    person, organisation = client_of(session, actor, call)
    heard = names_heard(segments)
    people = _unique(
        [person, *staff_at(session, actor, call.organisation_id), *candidates(session, actor, Person, heard)]
    )
    organisations = _unique([organisation, *candidates(session, actor, Organisation, heard)])
    return {
        "communication": _communication(call, segments),
        "colleagues": [{"name": name} for name in colleagues(session)],
        "company": {"name": settings.company_name},
        "client": {
            "person": _person(person) if person else None,
            "organisation": {"id": str(organisation.id), "name": organisation.name} if organisation else None,
        },
        "people": [_person(p) for p in people],
        "organisations": [{"id": str(o.id), "name": o.name} for o in organisations],
        "products": [_product(product) for product in catalogue(session, actor)],
        "timezone": settings.timezone,
        "currency": settings.currency,
    }


def _unique(records: Iterable[Any]) -> list[Any]:
    return list({record.id: record for record in records if record is not None}.values())[:MOST_CANDIDATES]


def _person(person: Person) -> dict[str, Any]:
    organisation = person.organisation.name if person.organisation else None
    return {"id": str(person.id), "name": person.full_name, "organisation": organisation}


def _product(product: Product) -> dict[str, Any]:
    return {
        "id": str(product.id),
        "name": product.name,
        "aliases": list(product.aliases),
        "currency": product.currency,
        "price": float(product.price) if product.price is not None else None,
    }


def _communication(call: Communication, segments: list[Segment]) -> dict[str, Any]:
    return {
        "id": str(call.id),
        "occurred_at": call.occurred_at.isoformat(),
        "direction": call.direction,
        "language": call.language if call.language in SUPPORTED else None,
        "duration": segments[-1].end if segments else 0.0,
        "segments": [
            {
                "index": segment.position,
                "start": segment.start,
                "end": segment.end,
                "text": segment.text,
                "channel": segment.channel,
                "speaker": segment.speaker,
                "words": segment.words,
            }
            for segment in segments
        ],
    }
