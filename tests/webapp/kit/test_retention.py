"""Old events go when nobody needs them; long work comes to the front in the end."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from tests.webapp.kit.outbox_bench import BellRung, OutboxBench
from webapp.kit import retention
from webapp.kit.clock import now
from webapp.kit.db import transaction
from webapp.kit.feed import FeedReader, OutboxPosition
from webapp.kit.jobs import Work, mark_delivered, worker_app
from webapp.kit.letters import DEAD, DISCARDED, Trouble, note
from webapp.kit.lines import age
from webapp.kit.outbox import Delivery, OutboxEvent, Subscriber, emit


class Bench(OutboxBench):
    """An outbox with one subscriber."""

    def __init__(self, url: str) -> None:
        super().__init__(url, [Subscriber("bell.hear", "bell.rung", self.hear)])

    def hear(self, work: Work, event: OutboxEvent) -> None:
        with work.transaction() as session:
            mark_delivered(session, event.id, "bell.hear")

    def ring(self, *, days_ago: float = 0, priority: int = 0) -> uuid.UUID:
        with transaction(self.sessions) as session:
            event = emit(session, BellRung(1), priority)
            event.time = now() - timedelta(days=days_ago)
            return event.id

    def done(self, event_id: uuid.UUID) -> uuid.UUID:
        """As a worker does it: deliver, then remove the job."""
        self.deliver(str(event_id), "bell.hear")
        self.run("DELETE FROM procrastinate_jobs WHERE args->>'event_id' = :id", id=str(event_id))
        return event_id

    def kept(self) -> set[uuid.UUID]:
        with self.sessions() as session:
            return set(session.scalars(select(OutboxEvent.id)))


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    made = Bench(database_url)
    made.clear()
    yield made
    made.close()


def test_old_events_that_were_delivered_go_with_their_places_and_marks(bench: Bench) -> None:
    for _ in range(5):
        bench.done(bench.ring(days_ago=31))
    young = bench.done(bench.ring(days_ago=29))
    assert retention.prune(bench.sessions, 30, batch=2) == 5
    assert bench.kept() == {young}
    with bench.sessions() as session:
        assert session.scalar(select(func.count()).select_from(OutboxPosition)) == 1
        assert session.scalar(select(func.count()).select_from(Delivery)) == 1


def test_with_no_days_set_everything_is_kept(bench: Bench) -> None:
    bench.done(bench.ring(days_ago=4000))
    assert retention.prune(bench.sessions, 0) == 0
    assert len(bench.kept()) == 1


def test_an_event_stays_as_long_as_its_job_waits(bench: Bench) -> None:
    waiting = bench.ring(days_ago=400)
    assert retention.prune(bench.sessions, 30) == 0
    bench.done(waiting)
    assert retention.prune(bench.sessions, 30) == 1


def test_an_event_stays_for_its_dead_letter_and_goes_when_that_is_discarded(bench: Bench) -> None:
    number = bench.done(bench.ring(days_ago=400))
    with transaction(bench.sessions) as session:
        event = session.get_one(OutboxEvent, number)
        note(session, event, "bell.hear", Trouble("Error", "place", "trace"), attempts=1, job_id=None)
    bench.run("UPDATE job_failures SET state = :state", state=DEAD)
    assert retention.prune(bench.sessions, 30) == 0
    bench.run("UPDATE job_failures SET state = :state", state=DISCARDED)
    assert retention.prune(bench.sessions, 30) == 1


def test_an_event_that_the_relay_has_not_passed_on_stays(bench: Bench) -> None:
    first, second = (bench.done(bench.ring(days_ago=400)) for _ in range(2))
    with transaction(bench.sessions) as session:
        place = session.scalar(select(OutboxPosition.position).where(OutboxPosition.event_id == first))
        session.add(FeedReader(name="relay", position=place))
    assert retention.prune(bench.sessions, 30) == 1
    assert bench.kept() == {second}


async def _aged(bench: Bench, seconds: float) -> int:
    async with worker_app(bench.url, bench.deliver).open_async() as app:
        return await age(app, seconds)


def _next_event(bench: Bench) -> str:
    """Of which event the next job is."""
    with transaction(bench.sessions) as session:
        worker = session.scalar(text("SELECT procrastinate_register_worker_v1()"))
        statement = "SELECT args->>'event_id' FROM procrastinate_fetch_job_v2(NULL, :worker)"
        return str(session.scalar(text(statement), {"worker": worker}))


def test_short_work_comes_before_long_work_that_was_there_first(bench: Bench) -> None:
    bench.ring(priority=-60)
    short = bench.ring()
    assert _next_event(bench) == str(short)


def test_long_work_that_has_waited_long_enough_comes_first(bench: Bench) -> None:
    long = bench.ring(priority=-60)
    assert asyncio.run(_aged(bench, 600)) == 0
    bench.run("UPDATE procrastinate_events SET at = at - interval '11 minutes'")
    bench.ring()
    assert asyncio.run(_aged(bench, 600)) == 1
    assert _next_event(bench) == str(long)


def test_a_delivery_writes_its_mark_once_and_no_second_time(bench: Bench) -> None:
    number = bench.ring()
    for _ in range(2):
        bench.deliver(str(number), "bell.hear")
    with bench.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 1
