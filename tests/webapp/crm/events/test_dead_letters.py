"""Dead letters: administrators see them, retry them and give them up; nobody else knows of them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.orm import Session

from appliance.settings import WebSettings
from webapp.app import App
from webapp.crm.communications.messages import CommunicationReceived
from webapp.event_commands import events
from webapp.kit.letters import JobFailure
from webapp.kit.outbox import emit

Fixture = Callable[..., Any]


@pytest.fixture
def letter(session: Session) -> Iterator[JobFailure]:
    """A dead letter about a call that could not be transcribed."""
    event = emit(session, CommunicationReceived(41))
    session.execute(text("DELETE FROM procrastinate_jobs"))
    made = JobFailure(
        event_id=event.id, event_type=event.type, subscriber="call_card.transcribe", state="dead", failures=8,
        error="builtins.ValueError", place="webapp/assistants/call_card/jobs.py:50 ask", trace_id="feedfacefeedface",
    )  # fmt: skip
    session.add(made)
    session.commit()
    yield made
    for table in ("job_failures", "procrastinate_jobs", "outbox_events"):
        session.execute(text(f"DELETE FROM {table}"))
    session.commit()


def jobs(session: Session) -> list[dict[str, Any]]:
    session.rollback()
    return list(session.scalars(text("SELECT args FROM procrastinate_jobs WHERE status = 'todo'")))


def actions(session: Session) -> list[str]:
    session.rollback()
    return list(
        session.scalars(text("SELECT action FROM audit.entries WHERE action LIKE 'dead_letter.%' ORDER BY seq"))
    )


def test_an_administrator_sees_what_failed_for_whom_and_the_trace_of_the_error(
    client_as: Fixture, letter: JobFailure
) -> None:
    client = client_as("admin")
    listed = client.get("/dead-letters")
    assert "call_card.transcribe" in listed.text
    shown = client.get(f"/dead-letters/{letter.id}")
    for words in ("communication.received", "feedfacefeedface", "communication/41", "jobs.py:50"):
        assert words in shown.text


def test_where_everything_arrived_the_page_says_so(client_as: Fixture) -> None:
    assert "Everything arrived" in client_as("admin").get("/dead-letters").text


@pytest.mark.parametrize("persona", ["staff", "head", "officer"])
def test_others_are_refused(client_as: Fixture, letter: JobFailure, session: Session, *, persona: str) -> None:
    client = client_as(persona)
    assert client.get("/dead-letters").status_code == 403
    assert client.get(f"/dead-letters/{letter.id}").status_code == 403
    assert client.post(f"/dead-letters/{letter.id}/retry").status_code == 403
    assert client.post("/dead-letters/retry").status_code == 403
    assert jobs(session) == []


def test_a_retried_letter_goes_back_into_its_queue_once(
    client_as: Fixture, letter: JobFailure, session: Session
) -> None:
    client = client_as("admin")
    before = len(actions(session))
    assert client.post(f"/dead-letters/{letter.id}/retry").status_code == 303
    assert jobs(session) == [{"event_id": str(letter.event_id), "subscriber": "call_card.transcribe"}]
    assert client.post(f"/dead-letters/{letter.id}/retry").status_code == 409
    assert len(jobs(session)) == 1
    assert actions(session)[before:] == ["dead_letter.retried"]


def test_a_letter_is_discarded_with_a_reason_and_never_without(
    client_as: Fixture, letter: JobFailure, session: Session
) -> None:
    client = client_as("admin")
    refused = client.post(f"/dead-letters/{letter.id}/discard", data={"reason": " "})
    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert client.post(f"/dead-letters/{letter.id}/discard", data={"reason": "A test call"}).status_code == 303
    assert "A test call" in client.get(f"/dead-letters/{letter.id}").text
    assert client.get("/dead-letters?state=discarded").text.count("call_card.transcribe") >= 1
    assert jobs(session) == []
    assert actions(session)[-1] == "dead_letter.discarded"


def test_the_api_lists_retries_and_discards(app: App, client_as: Fixture, letter: JobFailure, session: Session) -> None:
    client = token_of(app, "admin")
    (item,) = client("get", "/api/v1/dead-letters").json["items"]
    assert (item["id"], item["state"], item["trace_id"]) == (letter.id, "dead", "feedfacefeedface")
    assert client("post", f"/api/v1/dead-letters/{letter.id}/discard", json={}).status_code == 422
    answer = client("post", f"/api/v1/dead-letters/{letter.id}/retry")
    assert (answer.status_code, answer.json["state"], answer.json["failures"]) == (202, "retrying", 0)
    assert client("get", "/api/v1/dead-letters").json["items"] == []
    assert client("post", "/api/v1/dead-letters/retry").json == {"retried": 0}
    assert client("get", "/api/v1/dead-letters/999999").status_code == 404


def test_a_token_of_staff_sees_no_letters(app: App, letter: JobFailure) -> None:
    assert token_of(app, "staff")("get", "/api/v1/dead-letters").status_code == 403


def token_of(app: App, persona: str) -> Callable[..., Any]:
    """Requests with a bearer token of a persona."""
    from webapp.crm.users.models import ApiToken, User
    from webapp.crm.users.queries import hash_secret

    secret = f"ost_{uuid.uuid4().hex}"
    with app.parts.sessions() as opened, opened.begin():
        user = opened.query(User).filter_by(username=persona).one()
        opened.add(ApiToken(user_id=user.id, name="test", secret_hash=hash_secret(secret)))
    client = app.test_client()
    return lambda method, path, **more: getattr(client, method)(
        path, headers={"Authorization": f"Bearer {secret}"}, **more
    )


@pytest.fixture
def command(settings: WebSettings) -> Callable[..., Any]:
    """`ostrov events ...` against the database of this module."""
    environ = {"OSTROV_DATABASE_URL": settings.database_url, "OSTROV_HOME": str(settings.home)}
    return lambda *arguments: CliRunner().invoke(events, arguments, env=environ)


def test_the_command_lists_and_retries_letters(command: Fixture, letter: JobFailure, session: Session) -> None:
    told = json.loads(command("dead", "--json").output)
    assert (told["total"], told["items"][0]["id"], told["items"][0]["trace_id"]) == (1, letter.id, "feedfacefeedface")
    assert "call_card.transcribe" in command("dead").output
    assert command("retry", str(letter.id)).exit_code == 0
    assert len(jobs(session)) == 1
    assert command("dead").output.startswith("Everything arrived")


def test_the_command_retries_all(command: Fixture, letter: JobFailure, session: Session) -> None:
    assert command("retry", "--all").output == "1 back in the queue.\n"
    assert len(jobs(session)) == 1


@pytest.mark.parametrize("arguments", [("retry",), ("retry", "7", "--all"), ("retry", "999999")])
def test_the_command_says_what_is_wrong(command: Fixture, arguments: tuple[str, ...]) -> None:
    answer = command(*arguments)
    assert answer.exit_code != 0
    assert "Error" in answer.output


def test_the_command_replays_what_was_not_taken(command: Fixture, session: Session) -> None:
    emit(session, CommunicationReceived(7))
    session.commit()
    session.execute(text("DELETE FROM procrastinate_jobs"))
    session.commit()
    asked = ("replay", "--since", "1h", "--type", "communication.received", "--json")
    planned = json.loads(command(*asked, "--dry-run").output)
    assert (planned["queued"], planned["dry_run"], jobs(session)) == (1, True, [])
    done = json.loads(command(*asked).output)
    assert (done["queued"], done["subscribers"][0]["subscriber"]) == (1, "call_card.transcribe")
    assert len(jobs(session)) == 1
    assert json.loads(command(*asked).output)["queued"] == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--since", "yesterday"), "--since"),
        (("--since", "1d", "--type", "no.such"), "--type"),
        (("--since", "1d", "--subscriber", "nobody"), "--subscriber"),
        (("--since", "2026-01-02", "--until", "2026-01-01"), "--until"),
        (("--since", "1d", "--type", "communication.received", "--again"), "--again"),
    ],
)
def test_a_replay_names_what_does_not_fit(command: Fixture, arguments: tuple[str, ...], named: str) -> None:
    answer = command("replay", *arguments)
    assert answer.exit_code != 0
    assert named in answer.output
