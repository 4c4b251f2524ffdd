"""The worker: the composition root of background jobs and event subscribers."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

import structlog
from procrastinate import App
from sqlalchemy.exc import SQLAlchemyError

from appliance.settings import WebSettings
from webapp import wiring
from webapp.ai.search.vectors import embed_pending
from webapp.kit import files
from webapp.kit.errors import AppError
from webapp.kit.jobs import Deliverer, Work, worker_app
from webapp.kit.lines import Line, Pulse, work

log = structlog.get_logger()
VECTORS_PAUSE_SECONDS = 3.0
VECTORS_RETRY_SECONDS = 10.0
VECTORS_BREATH_SECONDS = 0.05


def build(settings: WebSettings, parts: wiring.Parts | None = None) -> App:
    """The procrastinate application with all subscribers."""
    parts = parts or wiring.assemble(settings, background=True)
    deliver = Deliverer(parts.outbox, Work(parts.sessions, parts.for_jobs()))
    return worker_app(settings.database_url, deliver)


def lines(settings: WebSettings) -> tuple[Line, ...]:
    """Quick work, transcription and understanding each in a line of its own."""
    return (Line(("default",), settings.worker_concurrency), Line(("speech",)), Line(("ai",)))


async def keep_vectors(parts: wiring.Parts, stop: asyncio.Event) -> None:
    """Give new text its vectors, batch after batch, until `stop`; a model that is away is asked again later."""
    while not stop.is_set():
        pause = VECTORS_PAUSE_SECONDS
        try:
            if await asyncio.to_thread(embed_pending, parts.sessions, parts.gateway):
                pause = 0.0
        except (AppError, SQLAlchemyError) as error:
            log.warning("vectors.postponed", error=type(error).__name__)
            pause = VECTORS_RETRY_SECONDS
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause or VECTORS_BREATH_SECONDS)


async def _serve(settings: WebSettings) -> None:
    parts = wiring.assemble(settings, background=True)
    app = build(settings, parts)
    for folder in (settings.recordings_dir, settings.documents_dir):
        if swept := files.sweep(folder):
            log.warning("uploads.swept", folder=folder.name, files=swept)
    pulse = Pulse(settings.worker_heartbeat_seconds, settings.worker_stalled_seconds)
    async with app.open_async():
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        vectors = asyncio.create_task(keep_vectors(parts, stop))
        await work(app, lines(settings), pulse, stop)
        await asyncio.gather(vectors, return_exceptions=True)


def run(settings: WebSettings) -> None:
    """Work until SIGTERM or SIGINT."""
    asyncio.run(_serve(settings))
