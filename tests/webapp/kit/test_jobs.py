"""Deliveries: once in effect, failures counted apart from waits, dead workers' jobs taken over once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from procrastinate.jobs import Job
from sqlalchemy import func, select, text

from tests.webapp.kit.outbox_bench import BellRung, OutboxBench
from webapp.kit import letters, replay
from webapp.kit.clock import now
from webapp.kit.db import transaction
from webapp.kit.errors import Conflict
from webapp.kit.jobs import (
    MAX_ATTEMPTS,
    AnotherTurn,
    Backoff,
    JobFailed,
    WaitForPart,
    Work,
    effect_key,
    mark_delivered,
    worker_app,
)
from webapp.kit.letters import JobFailure
from webapp.kit.lines import recover
from webapp.kit.outbox import Delivery, OutboxEvent, Subscriber, emit

CLIENT = "Мария Линдквист"


class Bench(OutboxBench):
    """An outbox with one subscriber that does as it is told, and the queue that it works from."""

    def __init__(self, url: str) -> None:
        self.raises: BaseException | None = None
        self.effects: list[tuple[uuid.UUID, int]] = []
        subscribers = [
            Subscriber("bell.hear", "bell.rung", self.hear),
            Subscriber("bell.count", "bell.rung", lambda _work, _event: None, replay_safe=True),
        ]
        super().__init__(url, subscribers)

    def hear(self, work: Work, event: OutboxEvent) -> None:
        if self.raises is not None:
            raise self.raises
        with work.transaction() as session:
            if mark_delivered(session, event.id, "bell.hear"):
                self.effects.append((event.id, work.failures))

    def ring(self, number: int = 1) -> uuid.UUID:
        with transaction(self.sessions) as session:
            return emit(session, BellRung(number)).id

    def waiting(self, subscriber: str = "bell.hear") -> int:
        with self.sessions() as session:
            jobs = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND args->>'subscriber' = :name"
            return session.scalar(text(jobs), {"name": subscriber}) or 0

    def letter(self, event_id: uuid.UUID) -> JobFailure | None:
        with self.sessions() as session:
            return session.scalars(select(JobFailure).where(JobFailure.event_id == event_id)).first()

    def kill(self, event_id: uuid.UUID, error: BaseException) -> None:
        """Let every attempt fail."""
        self.raises = error
        for _ in range(MAX_ATTEMPTS):
            with pytest.raises(JobFailed):
                self.deliver(str(event_id), "bell.hear")
        self.raises = None


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    made = Bench(database_url)
    made.clear()
    yield made
    made.close()


def decision(error: BaseException, attempts: int = 0) -> Any:
    job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="deliver", attempts=attempts)
    return Backoff().get_retry_decision(exception=error, job=job)


def test_the_event_and_its_jobs_are_there_together_or_not_at_all(bench: Bench) -> None:
    with bench.sessions() as session, session.begin() as begun:
        emit(session, BellRung(1))
        begun.rollback()
    assert bench.waiting() == 0
    bench.ring()
    assert (bench.waiting(), bench.waiting("bell.count")) == (1, 1)


def test_an_event_takes_effect_once_however_often_its_job_is_run(bench: Bench) -> None:
    event_id = bench.ring()
    for _ in range(3):
        bench.deliver(str(event_id), "bell.hear")
    assert bench.effects == [(event_id, 0)]


def test_a_subscriber_without_a_mark_of_its_own_is_marked_when_it_has_taken_the_event(bench: Bench) -> None:
    event_id = bench.ring()
    bench.deliver(str(event_id), "bell.count")
    with bench.sessions() as session:
        assert session.scalars(select(Delivery.subscriber).where(Delivery.event_id == event_id)).all() == ["bell.count"]


def test_a_failure_is_told_without_a_word_of_its_message(bench: Bench) -> None:
    event_id = bench.ring()
    bench.raises = ValueError(f"{CLIENT} is no number")
    with pytest.raises(JobFailed) as told:
        bench.deliver(str(event_id), "bell.hear")
    letter = bench.letter(event_id)
    assert letter is not None
    assert (letter.state, letter.failures, letter.error) == ("retrying", 1, "ValueError")
    assert letter.trace_id in str(told.value)
    assert CLIENT not in f"{told.value} {letter.place}"
    assert told.value.__suppress_context__


def test_an_expected_error_is_told_with_its_status_and_place(bench: Bench) -> None:
    event_id = bench.ring()
    bench.raises = Conflict(CLIENT)
    with pytest.raises(JobFailed):
        bench.deliver(str(event_id), "bell.hear")
    letter = bench.letter(event_id)
    assert letter is not None
    assert letter.error == "webapp.kit.errors.Conflict (HTTP 409)"
    assert letter.place.startswith("webapp/kit/jobs.py:")


def test_a_success_after_failures_leaves_no_letter(bench: Bench) -> None:
    event_id = bench.ring()
    bench.raises = ValueError()
    with pytest.raises(JobFailed):
        bench.deliver(str(event_id), "bell.hear")
    bench.raises = None
    bench.deliver(str(event_id), "bell.hear")
    assert bench.letter(event_id) is None
    assert bench.effects == [(event_id, 1)]


@pytest.mark.parametrize("pause", [WaitForPart("the model is away"), AnotherTurn(-5)])
def test_waits_and_turns_are_no_failures(bench: Bench, pause: Exception) -> None:
    event_id = bench.ring()
    bench.raises = pause
    for _ in range(MAX_ATTEMPTS + 2):
        with pytest.raises(type(pause)):
            bench.deliver(str(event_id), "bell.hear")
    assert bench.letter(event_id) is None
    assert decision(pause, attempts=500) is not None


def test_after_the_last_attempt_the_letter_is_dead_and_the_job_is_given_up(bench: Bench) -> None:
    event_id = bench.ring()
    bench.kill(event_id, ValueError())
    letter = bench.letter(event_id)
    assert letter is not None
    assert (letter.state, letter.failures) == ("dead", MAX_ATTEMPTS)
    bench.raises = ValueError()
    with pytest.raises(JobFailed) as told:
        bench.deliver(str(event_id), "bell.hear")
    assert decision(told.value) is None


def test_only_a_failure_on_record_ends_the_attempts() -> None:
    # A worker that is told to stop, or a database that is away while the failure is written down, must lose no job.
    assert decision(asyncio.CancelledError(), attempts=99) is not None
    assert decision(RuntimeError(), attempts=99) is not None


def test_pauses_grow_with_the_failures_and_not_with_the_waits() -> None:
    trouble = letters.Trouble("ValueError", "", "trace")
    pauses = [decision(JobFailed(trouble, n, last=False), attempts=500).retry_at - now() for n in (1, 3, 7, 12)]
    assert [round(pause.total_seconds()) for pause in pauses] == [1, 4, 64, 300]


def test_a_dead_letter_that_is_retried_has_all_its_attempts_before_it(bench: Bench) -> None:
    event_id = bench.ring()
    bench.kill(event_id, ValueError())
    before = bench.waiting()
    with transaction(bench.sessions) as session:
        assert letters.revive(session, bench.outbox, letters.locked(session)) == 1
    assert bench.waiting() == before + 1
    letter = bench.letter(event_id)
    assert letter is not None
    assert (letter.state, letter.failures) == ("retrying", 0)
    bench.deliver(str(event_id), "bell.hear")
    assert bench.letter(event_id) is None
    assert len(bench.effects) == 1


def test_the_key_of_an_outside_effect_is_the_same_at_every_run_and_differs_between_effects(bench: Bench) -> None:
    with transaction(bench.sessions) as session:
        first, second = emit(session, BellRung(1)), emit(session, BellRung(2))
    assert effect_key(first, "bell.hear") == effect_key(first, "bell.hear")
    keys = {effect_key(first, "a"), effect_key(first, "b"), effect_key(first, "a", "mail"), effect_key(second, "a")}
    assert len(keys) == 4


def _stall(bench: Bench, seconds: float) -> None:
    """Give every waiting job to a worker that was last heard of so long ago."""
    with transaction(bench.sessions) as session:
        worker = session.scalar(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat) "
                "VALUES (now() - make_interval(secs => :s)) RETURNING id"
            ),
            {"s": seconds},
        )
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :w"), {"w": worker})


@pytest.mark.parametrize(("silent_seconds", "taken_over"), [(30, 2), (5, 0)])
def test_jobs_of_a_dead_worker_are_taken_over_and_those_of_a_living_one_are_not(
    bench: Bench, *, silent_seconds: float, taken_over: int
) -> None:
    bench.ring()
    _stall(bench, silent_seconds)

    async def look() -> list[int]:
        async with worker_app(bench.url, bench.deliver).open_async() as app:
            return list(await asyncio.gather(*[recover(app, 20.0) for _ in range(4)]))

    assert sum(asyncio.run(look())) == taken_over
    assert bench.waiting() == taken_over // 2


def window(**more: Any) -> replay.Window:
    return replay.Window(now() - timedelta(hours=1), now(), **more)


@pytest.fixture
def past(bench: Bench) -> Callable[[], list[uuid.UUID]]:
    """Three events: one taken, one dead, one whose job was lost."""

    def make() -> list[uuid.UUID]:
        ids = [bench.ring(n) for n in range(3)]
        bench.deliver(str(ids[0]), "bell.hear")
        bench.kill(ids[1], ValueError())
        with transaction(bench.sessions) as session:
            session.execute(text("DELETE FROM procrastinate_jobs"))
        return ids

    return make


def test_a_replay_queues_what_was_not_taken_and_leaves_the_rest(bench: Bench, past: Any) -> None:
    ids = past()
    subscriber = bench.outbox.by_name["bell.hear"]
    with bench.sessions() as session:
        planned = replay.plan(session, subscriber, window())
    assert bench.waiting() == 0
    done = replay.replay(bench.sessions, bench.outbox, subscriber, window())
    assert done == planned
    assert (done.events, done.queued, done.taken, done.dead, bench.waiting()) == (3, 1, 1, 1, 1)
    again = replay.replay(bench.sessions, bench.outbox, subscriber, window())
    assert (again.queued, again.in_queue, bench.waiting()) == (0, 1, 1)
    bench.deliver(str(ids[2]), "bell.hear")
    assert [event for event, _ in bench.effects] == [ids[0], ids[2]]


def test_a_replay_keeps_to_its_window(bench: Bench, past: Any) -> None:
    past()
    subscriber = bench.outbox.by_name["bell.hear"]
    early = replay.Window(now() - timedelta(hours=2), now() - timedelta(hours=1))
    assert replay.replay(bench.sessions, bench.outbox, subscriber, early).events == 0


def test_only_subscribers_that_overwrite_their_effect_run_again(bench: Bench) -> None:
    event_id = bench.ring()
    bench.deliver(str(event_id), "bell.count")
    with transaction(bench.sessions) as session:
        session.execute(text("DELETE FROM procrastinate_jobs"))
    (subscriber,) = replay.chosen(bench.outbox, (), (), again=True)
    assert subscriber.name == "bell.count"
    assert replay.replay(bench.sessions, bench.outbox, subscriber, window(), again=True).queued == 1
    assert bench.waiting("bell.count") == 1
    with bench.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 0


def test_two_replays_do_not_run_at_once(bench: Bench) -> None:
    bench.ring()
    subscriber = bench.outbox.by_name["bell.hear"]

    def second(_plan: replay.Plan) -> None:
        replay.replay(bench.sessions, bench.outbox, subscriber, window())

    with pytest.raises(replay.Busy):
        replay.replay(bench.sessions, bench.outbox, subscriber, window(), progress=second)
