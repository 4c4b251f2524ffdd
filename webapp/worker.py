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

log = structlog.get_logger()
# A worker says every few seconds that it lives; one that has not for this long is dead, and its jobs are taken over.
HEARTBEAT_SECONDS = 4
STALLED_AFTER_SECONDS = 20
RECOVERY_PAUSE_SECONDS = 5
QUEUES = ("default", "ai")
VECTORS_PAUSE_SECONDS = 3.0
VECTORS_RETRY_SECONDS = 10.0
VECTORS_BREATH_SECONDS = 0.05


def build(settings: WebSettings, parts: wiring.Parts | None = None) -> App:
    """The procrastinate application with all subscribers."""
    parts = parts or wiring.assemble(settings)
    deliver = Deliverer(parts.outbox, Work(parts.sessions, parts.for_jobs()))
    return worker_app(settings.database_url, deliver)


async def recover(app: App) -> int:
    """Put jobs whose worker died back into their queue; answers how many there were."""
    stalled = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS))
    for job in stalled:
        await app.job_manager.retry_job(job)
        log.warning("job.recovered", job_id=job.id)
    return len(stalled)


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
    parts = wiring.assemble(settings)
    app = build(settings, parts)
    for folder in (settings.recordings_dir, settings.documents_dir):
        if swept := files.sweep(folder):
            log.warning("uploads.swept", folder=folder.name, files=swept)
    async with app.open_async():
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        # Two lines of work: a long call never keeps a quick job waiting.
        workers = [
            asyncio.create_task(
                app.run_worker_async(
                    queues=[queue],
                    concurrency=settings.worker_concurrency if queue == "default" else 1,
                    install_signal_handlers=False,
                    fetch_job_polling_interval=5.0,
                    listen_notify=True,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=10,
                    update_heartbeat_interval=HEARTBEAT_SECONDS,
                    stalled_worker_timeout=STALLED_AFTER_SECONDS,
                )
            )
            for queue in QUEUES
        ]
        vectors = asyncio.create_task(keep_vectors(parts, stop))
        log.info("worker.started", queues=QUEUES)
        stopped = asyncio.create_task(stop.wait())
        while not stop.is_set():
            await recover(app)
            done, _ = await asyncio.wait(
                [stopped, *workers], timeout=RECOVERY_PAUSE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if any(task in done for task in workers):
                break
        stop.set()
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, vectors, return_exceptions=True)
        log.info("worker.stopped")


def run(settings: WebSettings) -> None:
    """Work until SIGTERM or SIGINT."""
    asyncio.run(_serve(settings))
