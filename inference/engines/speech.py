"""The speech engine: faster-whisper behind an OpenAI-compatible /v1/audio/transcriptions."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from prometheus_client import CollectorRegistry, Counter, Gauge
from starlette.applications import Starlette
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from appliance.settings import EngineSettings, read
from inference.engines.plan import model_name
from inference.serving import (
    LOOPBACK,
    leave,
    metrics_endpoint,
    problem,
    serve,
    start_log,
    thread_count,
    until_gone,
)
from inference.speech.audio import decode
from inference.speech.problems import RecordingProblem
from inference.speech.recogniser import HOTWORDS_MAX_CHARACTERS, Abandoned, Recogniser, Transcript, Wish
from inference.speech.windows import Decoded, Window, choose, digest

CLIENT_CLOSED = 499
PROMPT_MAX_CHARACTERS = 800

log = logging.getLogger("ostrov.engine.speech")


@dataclass(frozen=True)
class Piece:
    """Which piece of a long recording is wanted: from where, and about how long, in seconds."""

    start: float
    length: float


class SpeechService:
    """The recogniser, its queue of one, and its counters."""

    def __init__(self, recogniser: Recogniser, *, name: str, model_hash: str, max_minutes: float) -> None:
        """Wrap a loaded recogniser."""
        self.recogniser = recogniser
        self.name = name
        self.model_hash = model_hash
        self._max_seconds = max_minutes * 60
        self._turn = asyncio.Lock()
        self._decoded = Decoded()
        self.registry = CollectorRegistry()
        self._audio = Counter("ostrov_speech_audio_seconds", "Audio transcribed", registry=self.registry)
        self._work = Counter("ostrov_speech_work_seconds", "Time spent on it", registry=self.registry)
        self._waiting = Gauge("ostrov_speech_waiting", "Recordings that wait or run", registry=self.registry)

    async def transcribe(
        self, request: Request, upload: UploadFile, wish: Wish, max_seconds: float, piece: Piece | None = None
    ) -> Transcript:
        """Transcribe when it is this recording's turn; stop early when the asker has gone."""
        gone = threading.Event()
        watcher = asyncio.create_task(_watch(request, gone))
        self._waiting.inc()
        try:
            async with self._turn:
                return await asyncio.to_thread(self._work_on, upload, wish, max_seconds, piece, gone)
        finally:
            self._waiting.dec()
            watcher.cancel()

    def _work_on(
        self, upload: UploadFile, wish: Wish, max_seconds: float, piece: Piece | None, gone: threading.Event
    ) -> Transcript:
        """Decode and recognise in this thread."""
        if gone.is_set():
            raise Abandoned
        started = time.perf_counter()
        limit = min(max_seconds, self._max_seconds)
        if piece is None:
            transcript = self.recogniser.transcribe(decode(upload.file, max_seconds=limit), wish, gone.is_set)
        else:
            transcript = self._heard_piece(upload.file, wish, limit, piece, gone)
        spent = time.perf_counter() - started
        window = transcript.window
        self._audio.inc(window.end - window.start if window else transcript.duration)
        self._work.inc(spent)
        log.info(
            "recording.transcribed audio_seconds=%.1f seconds=%.1f channels=%d language=%s segments=%d",
            transcript.duration,
            spent,
            transcript.channels,
            transcript.language,
            len(transcript.segments),
        )
        return transcript

    def _heard_piece(self, file: BinaryIO, wish: Wish, limit: float, piece: Piece, gone: threading.Event) -> Transcript:
        """Recognise one piece; what is decoded stays at hand while other pieces are to come."""
        key = digest(file)
        recording = self._decoded.take(key)
        if recording is None or recording.duration > limit:
            recording = decode(file, max_seconds=limit)
        window = choose(recording, piece.start, piece.length)
        if window.last:
            self._decoded.drop(key)
        else:
            self._decoded.keep(key, recording)
        return self.recogniser.transcribe_window(recording, window, wish, gone.is_set)


async def _watch(request: Request, gone: threading.Event) -> None:
    """Note when the asker closes the connection."""
    await until_gone(request)
    gone.set()


def _as_json(transcript: Transcript) -> dict[str, Any]:
    """Lay a transcript out as `verbose_json`."""
    segments = []
    for index, segment in enumerate(transcript.segments):
        entry = {"id": index, **asdict(segment)}
        del entry["loudness"]
        segments.append(entry)
    return {
        "task": "transcribe",
        "text": _text(transcript),
        "language": transcript.language,
        "language_probability": round(transcript.language_probability, 4),
        "duration": round(transcript.duration, 3),
        "channels": transcript.channels,
        "damaged": transcript.damaged,
        "segments": segments,
        **_place(transcript.window),
    }


