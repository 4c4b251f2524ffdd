"""A gateway twin that answers as it is told, and a worker that runs the jobs of the queue one after the other."""

from __future__ import annotations

import io
import uuid
import wave
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from appliance.settings import WebSettings
from webapp import wiring
from webapp.ai.gateway import Embedded, ModelUnavailable
from webapp.app import App, create_app
from webapp.kit.jobs import AnotherTurn, Deliverer, WaitForPart, Work


def spoken(lines: Sequence[tuple[int, str]]) -> dict[str, Any]:
    """A transcript as the speech engine gives it: one utterance every five seconds."""
    segments = []
    for index, (channel, said) in enumerate(lines):
        start = index * 5.0
        step = 4.0 / max(len(said.split()), 1)
        words = [
            {"word": word, "start": start + step * n, "end": start + step * (n + 1), "probability": 0.9}
            for n, word in enumerate(said.split())
        ]
        piece = {"id": index, "start": start, "end": start + 4.0, "text": said, "channel": channel, "words": words}
        segments.append(piece)
    joined = " ".join(said for _, said in lines)
    return {"text": joined, "language": "en", "duration": len(lines) * 5.0, "channels": 2, "segments": segments}


CALL = spoken(
    [
        (0, "Ostrov, Anna speaking, how can I help?"),
        (1, "Hello, this is Maria Lindqvist from Nordwind Shipping."),
        (1, "We need twenty pumps PX-200, our budget is ninety thousand euros."),
        (0, "I will send you the offer by Friday."),
        (1, "My number is plus forty six seventy one two three four five six seven."),
    ]
)


def proposal(field: str, value: Any, segment: int, quote: str, **more: Any) -> dict[str, Any]:
    """A proposal as the module gives it."""
    base = {"field": field, "value": value, "display": str(value), "quote": quote, "segment": segment}
    base |= {"second": segment * 5.0, "speaker": "client", "confidence": 0.9, "group": None, "known_id": None}
    return base | more


PROPOSALS = [
    proposal("person", "Maria Lindqvist", 1, "this is Maria Lindqvist"),
    proposal("organisation", "Nordwind Shipping", 1, "from Nordwind Shipping"),
    proposal("phone", "+46711234567", 4, "plus forty six seventy one two three four five six seven"),
    proposal("intent", "purchase", 2, "We need twenty pumps"),
    proposal("product", "PX-200", 2, "twenty pumps PX-200", group=0),
    proposal("quantity", 20, 2, "twenty pumps PX-200", group=0, display="20 pcs"),
    proposal("budget", 90000, 2, "our budget is ninety thousand euros"),
    proposal("currency", "EUR", 2, "ninety thousand euros"),
    proposal("next_step", "send the offer", 3, "I will send you the offer", group=1, speaker="colleague"),
    proposal("due", "2026-11-27", 3, "by Friday", group=1, speaker="colleague"),
    proposal("sentiment", "positive", 2, "We need twenty pumps"),
]


class TwinGateway:
    """The gateway's client as the web application knows it, without a gateway behind it."""

    def __init__(self) -> None:
        self.transcript: dict[str, Any] = CALL
        self.pieces: dict[float, dict[str, Any]] = {}  # of a long recording, by the second at which they start
        self.proposals: list[dict[str, Any]] = PROPOSALS
        self.raises: dict[str, Exception | None] = dict.fromkeys(("transcribe", "run", "record", "verdicts"))
        self.records: dict[str, dict[str, Any]] = {}
        self.verdicts: dict[str, dict[str, Any]] = {}
        self.off: dict[str, str] = {}
        self.asked: list[tuple[str, Any]] = []
        self.hears: Callable[[], Any] = lambda: None
        self.engines = {"speech": {"state": "ready"}, "chat": {"state": "ready"}, "embed": {"state": "down"}}

    def transcribe(self, path: Path, **asked: Any) -> dict[str, Any]:
        self.asked.append(("transcribe", {"path": path, **asked}))
        self.hears()
        self._fail("transcribe")
        return self.pieces.get(asked["start"], self.transcript)

    def run(self, module: str, subject: tuple[str, int], value: dict[str, Any], **asked: Any) -> dict[str, Any]:
        self.asked.append((module, value))
        self._fail("run")
        run = {"id": str(uuid.uuid4()), "module": module, "module_version": "1.0.0", "prompt_version": "1"}
        run |= {"prompt_hash": "sha256", "model": "twin", "duration_ms": 12, "prompt_tokens": 1, "completion_tokens": 1}
        summary = [{"text": "Maria wants twenty pumps.", "quote": "We need twenty pumps", "second": 10.0}]
        speakers = {"0": "colleague", "1": "client"}
        output = {"language": "en", "summary": "Maria wants twenty pumps.", "summary_sentences": summary}
        return {"run": run, "output": output | {"speakers": speakers, "proposals": self.proposals}}

    def embed(self, texts: Sequence[str], **_asked: Any) -> Embedded:
        raise ModelUnavailable("the twin embeds nothing")

    def state(self) -> dict[str, Any]:
        return {"ready": True, "engines": self.engines}

    def run_record(self, run_id: str) -> dict[str, Any] | None:
        self._fail("record")
        return self.records.get(run_id)

    def tell_verdicts(self, run_id: str, verdicts: Sequence[dict[str, Any]]) -> bool:
        self._fail("verdicts")
        for verdict in verdicts:
            self.verdicts.setdefault(verdict["id"], {**verdict, "run": run_id})
        return True

    def features(self) -> list[dict[str, Any]]:
        return [{"feature": name, "on": False, "reason": reason} for name, reason in self.off.items()]

    def _fail(self, name: str) -> None:
        if self.raises[name] is not None:
            raise self.raises[name]


