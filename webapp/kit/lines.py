"""Lines of work: each takes the jobs of its queues, and the jobs of a worker that died are taken over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from procrastinate import App
from procrastinate.worker import Worker

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
UNFINISHED = """
SELECT job.id, procrastinate_retry_job_v2(job.id, now(), NULL, NULL, NULL) FROM procrastinate_jobs job
WHERE job.status = 'doing' AND job.worker_id = ANY(%(workers)s)
"""
# A job that was put behind others because it is long comes to the front when it has waited long enough.
AGED = """
WITH aged AS (
    SELECT job.id FROM procrastinate_jobs job
    WHERE job.status = 'todo' AND job.priority < 0
    AND (job.scheduled_at IS NULL OR job.scheduled_at <= now())
    AND (SELECT max(event.at) FROM procrastinate_events event WHERE event.job_id = job.id)
        < now() - make_interval(secs => %(seconds)s)
    FOR UPDATE OF job SKIP LOCKED
)
UPDATE procrastinate_jobs job SET priority = 0 FROM aged WHERE job.id = aged.id RETURNING job.id
"""
PATIENCE_SECONDS = 600.0
BOOKS_SECONDS = 1.0  # for a line that has finished to write so into the queue


@dataclass(frozen=True)
class Line:
    """Jobs of some queues, so many at a time: slow work in one line never keeps quick work in another waiting."""

    queues: tuple[str, ...]
    at_once: int = 1


@dataclass(frozen=True)
class Pulse:
    """How a worker shows that it lives, when one that does not is taken for dead, how long one that stops may finish.

    All in seconds.
    """

    heartbeat_seconds: float
    stalled_seconds: float
    stop_seconds: float = 10.0

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


async def age(app: App, patience_seconds: float = PATIENCE_SECONDS) -> int:
    """Let long work that short work has passed for so long have its turn; answers how many jobs that are.

    The jobs of one priority are taken in the order in which they were made, so these come before newer ones.
    """
    aged = await app.connector.execute_query_all_async(AGED, seconds=patience_seconds)
    return len(aged)


async def work(app: App, lines: Sequence[Line], pulse: Pulse, stop: asyncio.Event) -> None:
    """Work in an open application until `stop`, or until a line breaks (its program is then started anew).

    Jobs that are not finished in time are put back into their queue. The thread of such a job may still wait for
    something, so the program must end; what the thread would still do cannot commit twice.
    """
    crews = [_crew(app, line, pulse) for line in lines]
    workers = [asyncio.create_task(crew.run()) for crew in crews]  # type: ignore[no-untyped-call, unused-ignore]
    stopped = asyncio.create_task(stop.wait())
    log.info("worker.started", queues=[queue for line in lines for queue in line.queues])
    try:
        while not stop.is_set():
            await recover(app, pulse.stalled_seconds)
            await age(app)
            await asyncio.wait([stopped, *workers], timeout=pulse.recovery_seconds, return_when=asyncio.FIRST_COMPLETED)
            if any(task.done() for task in workers):
                break
    finally:
        stop.set()
        for task in workers:
            task.cancel()
        await stopped
        _done, late = await asyncio.wait(workers, timeout=pulse.stop_seconds + BOOKS_SECONDS)
        if late:
            await _put_back(app, crews)
        log.info("worker.stopped")


async def _put_back(app: App, crews: Sequence[Worker]) -> None:
    """Put what these workers have not finished back into the queue, for whoever works next."""
    numbers = [crew.worker_id for crew in crews if crew.worker_id is not None]
    for job in await app.connector.execute_query_all_async(UNFINISHED, workers=numbers):
        log.warning("job.put_back", job_id=job["id"])


def _crew(app: App, line: Line, pulse: Pulse) -> Worker:
    """The worker of one line."""
    return Worker(
        app,
        queues=list(line.queues),
        concurrency=line.at_once,
        install_signal_handlers=False,
        fetch_job_polling_interval=pulse.recovery_seconds,
        listen_notify=True,
        delete_jobs="successful",
        shutdown_graceful_timeout=pulse.stop_seconds,
        update_heartbeat_interval=pulse.heartbeat_seconds,
        stalled_worker_timeout=pulse.stalled_seconds,
    )