def _place(window: Window | None) -> dict[str, Any]:
    """Say which piece this is and where the next begins, None after the last."""
    if window is None:
        return {}
    return {"start": window.start, "end": round(window.end, 3), "next": None if window.last else window.end}


def _text(transcript: Transcript) -> str:
    """Return the words of a transcript without times."""
    return " ".join(segment.text for segment in transcript.segments)


def _limited_hotwords(text: str) -> str | None:
    """Return as many comma-separated names as fit the recogniser's prompt, whole names only."""
    kept: list[str] = []
    for name in (part.strip() for part in text.split(",")):
        if name and sum(map(len, kept)) + 2 * len(kept) + len(name) <= HOTWORDS_MAX_CHARACTERS:
            kept.append(name)
    return ", ".join(kept) or None


def _wish(form: FormData) -> Wish:
    """Read the fields of the form that are not the file."""
    fields = {name: value.strip() for name, value in form.items() if isinstance(value, str)}
    return Wish(
        language=fields.get("language") or None,
        prompt=fields.get("prompt", "")[:PROMPT_MAX_CHARACTERS] or None,
        hotwords=_limited_hotwords(fields.get("hotwords", "")),
        separate=fields.get("channels", "separate") != "mix",
    )


def _max_seconds(form: FormData) -> float:
    """Read the longest recording that the asker wants to have transcribed; no bound of the asker's without one."""
    given = form.get("max_minutes")
    try:
        minutes = float(given) if isinstance(given, str) else math.inf
    except ValueError:
        return math.inf
    return minutes * 60 if minutes > 0 else math.inf


def _piece(form: FormData) -> Piece | None:
    """Read which piece of the recording is wanted; None for all of it. Raises ValueError, naming the field."""
    if "piece_seconds" not in form:
        return None
    given: dict[str, float] = {}
    for name in ("start", "piece_seconds"):
        try:
            given[name] = float(str(form.get(name, "0")))
        except ValueError:
            raise ValueError(name) from None
        if not math.isfinite(given[name]) or given[name] < 0:
            raise ValueError(name)
    return Piece(given["start"], given["piece_seconds"])


async def _answer(service: SpeechService, request: Request) -> Response:
    """Answer one transcription request."""
    async with request.form(max_files=1, max_fields=20) as form:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            return problem(422, "invalid-request", "The request is not valid", "The field 'file' is missing.", "file")
        try:
            piece = _piece(form)
        except ValueError as error:
            sentence = f"The field '{error}' must be a number of seconds, 0 or more."
            return problem(422, "invalid-request", "The request is not valid", sentence, str(error))
        try:
            transcript = await service.transcribe(request, upload, _wish(form), _max_seconds(form), piece)
        except RecordingProblem as error:
            log.info("recording.refused kind=%s", error.kind)
            return problem(error.status, error.kind, error.title, str(error), "file")
        except Abandoned:
            log.info("recording.abandoned")
            return Response(status_code=CLIENT_CLOSED)
        if form.get("response_format") == "text":
            return PlainTextResponse(_text(transcript))
        body = json.dumps(_as_json(transcript), ensure_ascii=False).encode()
        return Response(body, media_type="application/json")


def build_app(service: SpeechService) -> Starlette:
    """Build the HTTP application around one loaded recogniser."""

    async def transcriptions(request: Request) -> Response:
        return await _answer(service, request)

    async def models(_request: Request) -> Response:
        entry = {
            "id": service.name,
            "object": "model",
            "owned_by": "ostrov",
            "aliases": [f"sha256:{service.model_hash}"],
        }
        return JSONResponse({"object": "list", "data": [entry]})

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/v1/audio/transcriptions", transcriptions, methods=["POST"]),
            Route("/v1/models", models),
            Route("/health", health),
            Route("/metrics", metrics_endpoint(service.registry)),
        ],
    )


def main() -> None:
    """Serve the model that the launcher has checked until SIGTERM or SIGINT."""
    start_log()
    settings = read(EngineSettings)
    folder = Path(settings.speech_model)
    preferred = [word.strip() for word in settings.speech_languages.split(",") if word.strip()]
    try:
        recogniser = Recogniser(
            folder,
            threads=thread_count(settings.engine_threads),
            beam_size=settings.speech_beam_size,
            preferred=preferred,
        )
    except (RuntimeError, ValueError) as error:
        leave(f"The speech model {folder} cannot be loaded: {error}")
    service = SpeechService(
        recogniser,
        name=model_name(folder),
        model_hash=settings.weights_sha256,
        max_minutes=settings.speech_max_minutes,
    )
    log.info("engine.ready model=%s port=%d", service.name, settings.speech_port)
    serve(build_app(service), host=LOOPBACK, port=settings.speech_port)


if __name__ == "__main__":
    main()
