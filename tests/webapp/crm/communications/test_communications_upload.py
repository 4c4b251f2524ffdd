"""Uploads: what is taken, what is refused with a clear word, and that nothing is kept of what is refused."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from appliance.settings import WebSettings
from webapp import wiring
from webapp.app import App, create_app
from webapp.crm.communications import forms
from webapp.crm.communications.models import Communication, Recording
from webapp.kit import files
from webapp.kit.errors import TooLarge
from webapp.kit.jobs import Deliverer, Work

from .conftest import sound

Fixture = Callable[..., Any]


def sweep(app: App) -> None:
    """Run the jobs that remove files which nobody needs."""
    deliver = Deliverer(app.parts.outbox, Work(app.parts.sessions, app.parts.for_jobs()))
    jobs = "SELECT args FROM procrastinate_jobs WHERE args->>'subscriber' = 'communications.sweep_recording'"
    with app.parts.sessions() as session:
        waiting = list(session.scalars(text(jobs)))
    for args in waiting:
        deliver(args["event_id"], args["subscriber"])


def stored(app: App) -> set[str]:
    folder = app.parts.settings.recordings_dir
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


@pytest.mark.parametrize(
    ("content", "name", "word"),
    [
        (b"Dear all, this is a letter and no call.\n" * 20, "call.wav", "text"),
        ("Это письмо, а не звонок. ".encode() * 40, "call.mp3", "text"),
        (b"", "call.wav", "empty"),
        (b"%PDF-1.7 \x00\x01\x02\xff" * 40, "call.ogg", "not a recording"),
        (bytes(range(256)) * 4, "call.m4a", "not a recording"),
        ("UTF-16 text".encode("utf-16"), "call.mp3", "not a recording"),
    ],
)
def test_what_is_no_recording_is_refused_and_leaves_nothing(
    app: App, send: Fixture, session: Session, content: bytes, name: str, *, word: str
) -> None:
    files_before, rows_before = stored(app), session.query(Recording).count()
    answer = send(content, name)
    assert (answer.status_code, answer.json["field"]) == (422, "recording")
    assert word in answer.json["detail"]
    assert (stored(app), session.query(Recording).count()) == (files_before, rows_before)


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"OggS\x00\x02", "audio/ogg"),
        (b"fLaC\x00\x00\x00\x22", "audio/flac"),
        (b"\x00\x00\x00\x20ftypM4A ", "audio/mp4"),
        (b"ID3\x04\x00\x00", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"\x1a\x45\xdf\xa3", "audio/webm"),
    ],
)
def test_recordings_are_known_by_their_first_bytes(
    send: Fixture, session: Session, head: bytes, media_type: str
) -> None:
    answer = send(head + media_type.encode() * 30, "no-ending")
    assert answer.status_code == 202, answer.text
    assert answer.json["recording"]["media_type"] == media_type


def test_a_missing_recording_is_named(app: App, headers: Fixture) -> None:
    answer = app.test_client().post("/api/v1/communications", data={"kind": "call"}, headers=headers("staff"))
    assert (answer.status_code, answer.json["field"]) == (422, "recording")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("client_id", "deal:5"),
        ("client_id", "person:999999"),
        ("client_id", "999999"),
        ("occurred_at", "2026-11-20T10:00:00"),
        ("occurred_at", "yesterday"),
        ("occurred_at", "2999-01-01T00:00:00Z"),
        ("kind", "song"),
        ("direction", "sideways"),
    ],
)
def test_a_field_that_does_not_fit_is_named(send: Fixture, field: str, value: str) -> None:
    answer = send(sound(77), **{field: value})
    assert answer.status_code == 422, answer.text
    assert answer.json["field"] == field


def test_the_same_recording_is_recognised_and_kept_once(app: App, send: Fixture, session: Session) -> None:
    first = send(sound(501), "one.wav")
    again = send(sound(501), "two.wav")
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.json["already"]
    assert "uploaded before" in again.json["message"]
    assert (
        session.query(Communication)
        .filter_by(recording_id=session.query(Recording).filter_by(filename="one.wav").one().id)
        .count()
        == 1
    )


def test_somebody_elses_copy_stays_unseen_and_the_file_is_shared(app: App, send: Fixture, session: Session) -> None:
    mine = send(sound(502))
    theirs = send(sound(502), persona="stranger")
    assert (mine.status_code, theirs.status_code) == (202, 202)
    assert theirs.json["id"] != mine.json["id"]
    assert not theirs.json["already"]
    assert theirs.json["recording"]["sha256"] == mine.json["recording"]["sha256"]
    assert session.query(Recording).filter_by(sha256=mine.json["recording"]["sha256"]).count() == 1


def test_a_recording_goes_with_its_last_call(app: App, send: Fixture, headers: Fixture) -> None:
    mine, theirs = send(sound(503)), send(sound(503), persona="stranger")
    sha256 = mine.json["recording"]["sha256"]
    client = app.test_client()
    assert client.delete(f"/api/v1/communications/{mine.json['id']}", headers=headers("colleague")).status_code == 403
    assert client.delete(f"/api/v1/communications/{mine.json['id']}", headers=headers("staff")).status_code == 204
    assert sha256 in stored(app)
    assert client.delete(f"/api/v1/communications/{theirs.json['id']}", headers=headers("stranger")).status_code == 204
    assert sha256 in stored(app)  # a deletion that is rolled back must find its file again
    sweep(app)
    assert sha256 not in stored(app)


def test_a_recording_that_is_uploaded_again_before_the_sweep_keeps_its_file(
    app: App, send: Fixture, headers: Fixture
) -> None:
    content = sound(611)
    first = send(content)
    sha256 = first.json["recording"]["sha256"]
    app.test_client().delete(f"/api/v1/communications/{first.json['id']}", headers=headers("staff"))
    assert send(content).status_code == 202
    sweep(app)
    assert sha256 in stored(app)


def test_the_recording_is_played_in_ranges_by_those_who_may_see_the_call(
    app: App, send: Fixture, headers: Fixture
) -> None:
    content = sound(504)
    url = send(content).json["recording"]["url"]
    client = app.test_client()
    part = client.get(url, headers=headers("colleague") | {"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, content[10:20])
    assert client.get(url, headers=headers("stranger")).status_code == 404
    assert client.get(url).status_code in (302, 401)


def test_a_file_over_the_limit_is_refused_by_naming_limit_and_setting(settings: WebSettings, headers: Fixture) -> None:
    small = dataclasses.replace(settings, upload_max_megabytes=1)
    app = create_app(small, parts=wiring.assemble(small))
    data = {"recording": (io.BytesIO(sound(1) + b"\0" * 3_000_000), "long.wav")}
    answer = app.test_client().post("/api/v1/communications", data=data, headers=headers("staff"))
    assert (answer.status_code, answer.json["field"]) == (413, "recording")
    assert "1 MB" in answer.json["detail"]
    assert "OSTROV_UPLOAD_MAX_MEGABYTES" in answer.json["detail"]
    app.parts.engine.dispose()


def test_a_stream_that_grows_over_the_limit_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        files.receive(io.BytesIO(b"x" * 2_200_000), tmp_path, limit_megabytes=2, field="recording")
    assert list(tmp_path.iterdir()) == []


def test_a_number_means_a_person_first_and_an_organisation_else(app: App, send: Fixture, headers: Fixture) -> None:
    client, bearer = app.test_client(), headers("staff")
    ids = [client.post("/api/v1/organisations", json={"name": f"Org {n}"}, headers=bearer).json["id"] for n in range(3)]
    person = client.post(
        "/api/v1/people", json={"full_name": "Pia Berg", "organisation_id": ids[2]}, headers=bearer
    ).json["id"]
    assert send(sound(601), client_id=str(person)).json["person"]["id"] == person
    beyond = max(ids)
    if beyond != person:
        assert send(sound(602), client_id=str(beyond)).json["organisation"]["id"] == beyond
    called = send(sound(603), client_id=f"person:{person}").json
    assert called["organisation"]["id"] == ids[2]


def test_notes_and_mails_are_filed_too(app: App, headers: Fixture) -> None:
    data = {"kind": "note", "body": "They prefer mornings."}
    answer = app.test_client().post("/api/v1/communications", data=data, headers=headers("staff"))
    assert (answer.status_code, answer.json["state"], answer.json["body"]) == (201, "done", "They prefer mornings.")
    answer = app.test_client().post("/api/v1/communications", data={"kind": "note"}, headers=headers("staff"))
    assert (answer.status_code, answer.json["field"]) == (422, "body")


def test_a_recording_for_a_client_that_is_not_there_is_not_stored(app: App, send: Fixture) -> None:
    before = stored(app)
    answer = send(sound(salt=901), client_id="person:99999999")
    assert (answer.status_code, answer.json["field"]) == (422, "client_id")
    assert stored(app) == before


def test_the_name_of_a_file_loses_what_cannot_be_printed() -> None:
    assert forms.clean_name("folder\\a\x00b\r\n.wav") == "ab.wav"
    assert forms.clean_name("\x00") == "recording"
