"""Verbs on organisations: each checks the actor's rights, keeps the history and says what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from webapp.crm.organisations import queries
from webapp.crm.organisations.messages import (
    CreateOrganisation,
    OrganisationCreated,
    OrganisationDeleted,
    OrganisationUpdated,
    UpdateOrganisation,
)
from webapp.crm.organisations.models import Organisation
from webapp.kit import cleaning, records
from webapp.kit.access import Actor, require
from webapp.kit.outbox import emit
from webapp.kit.records import Applied

CLEANERS: Mapping[str, cleaning.Cleaner] = {
    "name": cleaning.line(200, required=True),
    "industry": cleaning.line(100),
    "city": cleaning.line(100),
    "website": cleaning.website,
    "phone": cleaning.phone,
    "email": cleaning.email,
    "tax_number": cleaning.tax_number,
    "notes": cleaning.note,
    "owner_id": cleaning.reference,
    "team_id": cleaning.reference,
}


def create(session: Session, actor: Actor, command: CreateOrganisation, *, by_person: bool = True) -> Organisation:
    """Add an organisation; `by_person` marks its fields as typed, so that no proposal overwrites them."""
    values = queries.with_holder(session, cleaning.clean(asdict(command), CLEANERS))
    organisation = Organisation(**values)
    records.start(actor, organisation, by_person=by_person)
    session.add(organisation)
    session.flush()
    emit(session, OrganisationCreated(organisation.id))
    return organisation


def update(session: Session, actor: Actor, command: UpdateOrganisation) -> Organisation:
    """Change fields that a person typed; raises Stale when somebody else was quicker."""
    organisation = queries.for_edit(session, actor, command.id)
    records.check_version(organisation, command.version)
    apply(session, actor, organisation, command.values, by_person=True)
    return organisation


def apply(
    session: Session, actor: Actor, organisation: Organisation, values: Mapping[str, Any], *, by_person: bool
) -> Applied:
    """Set fields on a loaded organisation; answers which were written and which a person's own value kept."""
    cleaned = queries.with_holder(session, cleaning.clean(values, CLEANERS), organisation)
    applied = records.apply(actor, organisation, cleaned, by_person=by_person)
    if applied.changed:
        session.flush()
        emit(session, OrganisationUpdated(organisation.id, applied.changed))
    return applied


def delete(session: Session, actor: Actor, organisation_id: int, *, version: int | None = None) -> None:
    """Delete an organisation; people, deals and calls that named it stay, its tasks go with it."""
    organisation = queries.for_edit(session, actor, organisation_id)
    require(actor, organisation, "delete")
    records.check_version(organisation, version)
    session.delete(organisation)
    session.flush()
    emit(session, OrganisationDeleted(organisation_id))
