"""What the tests of documents share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from webapp.app import App
from webapp.kit.jobs import Deliverer, Work


@pytest.fixture
def run_jobs(app: App) -> Callable[[], int]:
    """Do the deferred jobs here and now, as the worker would; answers how many there were."""

    def run() -> int:
        deliver = Deliverer(app.parts.outbox, Work(app.parts.sessions, app.parts.for_jobs()))
        with app.parts.sessions() as session:
            jobs = session.execute(text("DELETE FROM procrastinate_jobs WHERE status = 'todo' RETURNING args")).all()
            session.commit()
        for job in jobs:
            deliver(job.args["event_id"], job.args["subscriber"], 0)
        return len(jobs)

    return run
