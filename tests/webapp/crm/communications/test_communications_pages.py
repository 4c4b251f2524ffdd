"""The pages of communications: lists, timelines, one call, and who may see them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from webapp.app import App
from webapp.crm.communications.models import Communication, Segment
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.users.models import FieldGrant, Role, User
from webapp.kit.access import Level
from webapp.kit.clock import now

from .conftest import sound

Fixture = Callable[..., Any]
HX = {"HX-Request": "true"}


@contextmanager
def counting(app: App) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    event.listen(app.parts.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(app.parts.engine, "before_cursor_execute", note)


@pytest.fixture
def staff(session: Session) -> User:
    return session.query(User).filter_by(username="staff").one()


@pytest.fixture
def client(session: Session, staff: User) -> Organisation:
    """An organisation of the Sales team."""
    made = Organisation(name="Nordwind Shipping", owner_id=staff.id, team_id=staff.team_id)
    session.add(made)
    session.commit()
    return made


def talk(session: Session, staff: User, client: Organisation | None, **more: Any) -> Communication:
    """A communication of the Sales team."""
    values = {"kind": "note", "body": "They prefer mornings.", "occurred_at": now(), "owner_id": staff.id} | more
    made = Communication(**values, team_id=staff.team_id, organisation_id=client.id if client else None)
    session.add(made)
    session.commit()
    return made


def test_the_list_costs_few_queries_however_long_it_is(
    app: App, session: Session, staff: User, client: Organisation, client_as: Fixture
) -> None:
    for number in range(40):
        talk(session, staff, client, occurred_at=now() - timedelta(hours=number), body=f"Note {number}")
    browser = client_as("staff")
    with counting(app) as sent:
        answer = browser.get("/communications")
    assert answer.status_code == 200
    assert "Note 29" in answer.text
    assert "Note 30" not in answer.text
    assert len([s for s in sent if s.lstrip().upper().startswith("SELECT")]) <= 6, sent
    cursor = answer.text.split("after=")[1].split("&")[0].split('"')[0]
    more = browser.get(f"/communications?after={cursor}", headers=HX)
    assert "Note 30" in more.text
    assert "<html" not in more.text


def test_the_list_is_narrowed_by_kind_state_and_words(
    session: Session, staff: User, client: Organisation, client_as: Fixture
) -> None:
    talk(session, staff, client, kind="email", body="Просим прислать договор поставки")
    talk(session, staff, client, kind="call", state="understood", summary="Wants pumps soon", to_review=3)
    browser = client_as("staff")
    assert "договор" in browser.get("/communications?kind=email").text
    assert "Wants pumps soon" not in browser.get("/communications?kind=email").text
    assert "Wants pumps soon" in browser.get("/communications?state=review").text
    assert "договор" in browser.get("/communications?q=договоры").text
    assert "Wants pumps soon" not in browser.get("/communications?q=договоры").text


def test_words_of_a_hidden_field_find_nothing(
    session: Session, staff: User, client: Organisation, client_as: Fixture
) -> None:
    talk(session, staff, client, subject="Morning talk", body="Просим прислать договор поставки")
    role = session.query(Role).filter_by(name="staff").one()
    assert "Morning talk" in client_as("staff").get("/communications?q=договоры").text
    session.add(FieldGrant(role_id=role.id, entity="communication", field="body", level=Level.HIDDEN))
    session.commit()
    assert "Morning talk" not in client_as("staff").get("/communications?q=договоры").text
    assert "Morning talk" in client_as("staff").get("/communications?q=morning").text


def test_a_stranger_finds_nothing(session: Session, staff: User, client: Organisation, client_as: Fixture) -> None:
    made = talk(session, staff, client, body="Only for the Sales team")
    stranger = client_as("stranger")
    assert "Only for the Sales team" not in stranger.get("/communications").text
    assert "Only for the Sales team" not in stranger.get(f"/communications/timeline?organisation_id={client.id}").text
    for path in ("", "/progress", "/listen", "/links", "/recording"):
        assert stranger.get(f"/communications/{made.id}{path}").status_code == 404
    for path in ("/retry", "/understand", "/speakers", "/delete"):
        assert stranger.post(f"/communications/{made.id}{path}").status_code == 404


def test_the_name_of_a_client_beyond_reach_stays_unseen(session: Session, staff: User, client_as: Fixture) -> None:
    support = session.query(User).filter_by(username="stranger").one()
    hidden = Person(full_name="Secret Person", owner_id=support.id, team_id=support.team_id)
    session.add(hidden)
    session.commit()
    made = talk(session, staff, None, person_id=hidden.id)
    browser = client_as("staff")
    assert "Secret Person" not in browser.get("/communications").text
    assert "Secret Person" not in browser.get(f"/communications/{made.id}").text


def test_a_timeline_shows_what_was_said_and_takes_notes(
    session: Session, staff: User, client: Organisation, client_as: Fixture
) -> None:
    talk(session, staff, client, kind="meeting", body="Visited the plant")
    browser = client_as("staff")
    path = f"/communications/timeline?organisation_id={client.id}"
    assert "Visited the plant" in browser.get(path).text
    form = {"kind": "note", "body": "<b>bold</b> words", "organisation_id": str(client.id)}
    answer = browser.post("/communications/notes", data=form, headers=HX)
    assert answer.status_code == 200
    assert "&lt;b&gt;bold&lt;/b&gt;" in answer.text
    assert "bold" in browser.get(path).text
    assert browser.post("/communications/notes", data=form | {"body": " "}, headers=HX).status_code == 422


def test_an_upload_on_a_card_answers_the_call_that_reports_its_progress(
    client: Organisation, client_as: Fixture
) -> None:
    browser = client_as("staff")
    data = {"recording": (io.BytesIO(sound(901)), "call.wav"), "organisation_id": str(client.id), "place": "timeline"}
    answer = browser.post("/communications", data=data, headers=HX)
    assert answer.status_code == 200, answer.text
    assert 'hx-trigger="every' in answer.text
    data = {"recording": (io.BytesIO(b"just a text"), "call.wav"), "place": "timeline"}
    wrong = browser.post("/communications", data=data, headers=HX)
    assert wrong.status_code == 422
    assert "is a text, not a recording" in wrong.text
    data = {"recording": (io.BytesIO(sound(901)), "again.wav")}
    again = browser.post("/communications", data=data)
    assert again.status_code == 303
    assert "uploaded before" in browser.get(again.headers["Location"]).text


def test_progress_is_asked_for_only_while_the_call_runs(
    session: Session, staff: User, client: Organisation, client_as: Fixture
) -> None:
    call = talk(session, staff, client, kind="call", body="", state="transcribed", transcribed_at=now(), language="en")
    session.add(Segment(communication_id=call.id, position=0, start=0, end=2, text="Hello there", channel=0, words=[]))
    session.commit()
    browser = client_as("staff")
    path = f"/communications/{call.id}"
    assert 'hx-trigger="every' in browser.get(path).text
    assert "Hello there" in browser.get(path).text
    same = browser.get(f"{path}/progress?seen=understanding&view=page", headers=HX)
    assert "Hello there" not in same.text
    call.state = "understood"
    session.commit()
    changed = browser.get(f"{path}/progress?seen=understanding&view=page", headers=HX)
    assert changed.headers["HX-Retarget"] == "#call"
    assert 'hx-trigger="every' not in changed.text


def test_a_failed_call_says_why_and_can_be_tried_again(
    session: Session, staff: User, client: Organisation, client_as: Fixture
) -> None:
    call = talk(
        session, staff, client, kind="call", body="", state="failed", state_detail="The file ends in the middle."
    )
    browser = client_as("staff")
    assert "The file ends in the middle." in browser.get(f"/communications/{call.id}").text
    assert browser.post(f"/communications/{call.id}/retry").status_code == 303
    session.expire_all()
    assert session.get(Communication, call.id).state == "received"


def test_the_pages_speak_russian(session: Session, staff: User, client: Organisation, client_as: Fixture) -> None:
    call = talk(session, staff, client, kind="call", body="", state="understood", state_detail="")
    session.query(User).filter_by(username="colleague").update({"locale": "ru"})
    session.commit()
    browser = client_as("colleague")
    assert "Звонки и заметки" in browser.get("/communications").text
    assert "Относится к" in browser.get(f"/communications/{call.id}").text


def test_opening_a_call_leaves_an_audit_entry(
    session: Session, staff: User, client: Organisation, client_as: Fixture
) -> None:
    from sqlalchemy import text

    call = talk(session, staff, client)
    client_as("staff").get(f"/communications/{call.id}")
    query = text("SELECT actor FROM audit.entries WHERE action = 'communication.viewed' AND entity_id = :id")
    assert session.execute(query, {"id": str(call.id)}).scalar() == "staff"
