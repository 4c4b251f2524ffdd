"""Administrators steer AI: switches that are really off, prompts that are pinned, and a log that is read with care."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import text

from webapp.ai.proposals.models import Run
from webapp.ai.search.indexes import Index
from webapp.ai.search.vectors import question_vectors
from webapp.kit.clock import now

TOLD = {"answered": False, "answer": "", "citations": [], "reason": "nothing"}

INDEX = Index(1, "twin", "", 3, "serving", now())


def audit(app, action):
    with app.parts.sessions() as session:
        rows = session.execute(
            text("SELECT actor, details FROM audit.entries WHERE action = :action ORDER BY seq"), {"action": action}
        )
        return [(row.actor, row.details) for row in rows]


@pytest.mark.parametrize("persona", ["staff", "officer"])
def test_the_page_is_not_for_everybody(client_as, twin, persona):
    assert client_as(persona).get("/admin/ai").status_code == 403
    assert client_as(persona).get("/api/v1/ai").status_code == 403


@pytest.mark.parametrize("persona", ["staff", "head", "officer"])
def test_only_an_administrator_turns_switches_and_pins_prompts(client_as, twin, persona):
    client = client_as(persona)
    assert client.post("/admin/ai/features/answer", data={"reason": "why not"}).status_code == 403
    assert client.post("/admin/ai/prompts/call_card", data={"version": "1"}).status_code == 403
    assert twin.switches["answer"]["on"]
    assert twin.prompts["call_card"]["active"] == "2"


def test_the_head_reads_how_ai_stands_without_buttons(client_as, twin):
    page = client_as("head").get("/admin/ai").text
    assert "Reading of calls" in page
    assert "Version 2" in page
    assert "Switch off" not in page
    assert "Go back to it" not in page


def test_a_gateway_that_is_away_is_said_calmly(client_as, twin):
    twin.down = True
    admin = client_as("admin")
    assert "cannot be read at the moment" in admin.get("/admin/ai").text
    assert "cannot be read at the moment" in admin.get("/admin/runs").text
    assert admin.get("/api/v1/ai").status_code == 503
    assert admin.post("/admin/ai/features/answer", data={"reason": "x"}).status_code == 503


def test_switching_off_needs_a_reason_and_leaves_its_trace(app, client_as, twin):
    admin = client_as("admin")
    refused = admin.post("/admin/ai/features/answer", data={"reason": "  "})
    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert twin.switches["answer"]["on"]
    assert admin.post("/admin/ai/features/answer", data={"reason": "We check its answers first"}).status_code == 303
    assert not twin.switches["answer"]["on"]
    page = admin.get("/admin/ai").text
    assert "We check its answers first" in page
    assert "Switched off by Admin" in page
    assert audit(app, "ai.feature_off")[-1] == ("admin", {"feature": "answer"})
    assert admin.post("/admin/ai/features/answer", data={"on": "1"}).status_code == 303
    assert twin.switches["answer"]["on"]
    assert audit(app, "ai.feature_on")[-1] == ("admin", {"feature": "answer"})


@pytest.mark.parametrize("feature", ["nothing", "../runs", "%2e%2e"])
def test_a_feature_that_does_not_exist_cannot_be_switched(client_as, twin, feature):
    assert client_as("admin").post(f"/admin/ai/features/{feature}", data={"reason": "x"}).status_code == 404


def test_an_assistant_that_is_off_says_so_and_reaches_no_engine(client_as, twin):
    twin.outputs["answer"] = TOLD
    staff = client_as("staff")
    staff.post("/assistant/ask", data={"question": "What did we promise?"})
    assert "answer" in twin.reached
    client_as("admin").post("/admin/ai/features/answer", data={"reason": "We check its answers first"})
    twin.reached.clear()
    twin.asked.clear()
    told = staff.post("/assistant/ask", data={"question": "What did we promise?"}).text
    assert "The assistant is switched off" in told
    assert "We check its answers first" in told
    assert "The assistant is switched off" in staff.get("/assistant").text
    assert "textarea" not in staff.get("/assistant").text.split('id="content"')[1].split("</main>")[0]
    assert twin.reached == []
    assert not [path for method, path in twin.asked if method == "POST"]


def test_the_api_says_that_the_assistant_is_off(client_as, twin):
    from tests.webapp.assistants.call_card.conftest import bearer

    client_as("admin").post("/admin/ai/features/answer", data={"reason": "Audit"})
    answer = bearer(client_as, "staff").post("/api/v1/assistant/ask", json={"question": "What did we promise?"})
    assert answer.status_code == 503
    assert "switched off" in answer.json["title"]
    assert twin.reached == []


def test_search_goes_on_by_words_when_its_model_is_off(app, client_as, twin):
    client_as("admin").post("/admin/ai/features/embeddings", data={"reason": "Too slow"})
    assert client_as("staff").get("/search", query_string={"q": f"pumps {uuid.uuid4().hex}"}).status_code == 200
    assert question_vectors(app.parts.gateway).of(f"pumps {uuid.uuid4().hex}", INDEX) is None
    assert twin.reached == []


def test_a_prompt_is_rolled_back_and_released_with_a_trace(app, client_as, twin):
    admin = client_as("admin")
    assert admin.post("/admin/ai/prompts/call_card", data={"version": "1"}).status_code == 303
    assert (twin.prompts["call_card"]["active"], twin.prompts["call_card"]["pinned"]) == ("1", True)
    assert audit(app, "ai.prompt_pinned")[-1] == ("admin", {"module": "call_card", "version": "1", "before": "2"})
    assert "pinned" in admin.get("/admin/ai").text
    assert admin.post("/admin/ai/prompts/call_card").status_code == 303
    assert (twin.prompts["call_card"]["active"], twin.prompts["call_card"]["pinned"]) == ("2", False)
    assert audit(app, "ai.prompt_unpinned")[-1][1]["before"] == "1"


@pytest.mark.parametrize(("module", "version", "status"), [("call_card", "77", 422), ("nothing", "1", 404)])
def test_what_does_not_exist_cannot_be_pinned(client_as, twin, module, version, status):
    answer = client_as("admin").post(f"/admin/ai/prompts/{module}", data={"version": version})
    assert answer.status_code == status
    assert twin.prompts["call_card"]["active"] == "2"


def test_the_api_switches_and_pins(client_as, twin):
    from tests.webapp.assistants.call_card.conftest import bearer

    admin = bearer(client_as, "admin")
    assert admin.put("/api/v1/ai/prompts/call_card", json={"version": "1"}).json["prompts"][0]["active"] == "1"
    off = admin.put("/api/v1/ai/features/chat", json={"on": False, "reason": "Audit"})
    assert [item["on"] for item in off.json["features"] if item["feature"] == "chat"] == [False]
    missing = admin.put("/api/v1/ai/features/chat", json={"on": False})
    assert missing.status_code == 422
    assert missing.json["field"] == "reason"
    assert bearer(client_as, "head").put("/api/v1/ai/features/chat", json={"on": True}).status_code == 403


@pytest.mark.parametrize("persona", ["staff", "head"])
def test_the_log_of_runs_is_for_administrators_and_officers(client_as, twin, persona):
    run = twin.log_run("answer", {"type": "user", "id": "1"}, TOLD)
    assert client_as(persona).get("/admin/runs").status_code == 403
    assert client_as(persona).get(f"/admin/runs/{run['id']}").status_code == 403


@pytest.mark.parametrize("persona", ["admin", "officer"])
def test_a_run_is_read_with_masked_texts_and_without_clients_words(app, client_as, twin, persona):
    found = {"field": "budget", "value": 1, "quote": "secret words of a client", "confidence": 0.5}
    run = twin.log_run("call_card", {"type": "communication", "id": "1"}, {"proposals": [found]})
    client = client_as(persona)
    assert run["id"] in client.get("/admin/runs").text
    page = client.get(f"/admin/runs/{run['id']}").text
    assert "[PERSON_1]" in page
    assert "Budget" in page
    assert "secret words" not in page
    assert audit(app, "ai.run_read")[-1][0] == persona


def test_texts_that_are_not_masked_stay_closed_in_the_log(client_as, twin):
    run = twin.log_run("answer", {"type": "user", "id": "1"}, TOLD, masked=False, prompt="Call Maria at 555-0101")
    page = client_as("officer").get(f"/admin/runs/{run['id']}").text
    assert "555-0101" not in page
    assert "are not masked" in page


@pytest.mark.parametrize("address", ["/admin/runs/nothing", "/runs/nothing/why"])
def test_a_run_that_is_unknown_is_not_found(client_as, twin, address):
    assert client_as("admin").get(address).status_code == 404


def test_a_run_leads_to_its_panel_for_who_may_see_it(app, client_as, twin, actor):
    run_id = uuid.uuid4().hex
    with app.parts.sessions() as session:
        asker = actor("staff").id
        session.add(Run(id=run_id, subject_type="user", subject_id=asker, module="answer", module_version="1"))
        session.commit()
    assert client_as("staff").get(f"/runs/{run_id}/why").location.endswith(f"/assistant/answers/{run_id}/why")
    for persona in ("colleague", "admin"):
        assert client_as(persona).get(f"/runs/{run_id}/why").status_code == 404
