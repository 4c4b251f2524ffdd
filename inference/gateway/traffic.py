"""Engines, routes, queue and budgets of a running gateway, watched, measured and replaced without a pause."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric

from inference.gateway.breaker import NUMBERS
from inference.gateway.budgets import WORDS, Budgets
from inference.gateway.config import EngineConfig, GatewayConfig
from inference.gateway.database import DatabaseAway
from inference.gateway.engine import Engine
from inference.gateway.lanes import Lane
from inference.gateway.queues import FairQueue
from inference.gateway.routing import Router, Wanted
from inference.gateway.runs import Run

BEST_FIRST = ("ready", "starting", "down", "off")

log = logging.getLogger("ostrov.gateway")


class Traffic:
    """What moves requests: made from a configuration, and made again when another one is applied."""

    def __init__(self, config: GatewayConfig, database_url: str) -> None:
        """Build; nothing starts yet. The database tells what was spent before a restart."""
        self.config = config
        self.engines = {entry.name: _engine(entry, config) for entry in config.engines}
        self.queue = FairQueue(config.queue)
        self.budgets = Budgets(config)
        self._router = Router(config, self.engines)
        self._database_url = database_url
        self._retired: list[Engine] = []
        self._states: dict[str, str] = {}
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look at the engines once and go on watching them."""
        await self.look()
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Stop watching and close the connections."""
        if self._watching is not None:
            self._watching.cancel()
        for engine in [*self.engines.values(), *self._retired]:
            engine.close()

    def apply(self, config: GatewayConfig) -> None:
        """Go on with another configuration: engines that are the same stay, those that have gone finish their work."""
        same_care = (config.breaker, config.health) == (self.config.breaker, self.config.health)
        present = {engine.config: engine for engine in self.engines.values()} if same_care else {}
        kept = {entry.name: present.get(entry) or _engine(entry, config) for entry in config.engines}
        self._retired += [engine for engine in self.engines.values() if engine not in kept.values()]
        self.config, self.engines = config, kept
        self._router = Router(config, kept)
        self.queue.settings = config.queue
        self.budgets.configure(config)

    def lane(self, run: Run, role: str, *, data_classes: tuple[str, ...] = (), model: str | None = None) -> Lane:
        """Return the way of a run to the engines. Raises BudgetSpent, ModelUnknown or PolicyForbids."""
        self.budgets.check(run.key, run.rules.name)
        wanted = Wanted(role, run.module, data_classes, run.rules.engines, model)
        return Lane(self.queue, self._router.pool(wanted), run, attempts=self.config.retry.attempts)

    async def _watch(self) -> None:
        """Look at the engines again and again."""
        while True:
            await asyncio.sleep(self.config.health.every_seconds)
            try:
                await self.look()
            except Exception:
                log.exception("engines.look_failed")  # One look may fail; to stop looking would be worse.

    async def look(self) -> None:
        """Ask every engine for its health, move the queue on, and note changes in the log."""
        await asyncio.gather(*(engine.check_health() for engine in [*self.engines.values(), *self._retired]))
        self.queue.end_hopeless()
        self.queue.pump()
        with suppress(DatabaseAway):  # /readyz says that the database is away; the next look tries again.
            await self.budgets.restore(self._database_url)
        self._note_changes()
        for engine in [engine for engine in self._retired if engine.in_flight == 0]:
            engine.close()
            self._retired.remove(engine)

    def _note_changes(self) -> None:
        """Log which engines have changed; one that has come up need not catch up on the turns that it missed."""
        for engine in self.engines.values():
            if self._states.get(engine.name) == engine.state:
                continue
            self._states[engine.name] = engine.state
            log.info("engine.state_changed engine=%s state=%s model=%s", engine.name, engine.state, engine.model)
            if engine.state == "ready":
                share = max(other.turns / other.config.weight for other in self.engines.values())
                engine.turns = max(engine.turns, round(share * engine.config.weight))

    def by_role(self) -> dict[str, Engine]:
        """Return the best engine of each role: the one to describe when a role is described."""
        found: dict[str, Engine] = {}
        for engine in self.engines.values():
            present = found.get(engine.role)
            if present is None or BEST_FIRST.index(engine.state) < BEST_FIRST.index(present.state):
                found[engine.role] = engine
        return found

    def instances(self) -> dict[str, dict[str, Any]]:
        """Describe each engine."""
        return {
            engine.name: {
                "role": engine.role,
                "state": engine.state,
                "reason": engine.reason or None,
                "model": engine.model or None,
                "model_hash": engine.model_hash or None,
                "breaker": engine.breaker.state,
                "in_flight": engine.in_flight,
                "slots": engine.config.slots,
            }
            for engine in self.engines.values()
        }

    def collect(self) -> Iterator[Metric]:
        """Yield the figures of engines, queue and budgets, as they are when Prometheus asks."""
        shown: dict[str, tuple[str, Callable[[Engine], float]]] = {
            "engine_ready": ("1 when the engine is ready", Engine.readiness),
            "engine_in_flight": ("Requests at the engine", lambda engine: engine.in_flight),
            "engine_slots": ("Requests that the engine takes at a time", lambda engine: engine.config.slots),
            "engine_breaker": ("0 closed, 1 half-open, 2 open", lambda engine: NUMBERS[engine.breaker.state]),
        }
        for name, (meaning, read) in shown.items():
            family = GaugeMetricFamily(f"ostrov_gateway_{name}", meaning, labels=("engine",))
            for engine in self.engines.values():
                family.add_metric([engine.name], read(engine))
            yield family
        waiting = GaugeMetricFamily("ostrov_gateway_queue_waiting", "Requests that wait", labels=("priority",))
        for priority, batch in (("interactive", False), ("batch", True)):
            waiting.add_metric([priority], self.queue.waiting(batch=batch))
        yield waiting
        labels = ("holder", "name", "window")
        spent = GaugeMetricFamily("ostrov_gateway_budget_spent_tokens", "Tokens spent of a budget", labels=labels)
        limit = GaugeMetricFamily("ostrov_gateway_budget_limit_tokens", "Tokens of a budget", labels=labels)
        for (holder, name, seconds), tokens in self.budgets.limits.items():
            spent.add_metric([holder, name, WORDS[seconds]], self.budgets.spent(holder, name, seconds))
            limit.add_metric([holder, name, WORDS[seconds]], tokens)
        yield from (spent, limit)


def _engine(entry: EngineConfig, config: GatewayConfig) -> Engine:
    """Build an engine with the care that all get."""
    return Engine(entry, breaker=config.breaker, health=config.health)
