"""Verbs on organisations: fields typed by people, rights on hand-over, events."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from webapp.crm.organisations import service
from webapp.crm.organisations.messages import CreateOrganisation, UpdateOrganisation
from webapp.crm.organisations.models import Organisation
from webapp.kit import changes
from webapp.kit.changes import begin
from webapp.kit.errors import Forbidden, Invalid
from webapp.kit.outbox import OutboxEvent


@pytest.fixture
def staff(session, actor):
    who = actor("staff")
    begin(session, who)
    return who


def test_a_value_that_a_person_typed_is_not_overwritten_by_what_is_no_person(session, staff):
    made = service.create(session, staff, CreateOrganisation(name="A", phone="+74951112233"))
    applied = service.apply(session, staff, made, {"phone": "+74959998877", "city": "Тула"}, by_person=False)
    assert (applied.changed, applied.kept) == (("city",), ("phone",))
    assert (made.phone, made.city) == ("+74951112233", "Тула")
    assert "city" not in made.human_fields


def test_what_no_person_typed_may_be_overwritten_until_a_person_edits_it(session, staff):
    made = service.create(session, staff, CreateOrganisation(name="B", city="Тула"), by_person=False)
    assert service.apply(session, staff, made, {"city": "Орёл"}, by_person=False).changed == ("city",)
    service.update(session, staff, UpdateOrganisation(made.id, {"city": "Клин"}))
    assert service.apply(session, staff, made, {"city": "Орёл"}, by_person=False).kept == ("city",)


def test_events_and_history_leave_with_the_record(session, staff):
    made = service.create(session, staff, CreateOrganisation(name="C"))
    service.update(session, staff, UpdateOrganisation(made.id, {"name": "D"}))
    session.commit()
    types = list(session.scalars(select(OutboxEvent.type).where(OutboxEvent.subject == f"organisation/{made.id}")))
    assert sorted(types) == ["organisation.created", "organisation.updated"]
    rows = session.scalars(
        select(changes.Change).where(changes.Change.entity_id == made.id, changes.Change.field == "name")
    ).all()
    assert [(row.old, row.new, row.actor_id) for row in rows] == [(None, "C", staff.id), ("C", "D", staff.id)]


def test_nobody_gives_a_record_away_beyond_their_reach(session, staff, actor):
    made = service.create(session, staff, CreateOrganisation(name="E"))
    with pytest.raises(Forbidden):
        service.update(session, staff, UpdateOrganisation(made.id, {"owner_id": actor("stranger").id}))


def test_a_colleague_takes_over_with_the_team(session, actor):
    head = actor("head")
    begin(session, head)
    made = service.create(session, head, CreateOrganisation(name="F"))
    service.update(session, head, UpdateOrganisation(made.id, {"owner_id": actor("stranger").id}))
    assert made.team_id == actor("stranger").team_id
    with pytest.raises(Invalid):
        service.update(session, head, UpdateOrganisation(made.id, {"owner_id": 99999}))


def test_an_officer_creates_nothing(session, actor):
    with pytest.raises(Forbidden):
        service.create(session, actor("officer"), CreateOrganisation(name="G"))
    assert session.query(Organisation).filter_by(name="G").count() == 0
