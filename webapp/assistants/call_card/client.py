"""Who the client is: accepted names, phone and e-mail become, or complete, a person and an organisation."""

from __future__ import annotations

from typing import Any

from webapp.ai.proposals.models import Proposal
from webapp.assistants.call_card import matching
from webapp.assistants.call_card.card import Card, by_person, kept_back, value_of, waits, written
from webapp.assistants.call_card.messages import ANOTHER_VALUE, NAME_KEPT, VALUE_KEPT, WAITS_FOR_CLIENT
from webapp.crm.organisations import service as organisations
from webapp.crm.organisations.messages import CreateOrganisation
from webapp.crm.organisations.models import Organisation
from webapp.crm.people import service as people
from webapp.crm.people.messages import CreatePerson
from webapp.crm.people.models import Person


def settle(card: Card) -> None:
    """Bring person, organisation and their contacts to what is accepted by now."""
    organisation = _organisation(card)
    person = _person(card, organisation)
    _contacts(card, person, organisation)


def _organisation(card: Card) -> Organisation | None:
    current: Organisation | None = matching.record(card.session, card.actor, Organisation, card.call.organisation_id)
    accepted = card.accepted("organisation")
    if not accepted:
        return current
    chosen, name = accepted[0], str(value_of(accepted[0]))
    if current is None or (by_person(chosen) and not matching.same(name, current.name)):
        current = _other_organisation(card, chosen, name, current)
    _name_them(accepted, current, current.name)
    card.call.organisation_id = current.id
    return current


def _other_organisation(card: Card, chosen: Proposal, name: str, current: Organisation | None) -> Organisation:
    """The organisation that a name means: known, found, corrected (when this run made it), or new."""
    found: Organisation | None = matching.record(card.session, card.actor, Organisation, _known(chosen))
    found = found or matching.organisation_called(card.session, card.actor, name)
    if found is None and current is not None and ("organisation", current.id) in card.made:
        organisations.apply(card.session, card.actor, current, {"name": name}, by_person=True)
        return current
    if found is None:
        command = CreateOrganisation(name=name)
        found = organisations.create(card.session, card.actor, command, by_person=by_person(chosen))
        card.made.add(("organisation", found.id))
    return found


def _known(chosen: Proposal) -> int | None:
    """The record that the module recognised; a name that a person typed means what it says."""
    return None if by_person(chosen) else chosen.known_id


def _person(card: Card, organisation: Organisation | None) -> Person | None:
    current: Person | None = matching.record(card.session, card.actor, Person, card.call.person_id)
    accepted = card.accepted("person")
    if accepted:
        chosen, name = accepted[0], str(value_of(accepted[0]))
        if current is None or (by_person(chosen) and not matching.same(name, current.full_name)):
            current = _other_person(card, chosen, name, current, organisation)
        _name_them(accepted, current, current.full_name)
        card.call.person_id = current.id
    if current is None:
        return None
    if organisation is not None and current.organisation_id is None:
        people.apply(card.session, card.actor, current, {"organisation_id": organisation.id}, by_person=False)
    elif organisation is None and current.organisation_id is not None:
        card.call.organisation_id = current.organisation_id
    return current


def _other_person(
    card: Card, chosen: Proposal, name: str, current: Person | None, organisation: Organisation | None
) -> Person:
    place = organisation.id if organisation else None
    found: Person | None = matching.record(card.session, card.actor, Person, _known(chosen))
    found = found or matching.person_called(card.session, card.actor, name, place)
    if found is None and current is not None and ("person", current.id) in card.made:
        people.apply(card.session, card.actor, current, {"full_name": name}, by_person=True)
        return current
    if found is None:
        command = CreatePerson(full_name=name, organisation_id=place)
        found = people.create(card.session, card.actor, command, by_person=by_person(chosen))
        card.made.add(("person", found.id))
    return found


def _name_them(accepted: list[Proposal], record: Any, name: str) -> None:
    """Say of each accepted name whether it is the record's."""
    part = isinstance(record, Person)
    for proposal in accepted:
        fits = matching.same(str(value_of(proposal)), name, matching.SAME_AT_ONE_PLACE, part=part)
        if fits or proposal.known_id == record.id:
            written(proposal, record.__entity__, record.id)
        else:
            kept_back(proposal, NAME_KEPT, record.__entity__, record.id)


def _contacts(card: Card, person: Person | None, organisation: Organisation | None) -> None:
    """Phone and e-mail belong to the person; to the organisation only when no person is in sight."""
    holder: Any = person if person is not None or card.live("person") else organisation
    apply = people.apply if isinstance(holder, Person) else organisations.apply
    for name in ("phone", "email"):
        accepted = card.accepted(name)
        for proposal in accepted if holder is None else []:
            waits(proposal, WAITS_FOR_CLIENT)
        if holder is None or not accepted:
            continue
        chosen = accepted[0]
        values = {name: value_of(chosen)}
        applied: Any = apply(card.session, card.actor, holder, values, by_person=by_person(chosen))
        if name in applied.kept:
            kept_back(chosen, VALUE_KEPT, holder.__entity__, holder.id)
        else:
            written(chosen, holder.__entity__, holder.id)
        for other in accepted[1:]:
            same_value = value_of(other) == value_of(chosen)
            waits(other, "" if same_value else ANOTHER_VALUE)
