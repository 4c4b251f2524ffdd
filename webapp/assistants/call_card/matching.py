"""Which record a heard name means, among those that the actor may see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.assistants.call_card.candidates import candidates
from webapp.assistants.call_card.facts import staff_at
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.kit.access import Actor, reach

SAME = 90  # of 100: above, two spellings are one name
PART = 95.0
SAME_AT_ONE_PLACE = 78  # among the few people of one organisation a worse hearing is still the same name
LEGAL_FORMS = frozenset(
    "ооо оао зао пао ао ип нко компания фирма ltd limited llc inc gmbh plc corp company".split()  # noqa: SIM905
)


def folded(name: str) -> str:
    """A name without case, quotes and legal forms."""
    text = name.lower().replace("ё", "е")
    words = "".join(letter if letter.isalnum() else " " for letter in text).split()
    return " ".join(word for word in words if word not in LEGAL_FORMS) or " ".join(words)


def alike(one: str, other: str, *, part: bool = False) -> float:
    """How alike two names are, 0 to 100; with `part`, a part of a person's name fits the full name."""
    first, second = folded(one), folded(other)
    if not first or not second:
        return 0.0
    rate = max(fuzz.ratio(first, second), fuzz.token_sort_ratio(first, second))
    return max(rate, PART) if part and _contained(first, second) else rate


def _contained(one: str, other: str) -> bool:
    shorter, longer = sorted((one.split(), other.split()), key=len)
    return set(shorter) <= set(longer) and max(map(len, shorter)) > 2  # an initial says too little


def same(one: str, other: str, least: int = SAME, *, part: bool = False) -> bool:
    """Whether two spellings are taken for one name."""
    return alike(one, other, part=part) >= least


def record(session: Session, actor: Actor, model: type[Any], record_id: int | None) -> Any | None:
    """A record by its id, when the actor may see it."""
    if record_id is None:
        return None
    return session.scalars(select(model).where(reach(actor, model), model.id == record_id)).first()


def organisation_called(session: Session, actor: Actor, name: str) -> Organisation | None:
    """The one organisation with this name; None when there is none, or when it could be several."""
    found = candidates(session, actor, Organisation, name.split())
    return _only_one(name, ((o, o.name) for o in found), SAME)


def person_called(session: Session, actor: Actor, name: str, organisation_id: int | None) -> Person | None:
    """The one person with this name, at this organisation when it is known; None when it could be several."""
    if organisation_id is not None:
        staff = staff_at(session, actor, organisation_id)
        return _only_one(name, ((p, p.full_name) for p in staff), SAME_AT_ONE_PLACE, part=True)
    if len(name.split()) < 2:  # a first name alone says too little without a company
        return None
    found = candidates(session, actor, Person, name.split())
    return _only_one(name, ((p, p.full_name) for p in found), SAME, part=True)


def _only_one(name: str, choices: Iterable[tuple[Any, str]], least: int, *, part: bool = False) -> Any | None:
    rated = sorted(((alike(name, other, part=part), found) for found, other in choices), key=lambda pair: -pair[0])
    rated = [pair for pair in rated if pair[0] >= least]
    if not rated or (len(rated) > 1 and rated[0][0] == rated[1][0]):
        return None
    return rated[0][1]
