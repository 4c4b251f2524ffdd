"""Verbs on people: each checks the actor's rights, keeps the history and says what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from webapp.crm.organisations.queries import check_visible, with_holder
from webapp.crm.people import queries
from webapp.crm.people.messages import (
    CreatePerson,
    PersonCreated,
    PersonDeleted,
    PersonUpdated,
    UpdatePerson,
)
from webapp.crm.people.models import Person
from webapp.kit import cleaning, records
from webapp.kit.access import Actor, require
from webapp.kit.outbox import emit
from webapp.kit.records import Applied

CLEANERS: Mapping[str, cleaning.Cleaner] = {
    "full_name": cleaning.line(200, required=True),
    "organisation_id": cleaning.reference,
    "position": cleaning.line(150),
    "phone": cleaning.phone,
    "email": cleaning.email,
    "notes": cleaning.note,
    "owner_id": cleaning.reference,
    "team_id": cleaning.reference,
}


def _checked(session: Session, actor: Actor, values: Mapping[str, Any], person: Person | None = None) -> dict[str, Any]:
    """The values as they are stored; raises Invalid when one does not fit or names what the actor may not see."""
    cleaned = with_holder(session, cleaning.clean(values, CLEANERS), person)
    check_visible(session, actor, cleaned, person)
    return cleaned


def create(session: Session, actor: Actor, command: CreatePerson, *, by_person: bool = True) -> Person:
    """Add a person; `by_person` marks its fields as typed, so that no proposal overwrites them."""
    person = Person(**_checked(session, actor, asdict(command)))
    records.start(actor, person, by_person=by_person)
    session.add(person)
    session.flush()
    emit(session, PersonCreated(person.id))
    return person


def update(session: Session, actor: Actor, command: UpdatePerson) -> Person:
    """Change fields that a person typed; raises Stale when somebody else was quicker."""
    person = queries.for_edit(session, actor, command.id)
    records.check_version(person, command.version)
    apply(session, actor, person, command.values, by_person=True)
    return person


def apply(session: Session, actor: Actor, person: Person, values: Mapping[str, Any], *, by_person: bool) -> Applied:
    """Set fields on a loaded person; answers which were written and which a person's own value kept."""
    applied = records.apply(actor, person, _checked(session, actor, values, person), by_person=by_person)
    if applied.changed:
        session.flush()
        emit(session, PersonUpdated(person.id, applied.changed))
    return applied


def delete(session: Session, actor: Actor, person_id: int, *, version: int | None = None) -> None:
    """Delete a person; deals, tasks and calls that named the person stay."""
    person = queries.for_edit(session, actor, person_id)
    require(actor, person, "delete")
    records.check_version(person, version)
    session.delete(person)
    session.flush()
    emit(session, PersonDeleted(person_id))
