"""Lines of work: each takes the jobs of its queues, and the jobs of a worker that died are taken over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from procrastinate import App

log = structlog.get_logger()

# One statement, so that two workers that recover at once cannot put one job back twice: a locked row is being put back.
STALLED = """
WITH stalled AS (
    SELECT job.id FROM procrastinate_jobs job LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
    WHERE job.status = 'doing'
    AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %(seconds)s))
    FOR UPDATE OF job SKIP LOCKED
)
SELECT stalled.id, procrastinate_retry_job_v2(stalled.id, now(), NULL, NULL, NULL) FROM stalled
"""


@dataclass(frozen=True)
class Line:
    """Jobs of some queues, so many at a time: slow work in one line never keeps quick work in another waiting."""

    queues: tuple[str, ...]
    at_once: int = 1


@dataclass(frozen=True)
class Pulse:
    """How a worker shows that it lives, and when one that does not is taken for dead. All in seconds."""

    heartbeat_seconds: float
    stalled_seconds: float

    @property
    def recovery_seconds(self) -> float:
        """How long to rest between two looks for jobs of dead workers, and for jobs that were put off."""
        return min(5.0, max(self.stalled_seconds / 4, 0.05))


async def recover(app: App, stalled_seconds: float) -> int:
    """Put jobs whose worker died back into their queue; answers how many there were."""
    stalled = await app.connector.execute_query_all_async(STALLED, seconds=stalled_seconds)
    for job in stalled:
        log.warning("job.recovered", job_id=job["id"])
    return len(stalled)


async def work(app: App, lines: Sequence[Line], pulse: Pulse, stop: asyncio.Event) -> None:
    """Work in an open application until `stop`, or until a line breaks (its program is then started anew)."""
    workers = [asyncio.create_task(_line(app, line, pulse)) for line in lines]
    stopped = asyncio.create_task(stop.wait())
    log.info("worker.started", queues=[queue for line in lines for queue in line.queues])
    try:
        while not stop.is_set():
            await recover(app, pulse.stalled_seconds)
            await asyncio.wait([stopped, *workers], timeout=pulse.recovery_seconds, return_when=asyncio.FIRST_COMPLETED)
            if any(task.done() for task in workers):
                break
    finally:
        stop.set()
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, stopped, return_exceptions=True)
        log.info("worker.stopped")


async def _line(app: App, line: Line, pulse: Pulse) -> None:
    await app.run_worker_async(
        queues=list(line.queues),
        concurrency=line.at_once,
        install_signal_handlers=False,
        fetch_job_polling_interval=pulse.recovery_seconds,
        listen_notify=True,
        delete_jobs="successful",
        shutdown_graceful_timeout=10,
        update_heartbeat_interval=pulse.heartbeat_seconds,
        stalled_worker_timeout=pulse.stalled_seconds,
    )
