"""How long events are kept: those that nobody needs any more are removed, the audit log never."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from webapp.kit.clock import now
from webapp.kit.db import transaction

BATCH = 500
# The oldest first. An event is needed by a job that waits or runs, by a letter that a person may still send, and by a
# reader of the feed that has not come so far. One without a place in the feed is being written.
UNNEEDED = text(
    "SELECT event.id FROM outbox_events event JOIN outbox_positions place ON place.event_id = event.id"
    " WHERE event.time < :before"
    " AND place.position <= (SELECT coalesce(min(position), :all) FROM feed_readers)"
    " AND NOT EXISTS (SELECT 1 FROM job_failures letter"
    "   WHERE letter.event_id = event.id AND letter.state IN ('retrying', 'dead'))"
    " AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs job"
    "   WHERE job.task_name = 'deliver' AND job.args->>'event_id' = event.id::text AND job.status IN ('todo', 'doing'))"
    " ORDER BY place.position LIMIT :batch FOR UPDATE OF event SKIP LOCKED"
)
EVERY_PLACE = 2**63 - 1
REMOVED = tuple(
    text(f"DELETE FROM {table} WHERE {key} = ANY(:ids)")  # noqa: S608 - our own names
    for table, key in (
        ("deliveries", "event_id"),
        ("job_failures", "event_id"),
        ("outbox_positions", "event_id"),
        ("outbox_events", "id"),
    )
)


def prune(sessions: sessionmaker[Session], days: int, batch: int = BATCH) -> int:
    """Remove events that are older than so many days and needed by nobody; answers how many. 0 days keep all."""
    if days <= 0:
        return 0
    removed = 0
    while (count := _prune_some(sessions, days, batch)) > 0:
        removed += count
    return removed


def _prune_some(sessions: sessionmaker[Session], days: int, batch: int) -> int:
    """Remove some, in a transaction short enough to be in nobody's way."""
    with transaction(sessions) as session:
        given = {"before": now() - timedelta(days=days), "all": EVERY_PLACE, "batch": batch}
        ids = list(session.scalars(UNNEEDED, given))
        if ids:
            for statement in REMOVED:
                session.execute(statement, {"ids": ids})
    return len(ids)
