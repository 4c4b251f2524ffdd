"""The worker: the composition root of background jobs and event subscribers."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from contextlib import suppress

import structlog
from procrastinate import App
from sqlalchemy.exc import SQLAlchemyError

from appliance import service_manager
from appliance.settings import WebSettings
from webapp import wiring
from webapp.ai.search.vectors import embed_pending
from webapp.kit import files, retention
from webapp.kit.errors import AppError
from webapp.kit.jobs import Deliverer, Work, worker_app
from webapp.kit.lines import Line, Pulse, work

log = structlog.get_logger()
VECTORS_PAUSE_SECONDS = 3.0
VECTORS_RETRY_SECONDS = 10.0
VECTORS_BREATH_SECONDS = 0.05
PRUNE_EVERY_SECONDS = 3600.0
LEAVING_SECONDS = 3.0


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


async def keep_events(parts: wiring.Parts, days: int, stop: asyncio.Event) -> None:
    """Remove events that nobody needs any more, once an hour until `stop`."""
    while not stop.is_set():
        try:
            removed = await asyncio.to_thread(retention.prune, parts.sessions, days)
            if removed:
                log.info("events.pruned", events=removed)
        except SQLAlchemyError as error:
            log.warning("events.not_pruned", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PRUNE_EVERY_SECONDS)


async def _serve(settings: WebSettings) -> None:
    parts = wiring.assemble(settings, background=True)
    app = build(settings, parts)
    for folder in (settings.recordings_dir, settings.documents_dir):
        if swept := files.sweep(folder):
            log.warning("uploads.swept", folder=folder.name, files=swept)
    pulse = Pulse(settings.worker_heartbeat_seconds, settings.worker_stalled_seconds, settings.worker_stop_seconds)
    async with app.open_async():
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        vectors = asyncio.create_task(keep_vectors(parts, stop))
        pruning = asyncio.create_task(keep_events(parts, settings.event_days, stop))
        alive = asyncio.create_task(say_alive())
        await work(app, lines(settings), pulse, stop)
        service_manager.say(service_manager.STOPPING)
        alive.cancel()
        _leave_soon()
        await asyncio.gather(vectors, pruning, alive, return_exceptions=True)


async def say_alive() -> None:
    """Tell the service manager that the worker is ready, and then that its loop turns."""
    service_manager.say(service_manager.READY)
    seconds = service_manager.watch_seconds()
    while seconds is not None:
        await asyncio.sleep(seconds)
        service_manager.say(service_manager.ALIVE)


def _leave_soon() -> None:
    """End the process even when a thread still waits for a model: its job has gone back into the queue."""

    def leave() -> None:
        log.warning("worker.left_threads", threads=threading.active_count() - 1)
        logging.shutdown()
        os._exit(0)

    timer = threading.Timer(LEAVING_SECONDS, leave)
    timer.daemon = True
    timer.start()


def run(settings: WebSettings) -> None:
    """Work until SIGTERM or SIGINT."""
    asyncio.run(_serve(settings))