@pytest.fixture
def twin(app: App) -> TwinGateway:
    """The twin behind the application, as good as new."""
    gateway: Any = app.parts.gateway
    gateway.__init__()
    return gateway


@pytest.fixture(scope="module")
def app(settings: WebSettings) -> Iterator[App]:
    """The whole web application with the twin for a gateway."""
    made = create_app(settings, parts=wiring.assemble(settings, gateway=TwinGateway()))  # type: ignore[arg-type]
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.parts.engine.dispose()


@pytest.fixture
def work(app: App) -> Callable[..., list[str]]:
    """Run the jobs that wait, as the worker does, until none is left that can run; answers what was done."""

    def run(only: str | None = None) -> list[str]:
        deliver = Deliverer(app.parts.outbox, Work(app.parts.sessions, app.parts.for_jobs()))
        done: list[str] = []
        waiting: set[int] = set()
        while True:
            with app.parts.engine.begin() as connection:
                rows = connection.execute(
                    text("SELECT id, args FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")
                )
                jobs = [row for row in rows if row.id not in waiting and only in (None, row.args["subscriber"])]
            if not jobs:
                return done
            job = jobs[0]
            try:
                deliver(job.args["event_id"], job.args["subscriber"], job.id)
            except WaitForPart:
                waiting.add(job.id)
                continue
            except AnotherTurn:
                continue
            with app.parts.engine.begin() as connection:
                connection.execute(text("DELETE FROM procrastinate_jobs WHERE id = :id"), {"id": job.id})
            done.append(job.args["subscriber"])

    return run


def sound(seconds: float = 0.1, *, channels: int = 2, salt: int = 0) -> bytes:
    """A small wav file; another `salt` is another recording."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(salt.to_bytes(2, "little") * int(8000 * seconds) * channels)
    return buffer.getvalue()


@pytest.fixture
def upload(client_as: Callable[..., Any]) -> Callable[..., Any]:
    """Upload a call through the API as a persona; each time a new recording unless `data` is given."""

    def send(persona: str = "staff", *, data: bytes | None = None, name: str = "call.wav", **fields: Any) -> Any:
        content = sound(salt=uuid.uuid4().int % 60000) if data is None else data
        body = {"recording": (io.BytesIO(content), name), "kind": "call", **fields}
        return bearer(client_as, persona).post("/api/v1/communications", data=body)

    return send


def bearer(client_as: Callable[..., Any], persona: str) -> Any:
    """A program that acts for a persona by a bearer token."""
    return TokenClient(client_as(persona), persona)


class TokenClient:
    """A test client that sends a bearer token with each request."""

    def __init__(self, client: Any, persona: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token_of(client.application, persona)}"}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.client, name)
        return lambda *args, **given: method(*args, headers={**self.headers, **given.pop("headers", {})}, **given)


def token_of(app: App, persona: str) -> str:
    """A bearer token of a persona."""
    from webapp.crm.users.models import ApiToken, User
    from webapp.crm.users.queries import hash_secret
    from webapp.kit.access import SYSTEM
    from webapp.kit.changes import begin
    from webapp.kit.db import transaction

    secret = uuid.uuid4().hex
    with transaction(app.parts.sessions) as session:
        begin(session, SYSTEM)
        user = session.query(User).filter_by(username=persona).one()
        session.add(ApiToken(user_id=user.id, name="test", secret_hash=hash_secret(secret)))
    return secret
