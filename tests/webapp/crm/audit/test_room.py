"""The audit room, as its officer uses it."""

from __future__ import annotations

import csv
import io

import pytest

from webapp.crm.organisations.models import Organisation
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
