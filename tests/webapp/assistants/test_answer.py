"""The assistant: what the model is given, what is shown of its answer, and what it can never learn."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from appliance.settings import WebSettings
from webapp import wiring
from webapp.ai.gateway import Embedded, ModelUnavailable
from webapp.ai.proposals.models import Opinion, Run
from webapp.ai.search.indexing import replace_parts
from webapp.app import App, create_app
from webapp.assistants.answer import opinions
from webapp.crm.communications.models import Communication
from webapp.crm.deals.models import Deal, Stage
from webapp.crm.documents.models import Document
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.tasks.models import Task
from webapp.crm.users.models import Team, User
from webapp.kit.jobs import Work
from webapp.kit.outbox import OutboxEvent
from webapp.kit.searchable import SearchPart

Client = Callable[[str], FlaskClient]


class Twin:
    """A gateway whose module cites the first passage that holds `word`, and refuses when none does."""

    def __init__(self) -> None:
        self.word = ""
        self.down = False
        self.given: list[dict[str, Any]] = []
        self.records: dict[str, dict[str, Any]] = {}
        self.verdicts: dict[str, list[dict[str, Any]]] = {}

    def embed(self, texts: Sequence[str], **_how: Any) -> Embedded:
        raise ModelUnavailable("off")

    def state(self) -> dict[str, Any]:
        return {"ready": False, "engines": {}}

    def features(self) -> list[dict[str, Any]]:
        return []

    def tell_verdicts(self, run_id: str, verdicts: Sequence[dict[str, Any]]) -> bool:
        self.verdicts.setdefault(run_id, []).extend(verdicts)
        return True

    def quality(self, **_when: Any) -> list[dict[str, Any]]:
        return []

    def run_record(self, run_id: str) -> dict[str, Any] | None:
        return self.records.get(run_id)

    def run(self, module: str, subject: Any, value: dict[str, Any], *, actor: int | None = None) -> dict[str, Any]:
        if self.down:
            raise ModelUnavailable("off")
        self.given = value["passages"]
        run = {"id": str(uuid.uuid4()), "module": module, "module_version": "1.0.0", "model": "twin"}
        for passage in value["passages"]:
            if self.word and self.word in passage["text"]:
                line = next(part for part in passage["text"].split("\n") if self.word in part)
                citation = {"ref": passage["ref"], "type": passage["type"], "id": passage["id"], "quote": line}
                self.records[run["id"]] = {"features": [{"field": "citations", "quote": line, "confidence": 0.8}]}
                return {"run": run, "output": {"answered": True, "answer": f"{line} [1]", "citations": [citation]}}
        return {"run": run, "output": {"answered": False, "answer": "", "citations": [], "reason": "nothing"}}

    def stream(self, *arguments: Any, **named: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        result = self.run(*arguments, **named)
        yield "token", {"text": result["output"]["answer"][:5]}
        yield "result", result

    def texts(self) -> str:
        return "\n".join(f"{p['title']}\n{p['text']}" for p in self.given)


@pytest.fixture(scope="module")
def twin() -> Twin:
    return Twin()


@pytest.fixture(scope="module")
def app(settings: WebSettings, twin: Twin) -> Iterator[App]:
    made = create_app(settings, parts=wiring.assemble(settings, gateway=twin))  # type: ignore[arg-type]
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.parts.engine.dispose()


@pytest.fixture(scope="module", autouse=True)
def records(app: App) -> Iterator[dict[str, int]]:
    with app.parts.sessions() as session:
        teams = {t.name: t.id for t in session.query(Team)}
        owners = {u.username: u.id for u in session.query(User)}
        sales = {"team_id": teams["Sales"], "owner_id": owners["staff"]}
        support = {"team_id": teams["Support"], "owner_id": owners["stranger"]}
        stage = session.query(Stage).filter_by(key="negotiation").one()
        org = Organisation(name="Northwind Traders", phone="+442079460000", city="Leeds", **sales)
        other = Organisation(name="Hidden Harbour", notes="Their margin is 38 percent.", **support)
        session.add_all([org, other])
        session.flush()
        anna = Person(full_name="Anna Reed", organisation_id=org.id, phone="+442079460001", **sales)
        session.add(anna)
        session.flush()
        deal = Deal(
            title="Forklifts for Leeds",
            organisation_id=org.id,
            stage_id=stage.id,
            amount=120000,
            currency="GBP",
            expected_close=date(2026, 12, 5),
            **sales,
        )
        task = Task(
            title="Send the warranty terms", organisation_id=org.id, due_at=datetime(2026, 11, 27, tzinfo=UTC), **sales
        )
        call = Communication(
            kind="call",
            occurred_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
            organisation_id=org.id,
            person_id=anna.id,
            summary="Northwind asked about forklifts.",
            state="understood",
            **sales,
        )
        secret = Communication(
            kind="note",
            occurred_at=datetime(2026, 11, 1, tzinfo=UTC),
            body="Forklifts discount is 45 percent.",
            **support,
        )
        doc = Document(
            title="Supply contract",
            filename="c.pdf",
            media_type="application/pdf",
            sha256="x" * 64,
            bytes=1,
            state="indexed",
            organisation_id=org.id,
            **sales,
        )
        session.add_all([deal, task, call, secret, doc])
        session.flush()
        said = (
            (4.0, "Good morning, Northwind."),
            (31.5, "We will deliver the forklifts by Friday."),
            (40.0, "Thank you."),
        )
        parts = [SearchPart("transcript", words, second=second) for second, words in said]
        replace_parts(session, "communication", call.id, "call", parts, field="transcript")
        terms = [SearchPart("text", "The penalty for late delivery is 0.1 percent a day.", page=7)]
        replace_parts(session, "document", doc.id, doc.title, terms, field="text")
        session.commit()
        made = {"org": org, "other": other, "anna": anna, "deal": deal, "task": task, "call": call, "doc": doc}
        yield {name: row.id for name, row in made.items()}


def ask(client: FlaskClient, question: str, **more: str) -> Any:
    return client.post("/api/v1/assistant/ask", json={"question": question, **more})


@pytest.fixture
def token_as(app: App, client_as: Client) -> Client:
    """A program that works with a persona's rights."""

    def client(username: str) -> FlaskClient:
        from webapp.crm.users.models import ApiToken
        from webapp.crm.users.queries import hash_secret

        secret = uuid.uuid4().hex
        with app.parts.sessions() as session:
            user = session.query(User).filter_by(username=username).one()
            session.add(ApiToken(user_id=user.id, name="test", secret_hash=hash_secret(secret)))
            session.commit()
        made = app.test_client()
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return made

    return client


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


