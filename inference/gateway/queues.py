"""The queue before the engines: interactive before batch, fair between users, bounded, and nobody waits for ever.

Fairness is start-time fair queueing: each user's next request gets a tag on a virtual clock that moves with the work
given out, so whoever has taken little comes before whoever has taken much, however many requests the latter sends.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from inference.gateway.config import QueueConfig
from inference.gateway.problems import EngineBusy, GatewayProblem, QueueFull

Clock = Callable[[], float]
RETRY_SECONDS_MAX = 120
OVERDUE_BATCH, INTERACTIVE, BATCH = range(3)
SMOOTHING = 0.2
FLOWS_KEPT = 1000
LEFT_KEPT = 64


class Slots(Protocol):
    """Something that takes a few requests at a time: an engine."""

    in_flight: int
    batch_in_flight: int


class Pool(Protocol):
    """The engines that could serve a request, equal for all requests of one line."""

    @property
    def name(self) -> str:
        """What the line is called; equal names share a line."""
        ...

    @property
    def size(self) -> int:
        """How many requests all engines of the pool take at a time."""
        ...

    def free(self, *, batch: bool) -> Slots | None:
        """Return the engine to take now, None while all are busy."""
        ...

    def check(self) -> None:
        """Raise a GatewayProblem when no engine of the pool can be used at all."""
        ...


@dataclass(frozen=True)
class Turn:
    """A turn at an engine; `waited_seconds` passed before it came."""

    engine: Slots
    line: Line
    flow: Flow
    batch: bool
    cost: float
    started: float
    waited_seconds: float


@dataclass
class Flow:
    """One user's requests of one priority; `finish` is where the next one begins on the virtual clock."""

    finish: float = 0.0
    waiting: dict[Waiter, None] = field(default_factory=dict)


@dataclass(eq=False)
class Waiter:
    """A request that waits for its turn."""

    line: Line
    flow: Flow
    batch: bool
    cost: float
    start: float
    since: float
    turn: asyncio.Future[Turn]


@dataclass
class Line:
    """The requests that wait for the engines of one pool, a heap a priority, the fairest first."""

    pool: Pool
    heaps: dict[bool, list[tuple[float, int, Waiter]]] = field(default_factory=lambda: {False: [], True: []})
    left: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})
    batch_turn_at: float = 0.0
    service_seconds: float = 0.0

    def head(self, *, batch: bool) -> Waiter | None:
        """Return the next of a priority; those who have left are dropped on the way."""
        heap = self.heaps[batch]
        while heap and heap[0][2].turn.done():
            heapq.heappop(heap)
        return heap[0][2] if heap else None

    def drop(self, *, batch: bool) -> None:
        """Note that somebody left; now and then clear out all who did."""
        self.left[batch] += 1
        heap = self.heaps[batch]
        if self.left[batch] > LEFT_KEPT and self.left[batch] * 2 > len(heap):
            heap[:] = [entry for entry in heap if not entry[2].turn.done()]
            heapq.heapify(heap)
            self.left[batch] = 0


