"""The audit room, as its officer uses it."""

from __future__ import annotations

import csv
import io

import pytest

from webapp.crm.organisations.models import Organisation
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin, record

PAGES = ("/audit", "/audit/clients")


@pytest.fixture(scope="module")
def client_id(app, request):
    from webapp.crm.users.models import User
    from webapp.crm.users.queries import actor_of

    with app.parts.sessions() as session:
        staff = actor_of(session, session.query(User).filter_by(username="staff").one())
        begin(session, staff)
        organisation = Organisation(name="ООО «Северный ветер»", owner_id=staff.id, team_id=staff.team_id)
        session.add(organisation)
        session.flush()
        for _ in range(2):
            record(session, "organisation.viewed", "organisation", organisation.id)
        session.commit()
        return organisation.id


@pytest.mark.parametrize("path", PAGES)
def test_the_officer_opens_the_room(client_as, client_id, path):
    assert client_as("officer").get(path).status_code == 200


@pytest.mark.parametrize("persona", ["staff", "head", "admin"])
@pytest.mark.parametrize("path", PAGES)
def test_nobody_else_does(client_as, persona, path):
    assert client_as(persona).get(path).status_code == 403


def test_the_newest_entry_comes_first_and_filters_narrow_the_view(client_as, client_id):
    officer = client_as("officer")
    asked = {"entity": "organisation", "entity_id": client_id}
    page = officer.get("/audit", query_string=asked, headers={"HX-Request": "true"}).text
    assert page.index("organisation.viewed") < page.index("organisation.created")
    only = officer.get("/audit", query_string={"action": "organisation.created"}, headers={"HX-Request": "true"}).text
    assert "organisation.created" in only
    assert "organisation.viewed" not in only
    everything = officer.get("/audit", query_string={"action": "organisation."}, headers={"HX-Request": "true"}).text
    assert "organisation.viewed" in everything
    nobody = officer.get("/audit", query_string={"actor": "zzz"}, headers={"HX-Request": "true"}).text
    assert "organisation." not in nobody
    staff = officer.get("/audit", query_string={"actor": "STAF"}, headers={"HX-Request": "true"}).text
    assert "organisation.viewed" in staff


@pytest.mark.parametrize("bad", [{"since": "yesterday"}, {"until": "9999-12-31"}, {"since": "2026-13-40"}])
def test_a_date_that_is_none_is_named_and_breaks_nothing(client_as, bad):
    page = client_as("officer").get("/audit", query_string=bad)
    assert page.status_code == 200
    assert "This is not a date" in page.text


def test_who_saw_this_client_is_answered_by_name(client_as, client_id):
    officer = client_as("officer")
    found = officer.get("/audit/clients", query_string={"q": "северный"}).text
    assert "Северный ветер" in found
    seen = officer.get("/audit/clients", query_string={"q": "северный", "entity": "organisation", "id": client_id}).text
    assert "2 times" in seen
    assert "staff" in seen


def test_the_chain_is_checked_from_the_page_and_the_result_stays(client_as, client_id):
    officer = client_as("officer")
    assert officer.post("/audit/verify").status_code == 303
    assert "The chain holds" in officer.get("/audit").text


def test_an_export_holds_what_was_filtered_is_safe_in_a_spreadsheet_and_is_itself_on_record(client_as, client_id):
    officer = client_as("officer")
    answer = officer.post(
        "/audit/export.csv", data={"entity": "organisation", "entity_id": str(client_id), "action": "organisation."}
    )
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["action"] for row in rows] == ["organisation.viewed", "organisation.viewed", "organisation.created"]
    assert "audit.exported" in officer.get("/audit", query_string={"action": "audit.exported"}).text


def test_the_list_costs_few_queries(app, client_as, client_id):
    from sqlalchemy import event

    officer = client_as("officer")
    seen = []
    event.listen(app.parts.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    officer.get("/audit")
    assert len(seen) <= 8, seen


def test_entries_are_told_as_sentences_with_their_id_beside(client_as, client_id):
    asked = {"entity": "organisation", "entity_id": client_id}
    page = client_as("officer").get("/audit", query_string=asked).text
    assert f"Opened: organisation № {client_id}" in page
    assert f"Created: organisation № {client_id}" in page
    assert "organisation.viewed" in page
    assert "Only: organisation" in page


def test_entries_are_told_in_russian_too(client_as, client_id):
    officer = client_as("officer")
    officer.post("/profile/preferences", data={"locale": "ru"})
    page = officer.get("/audit", query_string={"entity": "organisation", "entity_id": client_id}).text
    officer.post("/profile/preferences", data={"locale": "en"})
    assert f"Открыто: организация № {client_id}" in page


def test_a_part_of_a_clients_name_narrows_the_view(client_as, client_id):
    officer = client_as("officer")
    found = officer.get("/audit", query_string={"client": "северный"}, headers={"HX-Request": "true"}).text
    assert f"organisation № {client_id}" in found
    assert "user.signed" not in found
    nobody = officer.get("/audit", query_string={"client": "no such client"}, headers={"HX-Request": "true"}).text
    assert "Nothing like this was recorded" in nobody
    exported = officer.post("/audit/export.csv", data={"client": "северный"}).text
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert {row["entity"] for row in rows} == {"organisation"}
    assert f"Opened: organisation № {client_id}" in {row["what_happened"] for row in rows}


def test_the_filter_offers_actions_in_words(client_as, client_id):
    page = client_as("officer").get("/audit").text
    assert '<option value="organisation.viewed">Organisation: opened</option>' in page
    assert '<option value="organisation.">Organisations</option>' in page
    assert "Анна Смирнова" in page


def test_runs_and_verdicts_of_ai_stand_in_the_room_and_lead_to_the_log(app, client_as):
    with app.parts.sessions() as session:
        begin(session, SYSTEM)
        record(session, "ai.run", "communication", 7, run="r-77", module="call_card", proposals=2)
        record(session, "proposal.accepted", "proposal", 5, field="budget", state="edited", run="r-77", target="")
        record(session, "ai.feature_off", "feature", "answer", feature="answer")
        record(session, "something.new", "thing", "x")
        session.commit()
    page = client_as("officer").get("/audit").text
    assert "A model read it: call or note № 7 — 2 proposals" in page
    assert "/admin/runs/r-77" in page
    assert "Accepted with a change: Budget" in page
    assert "Switched off: Answers of the assistant" in page
    assert "something.new" in page
