"""The web application's figures, counted by each process and read together.

Each process writes its counts into files of its own, because whichever process is asked for the figures must answer
for all of them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from webapp.web.shared_counts import SharedCounts

# Seconds; the goals for pages lie between 40 and 60 ms.
BUCKETS = (0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
NAMES = {
    "ostrov_web_requests": "Requests answered, by endpoint, method and class of status (2xx, 4xx, ...)",
    "ostrov_web_request_seconds": "Time from the first byte of handling to the answer, by endpoint",
    "ostrov_jobs": "Background jobs in the queue, by queue and state (todo, doing, failed)",
    "ostrov_dead_letters": "Deliveries that failed, by state (dead, retrying, discarded)",
    "ostrov_jobs_oldest_seconds": "Age of the oldest job that could run now, by queue",
    "ostrov_database_up": "1 when the database answered this request for figures",
}
JOBS = text(
    "SELECT queue_name, status::text AS state, count(*) AS jobs FROM procrastinate_jobs"
    " WHERE status IN ('todo', 'doing', 'failed') GROUP BY queue_name, status"
)
FAILED = text("SELECT state, count(*) AS letters FROM job_failures GROUP BY state")
# A job waits since it was put into the queue, or since the moment it was put off to.
OLDEST = text(
    "SELECT j.queue_name,"
    " extract(epoch FROM now() - min(greatest(e.at, coalesce(j.scheduled_at, e.at)))) AS seconds"
    " FROM procrastinate_jobs j"
    " JOIN LATERAL (SELECT min(at) AS at FROM procrastinate_events WHERE job_id = j.id) e ON true"
    " WHERE j.status = 'todo' AND (j.scheduled_at IS NULL OR j.scheduled_at <= now()) GROUP BY j.queue_name"
)


class Measures:
    """Counts what this process does, in a folder that its siblings share."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds one folder for each run of the server: the siblings of a run share their parent process."""
        self._folder = folder / str(os.getppid())
        _forget_ended_runs(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._counts = SharedCounts(self._folder)

    def request(self, endpoint: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        name = "ostrov_web_requests"
        labels = {"endpoint": endpoint, "method": method, "status": f"{status // 100}xx"}
        self._counts.count(name, NAMES[name], labels)
        name = "ostrov_web_request_seconds"
        self._counts.observe(name, NAMES[name], {"endpoint": endpoint}, seconds, BUCKETS)

    def exposition(self, engine: Engine) -> bytes:
        """The figures of all processes and of the job queue, in Prometheus' text format."""
        together = CollectorRegistry()
        self._counts.register(together)
        together.register(QueueCollector(engine))
        return generate_latest(together)


def _forget_ended_runs(folder: Path) -> None:
    """Remove the folders of runs whose parent process is gone."""
    for old in folder.glob("*"):
        if old.name.isdigit() and not _runs(int(old.name)):
            shutil.rmtree(old, ignore_errors=True)  # a sibling may be doing the same


def _runs(process: int) -> bool:
    """Whether a process is there. Another release's pages are hidden from /proc, but not from a signal."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class QueueCollector(Collector):
    """Reads the job queue when the figures are asked for; without a database it says just that."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """The families of the queue and of the database."""
        jobs = GaugeMetricFamily("ostrov_jobs", NAMES["ostrov_jobs"], labels=("queue", "state"))
        oldest = GaugeMetricFamily("ostrov_jobs_oldest_seconds", NAMES["ostrov_jobs_oldest_seconds"], labels=("queue",))
        failed = GaugeMetricFamily("ostrov_dead_letters", NAMES["ostrov_dead_letters"], labels=("state",))
        up = GaugeMetricFamily("ostrov_database_up", NAMES["ostrov_database_up"])
        try:
            with self._engine.connect() as connection:
                for row in connection.execute(JOBS):
                    jobs.add_metric([row.queue_name, row.state], row.jobs)
                for row in connection.execute(OLDEST):
                    oldest.add_metric([row.queue_name], max(0.0, float(row.seconds)))
                for row in connection.execute(FAILED):
                    failed.add_metric([row.state], row.letters)
            up.add_metric([], 1)
        except SQLAlchemyError:
            up.add_metric([], 0)
        yield from (jobs, oldest, failed, up)