class FairQueue:
    """Gives out turns at engines. One for the whole gateway, since pools may share engines."""

    def __init__(self, settings: QueueConfig, clock: Clock = time.monotonic) -> None:
        """Begin empty."""
        self.settings = settings
        self._clock = clock
        self._lines: dict[str, Line] = {}
        self._flows: dict[tuple[bool, str], Flow] = {}
        self._virtual = {False: 0.0, True: 0.0}
        self._numbers = 0
        self._waiting = 0

    def waiting(self, pool: str | None = None, *, batch: bool | None = None) -> int:
        """How many requests wait, in all or of one pool and priority."""
        return sum(
            1
            for name, line in self._lines.items()
            if pool is None or name == pool
            for kind, heap in line.heaps.items()
            if batch is None or kind == batch
            for _, _, waiter in heap
            if not waiter.turn.done()
        )

    async def turn(self, pool: Pool, user: str, *, batch: bool, cost: float, first: bool = False) -> Turn:
        """Wait for a turn. Raises QueueFull, EngineBusy when it takes too long, or what the pool's check raises.

        `cost` is the expected work in tokens; `first` puts a request that has had its turn before to the front.
        """
        waiter = self.enter(pool, user, batch=batch, cost=cost, first=first)
        if _given(waiter):
            return waiter.turn.result()
        taken = False
        try:
            async with asyncio.timeout(self.settings.wait_seconds):
                turn = await waiter.turn
        except TimeoutError:
            message = f"No model was free within {self.settings.wait_seconds:.0f} s."
            raise EngineBusy(message, self.retry_seconds(waiter.line)) from None
        else:
            taken = True
            return turn
        finally:
            if not taken and _given(waiter):
                self.release(waiter.turn.result())  # The turn came in the same moment as the caller left.
            self._leave(waiter)

    def enter(self, pool: Pool, user: str, *, batch: bool, cost: float, first: bool = False) -> Waiter:
        """Stand in line; the turn may be there at once. Raises QueueFull or what the pool's check raises."""
        pool.check()
        line = self._lines.setdefault(pool.name, Line(pool))
        line.pool = pool
        flow = self._flow(batch, user)
        start = -math.inf if first else max(self._virtual[batch], flow.finish)
        now = self._clock()
        waiter = Waiter(line, flow, batch, cost, start, now, asyncio.get_running_loop().create_future())
        if self._waiting == 0:
            engine = pool.free(batch=batch)
            if engine is not None:
                flow.finish = max(flow.finish, start + cost)
                self._give(waiter, engine)
                return waiter
        self._make_room(line, flow, batch=batch)
        if batch and line.head(batch=True) is None:
            line.batch_turn_at = now
        flow.finish = max(flow.finish, start + cost)
        flow.waiting[waiter] = None
        self._numbers += 1
        self._waiting += 1
        heapq.heappush(line.heaps[batch], (start, self._numbers, waiter))
        self.pump()
        return waiter

    def _leave(self, waiter: Waiter) -> None:
        """Forget a waiter who has gone or been served."""
        if not waiter.turn.done():
            waiter.turn.cancel()
        if waiter in waiter.flow.waiting:
            del waiter.flow.waiting[waiter]
            self._waiting -= 1
            waiter.flow.finish -= waiter.cost
            waiter.line.drop(batch=waiter.batch)

    def _flow(self, batch: bool, user: str) -> Flow:
        """Return the flow of a user; flows that owe nothing are forgotten when there are many."""
        if len(self._flows) > FLOWS_KEPT:
            idle = [
                name for name, flow in self._flows.items() if not flow.waiting and flow.finish <= self._virtual[name[0]]
            ]
            for name in idle:
                del self._flows[name]
        return self._flows.setdefault((batch, user), Flow(self._virtual[batch]))

    def _make_room(self, line: Line, flow: Flow, *, batch: bool) -> None:
        """Keep the queue within its length: who waits with the most requests gives one up, batch before interactive.

        Raises QueueFull when that is the newcomer: nobody can fill the queue for the others.
        """
        if self._waiting < self.settings.length:
            return
        full = QueueFull("Too many requests wait for a model.", self.retry_seconds(line))
        (greedy_batch, _), greedy = max(
            self._flows.items(), key=lambda entry: (bool(entry[1].waiting) and entry[0][0], len(entry[1].waiting))
        )
        if greedy is flow or (batch and not greedy_batch) or (batch == greedy_batch and _outweighs(flow, greedy)):
            raise full
        newest = next(reversed(greedy.waiting))
        newest.turn.set_exception(full)
        newest.turn.exception()  # Looked at, so that a caller who left in this moment leaves no complaint in the log.
        self._leave(newest)

    def release(self, turn: Turn, cost: float | None = None) -> None:
        """Give a turn back; `cost` is the work that it really was, in tokens."""
        turn.engine.in_flight -= 1
        turn.engine.batch_in_flight -= turn.batch
        if cost is not None:
            turn.flow.finish += cost - turn.cost
        taken = self._clock() - turn.started
        line = turn.line
        line.service_seconds += (taken - line.service_seconds) * (SMOOTHING if line.service_seconds else 1.0)
        if self._waiting:
            self.pump()

    def pump(self) -> None:
        """Give turns out as long as an engine is free for somebody."""
        while self._waiting:
            for _, _, _, waiter in sorted(self._heads(), key=lambda found: found[:3]):
                engine = waiter.line.pool.free(batch=waiter.batch)
                if engine is not None:
                    heapq.heappop(waiter.line.heaps[waiter.batch])
                    self._waiting -= 1
                    del waiter.flow.waiting[waiter]
                    self._give(waiter, engine)
                    break
            else:
                return

    def _heads(self) -> Iterator[tuple[int, float, float, Waiter]]:
        """Yield who is next in each line with what decides between lines: rank, tag, moment of arrival.

        Batch comes when nobody interactive waits, and once in a while even then.
        """
        for line in self._lines.values():
            batch, interactive = line.head(batch=True), line.head(batch=False)
            if batch is not None and self._clock() - line.batch_turn_at >= self.settings.batch_after_seconds:
                yield OVERDUE_BATCH, batch.start, batch.since, batch
            if interactive is not None:
                yield INTERACTIVE, interactive.start, interactive.since, interactive
            elif batch is not None:
                yield BATCH, batch.start, batch.since, batch

    def _give(self, waiter: Waiter, engine: Slots) -> None:
        """Give a waiter its turn and move the virtual clock."""
        engine.in_flight += 1
        engine.batch_in_flight += waiter.batch
        now = self._clock()
        if waiter.batch:
            waiter.line.batch_turn_at = now
        self._virtual[waiter.batch] = max(self._virtual[waiter.batch], waiter.start)
        waited = now - waiter.since
        waiter.turn.set_result(Turn(engine, waiter.line, waiter.flow, waiter.batch, waiter.cost, now, waited))

    def retry_seconds(self, line: Line) -> int:
        """How long those who wait will take, as far as one can tell: when to ask again."""
        ahead = self._waiting / max(line.pool.size, 1)
        return min(max(math.ceil(ahead * line.service_seconds), 1), RETRY_SECONDS_MAX)

    def end_hopeless(self) -> None:
        """Tell those whose engines have all gone that waiting is of no use."""
        for line in self._lines.values():
            try:
                line.pool.check()
            except GatewayProblem as problem:
                for waiter in [entry[2] for heap in line.heaps.values() for entry in heap]:
                    if not waiter.turn.done():
                        waiter.turn.set_exception(problem)
                        waiter.turn.exception()  # Looked at, see above.
                        self._leave(waiter)


def _given(waiter: Waiter) -> bool:
    """Whether a waiter has been given a turn."""
    return waiter.turn.done() and not waiter.turn.cancelled() and waiter.turn.exception() is None


def _outweighs(flow: Flow, other: Flow) -> bool:
    """Whether a flow with one request more would wait with as many as the other or more."""
    return len(flow.waiting) + 1 >= len(other.waiting)
