"""The queue before the engines, on a clock that stands still until it is moved."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

import pytest

from inference.gateway.config import QueueConfig
from inference.gateway.problems import EngineBusy, EngineUnavailable, QueueFull
from inference.gateway.queues import FairQueue, Turn, Waiter


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(eq=False)
class Place:
    """An engine with some slots."""

    slots: int
    in_flight: int = 0
    batch_in_flight: int = 0


@dataclass
class Places:
    """A pool of engines, one slot of each kept free of batch work."""

    places: list[Place]
    name: str = "pool"
    gone: bool = False

    @property
    def size(self) -> int:
        return sum(place.slots for place in self.places)

    def free(self, *, batch: bool) -> Place | None:
        for place in self.places:
            if place.in_flight < place.slots and (not batch or place.batch_in_flight < max(place.slots - 1, 1)):
                return place
        return None

    def check(self) -> None:
        if self.gone:
            raise EngineUnavailable("gone")


@dataclass
class World:
    """A queue, one engine and a clock, run by hand."""

    slots: int = 1
    settings: QueueConfig = field(default_factory=QueueConfig)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.pool = Places([Place(self.slots)])
        self.queue = FairQueue(self.settings, self.clock)
        self.order: list[str] = []
        self.served: list[tuple[str, Turn]] = []

    def ask(self, user: str, *, batch: bool = False, cost: float = 100, name: str | None = None) -> Waiter:
        waiter = self.queue.enter(self.pool, user, batch=batch, cost=cost)

        def note(turn: asyncio.Future[Turn]) -> None:
            if not turn.cancelled() and turn.exception() is None:
                self.order.append(name or user)

        if waiter.turn.done():
            note(waiter.turn)
        else:
            waiter.turn.add_done_callback(note)
        return waiter

    async def serve(self, first: Waiter, times: int, seconds: float = 1.0) -> None:
        """Finish one piece of work after another, each taking some seconds of the clock."""
        turns = [first.turn.result()]
        known = {first}
        for _ in range(times):
            self.clock.now += seconds
            self.queue.release(turns.pop(0))
            await asyncio.sleep(0)
            turns += [waiter.turn.result() for waiter in self.waiters if waiter.turn.done() and waiter not in known]
            known |= {waiter for waiter in self.waiters if waiter.turn.done()}

    waiters: list[Waiter] = field(default_factory=list)

    def line_up(self, user: str, count: int, *, batch: bool = False, cost: float = 100) -> None:
        self.waiters += [self.ask(user, batch=batch, cost=cost) for _ in range(count)]


def alive(test):
    """Run a test inside a loop: futures need one."""

    def run(*args, **kwargs):
        asyncio.run(test(*args, **kwargs))

    run.__name__ = test.__name__
    return run


@alive
async def test_an_idle_engine_is_taken_at_once():
    world = World()
    assert world.ask("anna").turn.result().waited_seconds == 0


@alive
async def test_a_user_with_one_request_comes_before_the_rest_of_a_user_with_fifty():
    world = World()
    first = world.ask("greedy")
    world.line_up("greedy", 50)
    world.line_up("modest", 1)
    await world.serve(first, 3)
    assert "modest" in world.order[:3]


@alive
async def test_users_who_all_wait_take_turns():
    world = World()
    first = world.ask("a")
    for user in ("a", "b", "c"):
        world.line_up(user, 4)
    await world.serve(first, 12)
    counts = [world.order[:10].count(user) for user in ("a", "b", "c")]
    assert max(counts) - min(counts) <= 1


@alive
async def test_shares_are_of_work_not_of_requests():
    world = World()
    first = world.ask("long", cost=900)
    world.line_up("long", 10, cost=900)
    world.line_up("short", 30, cost=100)
    await world.serve(first, 22)
    long, short = world.order.count("long"), world.order.count("short")
    assert 6 <= short / long <= 12


@alive
async def test_work_that_proves_larger_than_expected_is_paid_later():
    world = World()
    first = world.ask("a", cost=10)
    world.queue.release(first.turn.result(), 1000)
    blocker = world.ask("other")
    world.line_up("a", 1)
    world.line_up("b", 3)
    await world.serve(blocker, 4)
    assert world.order[-4:-1] == ["b", "b", "b"]


@alive
async def test_interactive_comes_before_batch():
    world = World()
    first = world.ask("x")
    world.line_up("nightly", 5, batch=True)
    world.line_up("anna", 2)
    await world.serve(first, 3)
    assert world.order[1:] == ["anna", "anna", "nightly"]


@alive
async def test_batch_leaves_a_slot_to_people():
    world = World(slots=4)
    world.line_up("nightly", 100, batch=True)
    assert world.pool.places[0].in_flight == 3
    assert world.ask("anna").turn.done()


@alive
async def test_batch_gets_a_turn_now_and_then_even_when_people_never_stop_asking():
    world = World(settings=QueueConfig(batch_after_seconds=10))
    first = world.ask("people")
    world.line_up("nightly", 10, batch=True)
    world.line_up("people", 100)
    await world.serve(first, 60)
    assert 4 <= world.order.count("nightly") <= 6


@alive
async def test_under_five_hundred_batch_jobs_a_person_waits_for_one_job_at_most():
    world = World()
    first = world.ask("nightly", batch=True)
    world.line_up("nightly", 500, batch=True)
    waits = []
    for _ in range(20):
        asked = world.clock.now
        waiter = world.ask("anna")
        world.waiters.append(waiter)
        world.clock.now += 1
        world.queue.release(first.turn.result())
        await asyncio.sleep(0)
        waits.append(world.clock.now - asked)
        assert waiter.turn.done()
        world.clock.now += 1
        world.queue.release(waiter.turn.result())
        first = next(
            w
            for w in world.waiters
            if w.batch and w.turn.done() and w is not first and w.turn.result().started == world.clock.now
        )
    assert max(waits) == 1


@alive
async def test_a_caller_who_leaves_is_out_of_the_line():
    world = World()
    first = world.ask("x")
    task = asyncio.create_task(world.queue.turn(world.pool, "gone", batch=False, cost=1))
    await asyncio.sleep(0)
    assert world.queue.waiting() == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert world.queue.waiting() == 0
    world.queue.release(first.turn.result())
    assert world.pool.places[0].in_flight == 0


@alive
async def test_a_turn_that_comes_as_its_caller_leaves_is_given_back():
    world = World()
    first = world.ask("x")
    task = asyncio.create_task(world.queue.turn(world.pool, "gone", batch=False, cost=1))
    await asyncio.sleep(0)
    world.queue.release(first.turn.result())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert world.pool.places[0].in_flight == 0


@alive
async def test_thousands_who_leave_do_not_fill_the_memory():
    world = World()
    world.ask("x")
    for _ in range(3000):
        task = asyncio.create_task(world.queue.turn(world.pool, "gone", batch=False, cost=1))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    (line,) = world.queue._lines.values()
    assert len(line.heaps[False]) < 200


@alive
async def test_a_full_queue_refuses_with_a_time_to_come_back():
    world = World(settings=QueueConfig(length=3))
    world.ask("a")
    world.line_up("a", 3)
    with pytest.raises(QueueFull) as refused:
        world.ask("a")
    assert refused.value.status == 429
    assert refused.value.retry_after_seconds >= 1


@alive
async def test_who_fills_the_queue_gives_way_to_others():
    world = World(settings=QueueConfig(length=4))
    first = world.ask("greedy")
    world.line_up("greedy", 4)
    modest = world.ask("modest")
    evicted = [waiter for waiter in world.waiters if waiter.turn.done()]
    assert len(evicted) == 1
    assert isinstance(evicted[0].turn.exception(), QueueFull)
    assert evicted[0] is world.waiters[-1]
    world.queue.release(first.turn.result())
    assert modest.turn.done()


@alive
async def test_batch_work_that_fills_the_queue_gives_way_to_people_first():
    world = World(settings=QueueConfig(length=3))
    world.ask("x")
    world.line_up("nightly", 1, batch=True)
    world.line_up("anna", 2)
    world.line_up("boris", 1)
    assert isinstance(world.waiters[0].turn.exception(), QueueFull)
    with pytest.raises(QueueFull):
        world.ask("nightly", batch=True)


@alive
async def test_waiting_ends_after_the_longest_wait():
    world = World(settings=QueueConfig(wait_seconds=0.05))
    world.ask("x")
    with pytest.raises(EngineBusy) as busy:
        await world.queue.turn(world.pool, "anna", batch=False, cost=1)
    assert busy.value.status == 503
    assert world.queue.waiting() == 0


@alive
async def test_who_waits_for_engines_that_are_gone_is_told_at_once():
    world = World()
    world.ask("x")
    task = asyncio.create_task(world.queue.turn(world.pool, "anna", batch=False, cost=1))
    await asyncio.sleep(0)
    world.pool.gone = True
    world.queue.end_hopeless()
    with pytest.raises(EngineUnavailable):
        await task
    assert world.queue.waiting() == 0


@alive
async def test_a_request_that_had_its_turn_at_a_failed_engine_comes_first():
    world = World()
    first = world.ask("x")
    world.line_up("others", 5)
    again = world.queue.enter(world.pool, "late", batch=False, cost=1, first=True)
    world.queue.release(first.turn.result())
    assert again.turn.done()


@alive
async def test_lines_that_share_an_engine_share_it_fairly():
    world = World()
    first = world.ask("a")
    other = Places(world.pool.places, name="other")
    world.line_up("a", 6)
    second = [world.queue.enter(other, "b", batch=False, cost=100) for _ in range(3)]
    world.waiters += second
    await world.serve(first, 6)
    assert all(waiter.turn.done() for waiter in second)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_in_whatever_order_nobody_is_lost_and_no_slot_is(seed):
    @alive
    async def storm():
        chance = random.Random(seed)
        world = World(slots=3, settings=QueueConfig(length=25, batch_after_seconds=5))
        tasks, turns = set(), []

        async def visit(user: str, batch: bool) -> None:
            turns.append(await world.queue.turn(world.pool, user, batch=batch, cost=chance.randint(1, 500)))

        for _ in range(400):
            world.clock.now += chance.random()
            step = chance.random()
            if step < 0.5:
                tasks.add(asyncio.create_task(visit(chance.choice("abcd"), chance.random() < 0.5)))
            elif step < 0.8 and turns:
                world.queue.release(turns.pop(chance.randrange(len(turns))), chance.choice((None, 50, 5000)))
            elif tasks:
                chance.choice(sorted(tasks, key=id)).cancel()
            await asyncio.sleep(0)
            assert world.pool.places[0].in_flight <= 3
        while turns:
            world.queue.release(turns.pop())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        assert {type(end) for end in ended} <= {type(None), QueueFull, asyncio.CancelledError}
        assert world.queue.waiting() == world.pool.places[0].in_flight == world.pool.places[0].batch_in_flight == 0

    storm()
