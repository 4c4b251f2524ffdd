"""Which records a heard name may mean."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from webapp.assistants.call_card.candidates import candidates
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.users.models import User
from webapp.crm.users.queries import actor_of
from webapp.kit.access import Actor


@pytest.fixture
def staff(session: Session) -> User:
    return session.query(User).filter_by(username="staff").one()


@pytest.fixture
def actor(session: Session, staff: User) -> Actor:
    return actor_of(session, staff)


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("ООО «Уралпромсталь»", ["Урал", "Промстель"]),
        ("АО «Балтийский берег»", ["Балтийского", "берега"]),
        ("Nordwind Shipping", ["Nordvind", "Shiping"]),
        ("Hartwell & Sons", ["Hartwel"]),
    ],
)
def test_an_organisation_is_found_although_its_name_was_misheard(
    session: Session, staff: User, actor: Actor, name: str, heard: list[str]
) -> None:
    right = Organisation(name=name, owner_id=staff.id, team_id=staff.team_id)
    other = Organisation(name="Ромашка Плюс", owner_id=staff.id, team_id=staff.team_id)
    session.add_all([right, other])
    session.commit()
    assert [found.name for found in candidates(session, actor, Organisation, heard)] == [name]


def test_a_record_out_of_reach_is_no_candidate(session: Session, actor: Actor) -> None:
    support = session.query(User).filter_by(username="stranger").one()
    hidden = Person(full_name="Катерина Неверова", owner_id=support.id, team_id=support.team_id)
    session.add(hidden)
    session.commit()
    assert candidates(session, actor, Person, ["Катерина", "Неверова"]) == []
    assert candidates(session, actor, Person, ["Катирина", "Ниверова"]) == []


def test_no_words_give_no_candidates(session: Session, actor: Actor) -> None:
    assert candidates(session, actor, Organisation, []) == []
