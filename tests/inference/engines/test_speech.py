"""The speech engine with its real model: two sides of real calls, and sounds without words."""

import io
import json
import re
from pathlib import Path

import httpx
import numpy as np
import pytest

from inference.engines.speech import SpeechService, build_app
from inference.speech.audio import decode
from inference.speech.recogniser import Recogniser
from tests.inference.sounds import RATE, encoded, tone
from tests.inference.standin_engine import served

pytestmark = pytest.mark.model
RECORDINGS = Path(__file__).resolve().parents[2] / "recordings"
DIALOGUES = {entry["name"]: entry for entry in json.loads((RECORDINGS / "dialogues.json").read_text())}


@pytest.fixture(scope="module")
def url(whisper):
    recogniser = Recogniser(whisper, threads=2, beam_size=5, preferred=("ru", "en"))
    service = SpeechService(recogniser, name="whisper-base", model_hash="00", max_minutes=2)
    with served(build_app(service)) as port:
        yield f"http://127.0.0.1:{port}"


def ask(url, sound, **fields):
    files = {"file": ("call", sound)}
    return httpx.post(f"{url}/v1/audio/transcriptions", files=files, data=fields, timeout=300, trust_env=False)


def words(text):
    return re.findall(r"\w+", text.lower())


@pytest.mark.parametrize("name", DIALOGUES)
def test_a_call_in_two_channels_is_heard_with_its_turns(url, name):
    spoken = DIALOGUES[name]
    found = ask(url, (RECORDINGS / spoken["file"]).read_bytes()).json()
    assert (found["language"], found["channels"]) == (spoken["language"], 2)
    starts = [segment["start"] for segment in found["segments"]]
    assert starts == sorted(starts)
    for channel, speaker in enumerate(("client", "colleague")):
        said = {word for who, text in spoken["lines"] if who == speaker for word in words(text)}
        heard = {word for part in found["segments"] if part["channel"] == channel for word in words(part["text"])}
        assert len(said & heard) >= 0.5 * len(said)


def test_every_word_has_its_time_inside_its_segment(url):
    found = ask(url, (RECORDINGS / "en-pumps.ogg").read_bytes()).json()
    for segment in found["segments"]:
        assert segment["words"]
        assert "".join(word["word"] for word in segment["words"]).strip() == segment["text"]
        assert all(segment["start"] <= word["start"] <= word["end"] <= segment["end"] for word in segment["words"])


def test_channels_are_mixed_when_that_is_asked_for(url):
    found = ask(url, (RECORDINGS / "en-pumps.ogg").read_bytes(), channels="mix").json()
    assert {segment["channel"] for segment in found["segments"]} == {None}


@pytest.fixture(scope="module")
def long_call():
    """A call that is longer than a piece: one conversation after another, each side on its channel."""
    names = ("en-pumps.ogg", "en-complaint.ogg")
    sides = [decode(io.BytesIO((RECORDINGS / name).read_bytes()), max_seconds=120).samples for name in names]
    return encoded(list(np.concatenate(sides, axis=1)[:, : 118 * RATE]), "flac")


def test_a_long_call_in_pieces_has_the_words_of_the_whole_at_their_times(url, long_call):
    whole = ask(url, long_call).json()
    pieces, start = [], 0.0
    while start is not None:
        pieces.append(ask(url, long_call, start=start, piece_seconds=30, language="en").json())
        assert pieces[-1]["start"] == start
        start = pieces[-1]["next"]
    assert len(pieces) >= 2
    assert {piece["channels"] for piece in pieces} == {whole["channels"]} == {2}
    assert [piece["end"] for piece in pieces[:-1]] == [piece["start"] for piece in pieces[1:]]
    assert pieces[-1]["end"] == pytest.approx(whole["duration"], abs=0.01)
    for piece in pieces:
        for segment in piece["segments"]:
            assert piece["start"] - 0.5 <= segment["start"] <= segment["end"] <= piece["end"] + 0.5
    heard = [(w["start"], words(w["word"])) for p in pieces for s in p["segments"] for w in s["words"]]
    expected = [(w["start"], words(w["word"])) for s in whole["segments"] for w in s["words"]]
    found = sum(any(said == other and abs(at - when) < 1.0 for when, other in heard) for at, said in expected)
    assert found >= 0.85 * len(expected)


@pytest.mark.parametrize(("field", "value"), [("start", "soon"), ("start", "-1"), ("piece_seconds", "nan")])
def test_a_piece_that_is_no_number_of_seconds_names_the_field(url, field, value):
    response = ask(url, encoded([tone(1, 300)], "ogg"), **({"piece_seconds": "60"} | {field: value}))
    assert (response.status_code, response.json()["field"]) == (422, field)


@pytest.mark.parametrize(
    "sound",
    [
        tone(15, 440) * 0,
        tone(15, 440),
        (np.random.default_rng(1).normal(0, 3000, 15 * RATE)).astype(np.int16),
        sum(tone(15, hertz) // 4 for hertz in (262, 330, 392)),
    ],
    ids=["silence", "tone", "noise", "chord"],
)
def test_a_sound_without_speech_gives_no_words(url, sound):
    found = ask(url, encoded([sound], "ogg")).json()
    assert (found["text"], found["segments"]) == ("", [])


@pytest.mark.parametrize(
    ("sound", "status", "kind"),
    [
        (b"only text", 415, "recording-undecodable"),
        (b"", 422, "recording-empty"),
        (encoded([tone(125, 300)], "ogg"), 413, "recording-too-long"),
    ],
)
def test_a_recording_that_cannot_be_used_is_a_problem_of_the_file(url, sound, status, kind):
    response = ask(url, sound)
    assert (response.status_code, response.json()["field"]) == (status, "file")
    assert response.json()["type"].endswith(f"/{kind}")


def test_the_asker_may_set_a_shorter_limit_and_no_longer_one(url):
    sound = encoded([tone(65, 300)], "ogg")
    assert ask(url, sound, max_minutes="1").status_code == 413
    assert ask(url, encoded([tone(125, 300)], "ogg"), max_minutes="500").status_code == 413
    for harmless in ("2", "0", "soon", "nan"):
        assert ask(url, sound, max_minutes=harmless).status_code == 200


def test_a_request_without_a_file_names_the_field(url):
    response = httpx.post(f"{url}/v1/audio/transcriptions", data={"model": "speech"}, trust_env=False)
    assert (response.status_code, response.json()["field"]) == (422, "file")
