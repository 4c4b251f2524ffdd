"""Why a value of a call is what it is: told to those who may see it, and to nobody else."""

from __future__ import annotations

import pytest

from webapp.ai.gateway import ModelUnavailable
from webapp.ai.proposals.models import Proposal
from webapp.crm.communications.models import Communication
from webapp.crm.users.models import FieldGrant, Role
from webapp.kit.access import Level


@pytest.fixture
def call(app, upload, work, twin):
    """A call that was understood, with its run in the log."""
    found = int(upload().headers["Location"].rsplit("/", 1)[1])
    work()
    with app.parts.sessions() as session:
        run_id = session.get(Communication, found).run_id
    twin.records[run_id] = {
        "id": run_id,
        "engine": "chat-1",
        "policy": "on-premises",
        "masked": True,
        "queue_ms": 7,
        "engine_ms": 900,
        "model_hash": "c0de",
        "prompt": "MASKED PROMPT [PERSON_1]",
        "answer": "MASKED ANSWER",
        "features": [
            {
                "field": "budget",
                "value": 90000,
                "segment": 2,
                "confidence": 0.9,
                "contributions": {"words": 0.6, "not_said_by_client": -0.1},
            }
        ],
    }
    return found


def value(app, call, field):
    with app.parts.sessions() as session:
        return session.query(Proposal).filter_by(subject_id=call, field=field).one().id


def test_the_panel_tells_who_asked_what_it_rests_on_and_what_made_it_sure(app, client_as, call):
    page = client_as("staff").get(f"/proposals/{value(app, call, 'budget')}/why")
    assert page.status_code == 200
    for words in (
        "Анна Смирнова asked on",
        "€90,000",
        "our budget is ninety thousand euros",
        "twin",
        "chat-1",
        "+0.6",
    ):
        assert words in page.text
    assert "The words around it" in page.text
    assert "personal data were masked" in page.text


def test_the_same_address_answers_htmx_with_a_panel_and_a_browser_with_a_page(app, client_as, call):
    staff, address = client_as("staff"), f"/communications/{call}/why"
    assert "<html" in staff.get(address).text
    part = staff.get(address, headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert "data-show" in part
    assert "Maria wants twenty pumps." in part


def test_masked_texts_are_for_those_who_may_read_the_log(app, client_as, call):
    address = f"/communications/{call}/why"
    assert "MASKED PROMPT" not in client_as("staff").get(address).text
    assert "MASKED PROMPT" not in client_as("head").get(address).text
    assert "MASKED PROMPT" in client_as("admin").get(address).text


@pytest.mark.parametrize("persona", ["stranger", "officer"])
def test_who_may_not_open_the_call_is_told_nothing(app, client_as, call, persona):
    client = client_as(persona)
    for address in (f"/communications/{call}/why", f"/proposals/{value(app, call, 'budget')}/why"):
        assert client.get(address).status_code == 404
        assert client.get(f"/api/v1{address}").status_code == 404


def test_a_hidden_field_stays_hidden(app, client_as, call, session):
    role = session.query(Role).filter_by(name="staff").one()
    grant = FieldGrant(role_id=role.id, entity="deal", field="amount", level=int(Level.HIDDEN))
    session.add(grant)
    session.commit()
    try:
        staff = client_as("staff")
        assert staff.get(f"/proposals/{value(app, call, 'budget')}/why").status_code == 404
        page = staff.get(f"/communications/{call}/why").text
        assert "Maria Lindqvist" in page
        assert "Budget" not in page
        assert "90,000" not in page
    finally:
        session.delete(grant)
        session.commit()


@pytest.mark.parametrize("address", ["/proposals/999999/why", "/communications/999999/why"])
def test_what_does_not_exist_is_not_found(client_as, address):
    assert client_as("staff").get(address).status_code == 404
    assert client_as("staff").get(f"/api/v1{address}").status_code == 404


def test_a_log_that_is_gone_or_away_is_said_calmly(app, client_as, call, twin):
    staff, address = client_as("staff"), f"/communications/{call}/why"
    twin.records.clear()
    gone = staff.get(address)
    assert gone.status_code == 200
    assert "is not kept any more" in gone.text
    assert "our budget is ninety thousand euros" in gone.text
    twin.raises["record"] = ModelUnavailable("off")
    away = staff.get(address)
    assert away.status_code == 200
    assert "cannot be read at the moment" in away.text


def test_what_a_person_decided_is_told_with_what_was_proposed(app, client_as, call):
    staff, budget = client_as("staff"), value(app, call, "budget")
    staff.post(f"/proposals/{budget}/accept", data={"value": "80000"})
    page = staff.get(f"/proposals/{budget}/why").text
    assert "Decided by Анна Смирнова" in page
    assert "€80,000" in page
    assert "The model had proposed: €90,000" in page


def test_the_api_tells_the_same(app, client_as, call):
    told = client_as("staff").get(f"/api/v1/proposals/{value(app, call, 'budget')}/why").json
    assert told["log"] == "there"
    assert told["facts"]["engine"] == "chat-1"
    assert [part["name"] for part in told["grounds"][0]["parts"]] == ["words", "not_said_by_client"]
    assert told["prompt"] is None


def test_every_value_of_the_call_leads_to_its_panel(app, client_as, call):
    panel = client_as("staff").get(f"/communications/{call}/proposals").text
    assert f'/proposals/{value(app, call, "budget")}/why"' in panel
    assert f'/communications/{call}/why"' in panel
