"""The assistant in front of a gateway twin, with records to ask about."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from appliance.settings import WebSettings
from webapp import wiring
from webapp.ai.gateway import Embedded, ModelUnavailable
from webapp.ai.proposals.models import Run
from webapp.ai.search.indexing import replace_parts
from webapp.app import App, create_app
from webapp.crm.communications.models import Communication
from webapp.crm.deals.models import Deal, Stage
from webapp.crm.documents.models import Document
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.tasks.models import Task
from webapp.crm.users.models import Team, User
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


def the_run(app: App) -> str:
    with app.parts.sessions() as session:
        return session.query(Run).filter_by(module="answer").order_by(Run.created_at.desc()).first().id
