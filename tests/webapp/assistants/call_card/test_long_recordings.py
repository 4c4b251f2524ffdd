"""Long recordings are written down piece by piece: short calls have their turn, and a crash costs one piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from webapp.ai.gateway import BadRecording, ModelBusy
from webapp.app import App
from webapp.crm.communications import messages
from webapp.crm.communications.models import TranscriptPiece
from webapp.kit.jobs import AnotherTurn, Deliverer, Work

from .conftest import TwinGateway, bearer

Fixture = Callable[..., Any]
HOURS = 3 * 3600.0


def piece(start: float, end: float | None, *, language: str | None = "en", channel: int | None = 1) -> dict[str, Any]:
    """What the speech engine says of a piece: one utterance, five seconds into it."""
    said, at = f"heard at {start:.0f}", start + 5
    words = [{"word": word, "start": at, "end": at + 1, "probability": 0.9} for word in said.split()]
    segment = {"id": 0, "start": at, "end": at + 3, "text": said, "channel": channel, "words": words}
    return {
        "text": said, "language": language, "duration": HOURS, "channels": 2, "segments": [segment],
        "start": start, "end": end or HOURS, "next": end,
    }  # fmt: skip


@pytest.fixture
def api(client_as: Fixture) -> Any:
    return bearer(client_as, "staff")


@pytest.fixture
def long_call(twin: TwinGateway, upload: Fixture, session: Session) -> Iterator[str]:
    """A recording of three hours, in three pieces; the first has no speech in it."""
    silent = piece(0.0, 3600.0, language=None) | {"segments": []}
    twin.pieces = {0.0: silent, 3600.0: piece(3600.0, 7200.5), 7200.5: piece(7200.5, None)}
    yield str(upload().headers["Location"])
    session.rollback()
    for table in ("procrastinate_jobs", "transcript_pieces"):
        session.execute(text(f"DELETE FROM {table}"))
    session.commit()


@pytest.fixture
def turn(app: App, session: Session) -> Callable[[], int | None]:
    """Give the oldest transcription one turn; answers the priority of what is left of it."""

    def give() -> int | None:
        session.rollback()
        jobs = "SELECT id, args FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = 'speech' ORDER BY id"
        job = session.execute(text(jobs)).first()
        assert job is not None
        try:
            Deliverer(app.parts.outbox, Work(app.parts.sessions, app.parts.for_jobs()))(**job.args)
        except AnotherTurn as left:
            return left.priority
        session.execute(text("DELETE FROM procrastinate_jobs WHERE id = :id"), {"id": job.id})
        session.commit()
        return None

    return give


def asked(twin: TwinGateway) -> list[tuple[float, str | None]]:
    return [(what["start"], what["language"]) for name, what in twin.asked if name == "transcribe"]


def test_the_pieces_are_put_together_with_times_from_the_very_start(
    twin: TwinGateway, long_call: str, work: Fixture, api: Any, session: Session
) -> None:
    work()
    call = api.get(long_call).json
    assert call["state"] == "understood"
    assert [(s["start"], s["text"]) for s in call["transcript"]["segments"]] == [
        (3605.0, "heard at 3600"),
        (7205.5, "heard at 7200"),
    ]
    assert call["transcript"]["segments"][1]["words"][0]["start"] == 7205.5
    assert (call["transcript"]["language"], call["recording"]["duration"]) == ("en", HOURS)
    assert session.query(TranscriptPiece).count() == 0


def test_the_language_that_was_heard_first_is_said_of_the_pieces_that_follow(
    twin: TwinGateway, long_call: str, work: Fixture
) -> None:
    work()
    assert asked(twin) == [(0.0, None), (3600.0, None), (7200.5, "en")]


def test_what_has_been_heard_longest_has_its_turn_last(long_call: str, turn: Fixture) -> None:
    assert [turn(), turn(), turn()] == [-60, -120, None]


def test_the_page_and_the_api_say_how_far_it_has_come(
    long_call: str, turn: Fixture, api: Any, client_as: Fixture
) -> None:
    turn()
    call = api.get(long_call).json
    assert call["state"] == "received"
    assert call["detail"].startswith("60 of 180 minutes")
    shown = client_as("staff").get(f"/communications/{call['id']}/progress?seen=transcribing")
    assert "60 of 180 minutes" in shown.text
    assert "hx-trigger" in shown.text


def test_after_a_crash_the_call_goes_on_with_the_piece_that_was_being_heard(
    twin: TwinGateway, long_call: str, turn: Fixture, work: Fixture, *, api: Any
) -> None:
    turn()
    twin.raises["transcribe"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        turn()
    twin.raises["transcribe"] = None
    work()
    assert [start for start, _ in asked(twin)] == [0.0, 3600.0, 3600.0, 7200.5]
    assert len(api.get(long_call).json["transcript"]["segments"]) == 2


def test_a_piece_that_two_workers_heard_is_kept_once(
    twin: TwinGateway, long_call: str, turn: Fixture, work: Fixture, *, api: Any, session: Session
) -> None:
    def meanwhile() -> None:
        twin.hears = lambda: None
        turn()

    twin.hears = meanwhile
    turn()
    assert [one.start for one in session.query(TranscriptPiece)] == [0.0]
    work()
    assert len(api.get(long_call).json["transcript"]["segments"]) == 2


def test_a_long_call_that_failed_is_taken_up_where_it_failed(
    twin: TwinGateway, long_call: str, turn: Fixture, work: Fixture, *, api: Any
) -> None:
    turn()
    twin.raises["transcribe"] = BadRecording("The disk is broken.")
    work()
    assert api.get(long_call).json["state"] == "failed"
    twin.raises["transcribe"] = None
    assert api.post(f"{long_call}/retry").status_code == 202
    work()
    assert api.get(long_call).json["state"] == "understood"
    assert [start for start, _ in asked(twin)] == [0.0, 3600.0, 3600.0, 7200.5]


def test_a_model_that_is_busy_with_others_is_waited_for(
    twin: TwinGateway, upload: Fixture, work: Fixture, api: Any
) -> None:
    twin.raises["transcribe"] = ModelBusy("the queue is full")
    where = upload().headers["Location"]
    for _ in range(12):
        work()
    assert api.get(where).json["detail"] == messages.WAITING_FOR_SPEECH
    twin.raises["transcribe"] = None
    work()
    assert api.get(where).json["state"] == "understood"
