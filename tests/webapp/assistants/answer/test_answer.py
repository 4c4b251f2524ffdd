"""The assistant: what the model is given, what is shown of its answer, and what it can never learn."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from tests.webapp.assistants.answer.conftest import Client, Twin, the_run
from webapp.ai.proposals.models import Run
from webapp.app import App
from webapp.crm.deals.models import Deal
from webapp.crm.organisations.models import Organisation


def ask(client: FlaskClient, question: str, **more: str) -> Any:
    return client.post("/api/v1/assistant/ask", json={"question": question, **more})


def test_an_answer_cites_the_second_of_a_call(token_as: Client, twin: Twin, records: dict[str, int]) -> None:
    twin.word = "deliver the forklifts"
    body = ask(token_as("staff"), "When do we deliver the forklifts?").get_json()
    assert body["answered"] is True
    (citation,) = body["citations"]
    assert (citation["type"], citation["id"]) == ("communication", records["call"])
    assert citation["quote"] == "We will deliver the forklifts by Friday."
    assert citation["second"] == 31.5
    assert citation["url"] == f"/communications/{records['call']}?t=31.5"
    assert "Northwind Traders" in citation["title"]
    assert "Anna Reed" in citation["title"]


def test_an_answer_cites_the_page_of_a_document(token_as: Client, twin: Twin, records: dict[str, int]) -> None:
    twin.word = "penalty"
    (citation,) = ask(token_as("staff"), "What is the penalty for late delivery?").get_json()["citations"]
    assert citation["url"] == f"/documents/{records['doc']}#page-7"
    assert citation["page"] == 7


@pytest.mark.parametrize(
    ("question", "word", "kind"),
    [
        ("What is the amount of the deal with Northwind?", "120,000 GBP", "deal"),
        ("At which stage is the deal Forklifts?", "Negotiation", "deal"),
        ("When is the warranty task due?", "27 November 2026", "task"),
        ("What is the phone number of Anna Reed?", "+44 20 7946 0001", "person"),
        ("In which city is Northwind?", "Leeds", "organisation"),
    ],
)
def test_fields_of_records_are_told_in_sentences(
    token_as: Client, twin: Twin, question: str, word: str, kind: str
) -> None:
    twin.word = word
    body = ask(token_as("staff"), question).get_json()
    assert body["answered"], twin.texts()
    assert body["citations"][0]["type"] == kind


def test_russian_questions_are_given_russian_facts(token_as: Client, twin: Twin) -> None:
    twin.word = "Сумма сделки: 120 000 GBP"
    assert ask(token_as("colleague"), "Какая сумма сделки Forklifts?").get_json()["answered"], twin.texts()


def test_the_model_is_never_given_what_the_asker_may_not_open(token_as: Client, twin: Twin) -> None:
    twin.word = ""
    for username in ("staff", "colleague", "officer", "admin", "head", "stranger"):
        ask(token_as(username), "What is the margin and the discount of Hidden Harbour for forklifts?")
        secret = "45 percent" in twin.texts()
        assert secret is (username in ("admin", "head", "stranger")), username
    ask(token_as("officer"), "What are the phone numbers and notes of Anna Reed, Northwind and Hidden Harbour?")
    assert "Anna Reed" in twin.texts()
    for hidden in ("7946", "38 percent", "forklifts by Friday"):
        assert hidden not in twin.texts()


def test_a_question_on_a_card_is_answered_from_that_client_alone(
    token_as: Client, twin: Twin, records: dict[str, int]
) -> None:
    twin.word = "45 percent"
    head = token_as("head")
    assert ask(head, "What discount for forklifts?").get_json()["answered"]
    body = ask(head, "What discount for forklifts?", client_id=f"organisation:{records['org']}").get_json()
    assert body["answered"] is False
    assert "Hidden Harbour" not in twin.texts()
    assert "deliver the forklifts" in twin.texts()
    assert ask(token_as("staff"), "Margin?", client_id=f"organisation:{records['other']}").status_code == 404


def test_nothing_found_is_said_and_never_answered(client_as: Client, twin: Twin) -> None:
    twin.word = ""
    answer = client_as("staff").post("/assistant/ask", data={"question": "What is the airspeed of a swallow?"})
    name, data = events(answer)[-1]
    assert name == "done"
    assert "unanswered" in data["html"]
    assert "Searched:" in data["html"]


def events(answer: Any) -> list[tuple[str, dict[str, Any]]]:
    blocks = [block for block in answer.text.split("\n\n") if block.strip()]
    found = []
    for block in blocks:
        name, data = block.split("\n", 1)
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_an_answer_streams_and_ends_with_its_sources(app: App, client_as: Client, twin: Twin) -> None:
    twin.word = "deliver the forklifts"
    answer = client_as("staff").post("/assistant/ask", data={"question": "When do we deliver <b>the</b> forklifts?"})
    assert answer.mimetype == "text/event-stream"
    pieces = events(answer)
    assert [name for name, _data in pieces] == ["token", "done"]
    drawn = pieces[-1][1]["html"]
    assert 'class="cite"' in drawn
    assert "?t=31.5" in drawn
    with app.parts.sessions() as session:
        rows = session.execute(
            text("SELECT action, details FROM audit.entries WHERE action LIKE 'ai.%' ORDER BY seq DESC LIMIT 2")
        ).all()
        assert [row.action for row in rows] == ["ai.answered", "ai.asked"]
        assert "forklifts" not in json.dumps([row.details for row in rows])
        assert session.query(Run).filter_by(module="answer").count() > 0


def test_a_model_that_is_down_is_said_in_words(client_as: Client, token_as: Client, twin: Twin) -> None:
    twin.down = True
    try:
        ((name, data),) = events(client_as("staff").post("/assistant/ask", data={"question": "Forklifts?"}))
        assert name == "done"
        assert "Search still works" in data["html"]
        assert "Forklifts for Leeds" in data["html"]
        answer = ask(token_as("staff"), "Forklifts?")
        assert answer.status_code == 503
        assert answer.mimetype == "application/problem+json"
    finally:
        twin.down = False


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"question": ""}, "question"),
        ({"question": "   "}, "question"),
        ({"question": "x" * 2001}, "question"),
        ({}, "question"),
        ({"question": "x", "client_id": "galaxy:1"}, "client_id"),
    ],
)
def test_bad_questions_are_refused_by_field(token_as: Client, body: dict[str, str], field: str) -> None:
    answer = token_as("staff").post("/api/v1/assistant/ask", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["field"] == field


def test_page_and_panel_are_drawn(client_as: Client, records: dict[str, int]) -> None:
    client = client_as("staff")
    assert "data-stream" in client.get("/assistant").text
    panel = client.get(f"/assistant/of/organisation/{records['org']}", headers={"HX-Request": "true"}).text
    assert f'value="organisation:{records["org"]}"' in panel
    assert client.get("/assistant/of/galaxy/1").status_code == 404


def test_an_answer_tells_why_with_its_sources(app, twin, client_as):
    twin.word = "120"
    staff = client_as("staff")
    told = staff.post("/assistant/ask", data={"question": "What is the amount of Forklifts for Leeds?"}).text
    run_id = the_run(app)
    assert f"/assistant/answers/{run_id}/why" in told
    page = staff.get(f"/assistant/answers/{run_id}/why")
    assert page.status_code == 200
    assert "Source 1" in page.text
    assert "Forklifts for Leeds" in page.text
    api = staff.get(f"/api/v1/assistant/answers/{run_id}/why").json
    assert api["grounds"][0]["quote"]
    for other in ("colleague", "head", "admin"):
        assert client_as(other).get(f"/assistant/answers/{run_id}/why").status_code == 404
        assert client_as(other).get(f"/api/v1/assistant/answers/{run_id}/why").status_code == 404


def test_a_source_that_was_closed_since_says_nothing_any_more(app, twin, client_as):
    twin.word = "120,000"
    staff = client_as("staff")
    staff.post("/assistant/ask", data={"question": "What is the amount of Forklifts for Leeds?"})
    run_id = the_run(app)
    with app.parts.sessions() as session:
        (cited,) = session.get(Run, run_id).cited
        model = {"deal": Deal, "organisation": Organisation}[cited["type"]]
        record = session.get(model, cited["id"])
        before = record.owner_id, record.team_id
        record.owner_id = record.team_id = None
        session.commit()
    page = staff.get(f"/assistant/answers/{run_id}/why").text
    with app.parts.sessions() as session:
        record = session.get(model, cited["id"])
        record.owner_id, record.team_id = before
        session.commit()
    assert "you may not open it any more" in page
    assert "120" not in page.split("Details for specialists")[0].split("What it rests on")[1]


@pytest.mark.parametrize("address", ["/assistant/answers/nothing/why", "/api/v1/assistant/answers/nothing/why"])
def test_an_answer_that_was_never_given_is_not_found(client_as, address):
    assert client_as("staff").get(address).status_code == 404