def the_run(app: App) -> str:
    with app.parts.sessions() as session:
        return session.query(Run).filter_by(module="answer").order_by(Run.created_at.desc()).first().id


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


def opinion_of(app: App, run_id: str) -> Opinion | None:
    with app.parts.sessions() as session:
        return session.get(Opinion, run_id)


def answered(app: App, twin: Twin, client: FlaskClient) -> tuple[str, str]:
    """The run of an answer, and the answer as it is drawn."""
    twin.word = "120"
    told = client.post("/assistant/ask", data={"question": "What is the amount of Forklifts for Leeds?"}).text
    return the_run(app), told


def test_an_answer_asks_whether_it_was_useful_and_takes_the_reason(app, twin, client_as):
    staff = client_as("staff")
    run_id, told = answered(app, twin, staff)
    address = f"/assistant/answers/{run_id}/opinion"
    assert address in told
    htmx = {"HX-Request": "true"}
    said = staff.post(address, data={"opinion": "useless"}, headers=htmx)
    assert said.status_code == 200
    assert "What was wrong?" in said.text
    staff.post(address, data={"opinion": "useless", "reason": "outdated"}, headers=htmx)
    kept = opinion_of(app, run_id)
    assert (kept.useful, kept.reason) == (False, "outdated")
    said = staff.post(address, data={"opinion": "useful"}, headers=htmx).text
    assert "What was wrong?" not in said
    assert 'aria-pressed="true"' in said
    assert opinion_of(app, run_id).useful


def test_without_scripts_an_opinion_leads_to_the_page_of_the_answer(app, twin, client_as):
    staff = client_as("staff")
    run_id, _told = answered(app, twin, staff)
    answer = staff.post(f"/assistant/answers/{run_id}/opinion", data={"opinion": "useless"})
    assert answer.status_code == 303
    page = staff.get(answer.headers["Location"])
    assert "What was wrong?" in page.text
    assert "Thank you" in page.text


def test_nobody_else_has_an_opinion_on_an_answer(app, twin, client_as):
    run_id, _told = answered(app, twin, client_as("staff"))
    for other in ("colleague", "head", "admin"):
        refused = client_as(other).post(f"/assistant/answers/{run_id}/opinion", data={"opinion": "useful"})
        assert refused.status_code == 404
    assert opinion_of(app, run_id) is None


@pytest.mark.parametrize(
    "form",
    [{}, {"opinion": "great"}, {"opinion": "useless", "reason": "<b>"}, {"opinion": "useful", "reason": "wrong"}],
)
def test_an_opinion_that_does_not_exist_is_refused(app, twin, client_as, form):
    staff = client_as("staff")
    run_id, _told = answered(app, twin, staff)
    assert staff.post(f"/assistant/answers/{run_id}/opinion", data=form).status_code == 422
    assert opinion_of(app, run_id) is None


def test_an_opinion_is_told_to_the_log_of_runs_with_its_reason(app, twin, client_as):
    staff = client_as("staff")
    run_id, _told = answered(app, twin, staff)
    staff.post(f"/assistant/answers/{run_id}/opinion", data={"opinion": "useless", "reason": "source"})
    with app.parts.sessions() as session:
        newest = session.query(OutboxEvent).filter_by(type="answer.judged").order_by(OutboxEvent.time.desc()).first()
    work = Work(app.parts.sessions, {"gateway": twin})
    for _ in range(2):
        opinions.tell(work, newest)
    assert {verdict["id"] for verdict in twin.verdicts[run_id]} == {str(newest.id)}
    (verdict, *_again) = twin.verdicts[run_id]
    assert (verdict["field"], verdict["verdict"], verdict["final"]) == ("answer", "rejected", "source")
    assert "120" not in json.dumps(newest.data)


def test_the_quality_board_counts_opinions_by_reason(app, twin, client_as):
    staff = client_as("staff")
    run_id, _told = answered(app, twin, staff)
    staff.post(f"/assistant/answers/{run_id}/opinion", data={"opinion": "useless", "reason": "incomplete"})
    rows = client_as("head").get("/admin/quality/export.json", query_string={"module": "answer"})
    assert {"module": "answer", "useful": False, "reason": "incomplete", "answers": 1} in rows.json["opinions"]
    page = client_as("head").get("/admin/quality", query_string={"module": "answer"}).text
    assert "Something is missing" in page
