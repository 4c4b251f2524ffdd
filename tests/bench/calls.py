"""From upload to proposals, against the raw time of the models on the same audio; the speed of served speech."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx
from faster_whisper import WhisperModel
from faster_whisper.audio import decode_audio
from sqlalchemy import create_engine, text

from tests.bench.report import Figure, Report
from tests.driving import Product, product, wait_until_understood

RECORDINGS = Path(__file__).resolve().parent.parent / "recordings"
CALLS = ("en-pumps.ogg", "en-complaint.ogg", "ru-cable.ogg")
POLL_SECONDS = 1.0
ROUNDS = 3


def transcribe_served(running: Product, path: Path) -> float:
    """Seconds that the speech engine takes for a file, asked over HTTP."""
    start = time.perf_counter()
    with path.open("rb") as stream:
        answer = httpx.post(
            f"{running.engine_url('speech')}/v1/audio/transcriptions",
            data={"model": "speech", "response_format": "verbose_json"},
            files={"file": (path.name, stream)},
            timeout=600,
            trust_env=False,
        )
    answer.raise_for_status()
    return time.perf_counter() - start


def transcribe_raw(model: WhisperModel, path: Path) -> float:
    """Seconds that faster-whisper itself takes for both channels of a file, with the same options."""
    start = time.perf_counter()
    for channel in decode_audio(str(path), split_stereo=True):
        segments, _info = model.transcribe(
            channel, vad_filter=True, condition_on_previous_text=False, word_timestamps=True
        )
        list(segments)
    return time.perf_counter() - start


def speech(running: Product, report: Report) -> None:
    """Served transcription against raw faster-whisper, the best of a few alternating rounds."""
    settings = json.loads((running.home / "run" / "settings.json").read_text())["common"]
    model = WhisperModel(settings["OSTROV_SPEECH_MODEL"], device="cpu", compute_type="int8", cpu_threads=2)
    paths = [RECORDINGS / name for name in CALLS]
    for path in paths[:1]:
        transcribe_served(running, path)
        transcribe_raw(model, path)
    served, raw = [], []
    for _ in range(ROUNDS):
        served.append(sum(transcribe_served(running, path) for path in paths))
        raw.append(sum(transcribe_raw(model, path) for path in paths))
    speed = min(raw) / min(served)
    name = "served transcription, speed"
    report.add(Figure(name, min(served), "s", "raw faster-whisper", speed, ">= 0.95", speed >= 0.95))


def model_seconds(running: Product, communication: int) -> float:
    """Seconds that the engines worked on one communication, from the gateway's run log."""
    settings = json.loads((running.home / "run" / "settings.json").read_text())
    engine = create_engine(settings["commands"]["gateway"]["OSTROV_DATABASE_URL"])
    statement = text(
        "SELECT coalesce(sum(engine_ms), 0) FROM gateway.runs WHERE subject_type = 'communication' AND subject_id = :id"
    )
    with engine.connect() as connection:
        found = float(connection.execute(statement, {"id": str(communication)}).scalar_one()) / 1000
    engine.dispose()
    return found


def upload(running: Product, report: Report) -> None:
    """From the first byte of an upload until the proposals are there."""
    total = raw = 0.0
    with running.api("staff") as client:
        for name in CALLS:
            path = RECORDINGS / name
            speech_seconds = min(transcribe_served(running, path) for _ in range(2))
            start = time.perf_counter()
            with path.open("rb") as stream:
                answer = client.post("/communications", data={"kind": "call"}, files={"recording": (name, stream)})
            answer.raise_for_status()
            found = wait_until_understood(client, answer.headers["Location"], 600)
            total += time.perf_counter() - start
            time.sleep(1.5)  # the run log is written in the background
            raw += speech_seconds + model_seconds(running, int(str(found["id"])))
            if found["state"] != "understood":
                raise RuntimeError(f"{name}: {found}")
    allowed = 1.1 + POLL_SECONDS * len(CALLS) / raw
    report.add(
        Figure(
            f"upload to proposals, {len(CALLS)} calls",
            total,
            "s",
            "raw model time",
            total / raw,
            f"<= {allowed:.2f} (1.1 + poll)",
            total / raw <= allowed,
        )
    )


def run(folder: Path, report: Report) -> None:
    """All figures of calls."""
    with product(folder / "product") as running:
        upload(running, report)
        speech(running, report)
