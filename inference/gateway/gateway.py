"""What the gateway holds while it runs: engines, modules, keys, switches, prompts, the log of runs, its counters."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.registry import Collector

from inference.gateway.addresses import AddressRefused
from inference.gateway.config import ConfigRefused, GatewayConfig
from inference.gateway.decisions import Decisions
from inference.gateway.features import Features, FeatureUnknown
from inference.gateway.keys import Key, KeyRing
from inference.gateway.lanes import Lane
from inference.gateway.policy import ModuleRules
from inference.gateway.problems import GatewayProblem
from inference.gateway.prompts import Prompts
from inference.gateway.run_log import RunLog
from inference.gateway.runs import Run
from inference.gateway.traffic import Traffic
from inference.modules.base import Module
from inference.modules.finding import Found

GARBAGE_OBJECTS = 20_000
"""How many new objects there may be before Python looks for garbage among them."""
BUCKETS = (0.005, 0.02, 0.1, 0.5, 2, 10, 30, 60, 180, 600, 3600)

Reading = Callable[[], tuple[GatewayConfig, Sequence[Key]]]

log = logging.getLogger("ostrov.gateway")


class Gateway:
    """The parts of a running gateway."""

    def __init__(
        self,
        *,
        config: GatewayConfig,
        keys: Sequence[Key],
        modules: Mapping[str, Module],
        run_log: RunLog,
        decisions: Decisions,
        read_again: Reading | None = None,
        left_out: Sequence[Found] = (),
    ) -> None:
        """Put the parts together; nothing starts yet. `read_again` reads configuration and keys anew.

        `left_out` are the modules that are installed and were not loaded, with the reason.
        """
        self.keys = KeyRing(keys)
        self.traffic = Traffic(config, run_log.url)
        self.modules = modules
        self.left_out = left_out
        self.run_log = run_log
        self._decisions = decisions
        self.features = Features(modules, config.features, decisions)
        self.prompts = Prompts(modules, decisions)
        self.module_rules = ModuleRules(config)
        self._read_again = read_again
        self._refusal: str | None = None
        self._reloading: asyncio.Task[None] | None = None
        self.registry = CollectorRegistry()
        labels = ("endpoint", "verdict")
        self._runs = Counter("ostrov_gateway_runs", "Runs by outcome", labels, registry=self.registry)
        self._seconds = Histogram(
            "ostrov_gateway_run_seconds", "Time of a run", ("endpoint",), buckets=BUCKETS, registry=self.registry
        )
        self._waits = Histogram(
            "ostrov_gateway_queue_seconds",
            "Waiting for an engine",
            ("priority",),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._tokens = Counter("ostrov_gateway_tokens", "Tokens by key", ("key", "kind"), registry=self.registry)
        self.registry.register(cast("Collector", self.traffic))
        waiting = Gauge("ostrov_gateway_run_log_waiting", "Runs not yet written", registry=self.registry)
        waiting.set_function(lambda: run_log.waiting)

    async def start(self) -> None:
        """Begin to watch the engines and to write the log."""
        # What is loaded stays for good: looking through it again and again would hold up the answers under way.
        gc.freeze()
        gc.set_threshold(GARBAGE_OBJECTS)
        await self.run_log.start()
        await self._decisions.start()
        await self.traffic.start()
        if self._read_again is not None and threading.current_thread() is threading.main_thread():
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload_soon)

    async def stop(self) -> None:
        """Write out the log and close the connections."""
        await self.traffic.stop()
        await self._decisions.stop()
        await self.run_log.stop()

    def _reload_soon(self) -> None:
        """Read the configuration again, beside the requests."""
        self._reloading = asyncio.create_task(self.reload())

    async def reload(self) -> None:
        """Read the configuration again; one that cannot be used changes nothing and is told by /readyz."""
        if self._read_again is None:
            return
        try:
            config, keys = await asyncio.to_thread(self._read_again)
            features = Features(self.modules, config.features, self._decisions)
        except (ConfigRefused, AddressRefused, FeatureUnknown) as error:
            self._refusal = str(error)
            log.error("config.refused reason=%s", error)  # noqa: TRY400 - the sentence says all
            return
        self.traffic.apply(config)
        self.keys.replace(keys)
        self.features, self._refusal = features, None
        self.module_rules = ModuleRules(config)
        await self.traffic.look()
        log.info("config.reloaded engines=%d keys=%d", len(config.engines), len(keys))

    def readiness(self) -> dict[str, Any]:
        """Return whether everything that is switched on can be used, and why not where it cannot."""
        engines = {
            role: {"state": engine.state, "reason": engine.reason or None, "model": engine.model or None}
            for role, engine in self.traffic.by_role().items()
        }
        ready = all(entry["state"] in {"ready", "off"} for entry in engines.values())
        run_log = {"state": self.run_log.state, "reason": self.run_log.reason or None, "waiting": self.run_log.waiting}
        return {
            "ready": ready,
            "engines": engines,
            "instances": self.traffic.instances(),
            "queue": {"waiting": self.traffic.queue.waiting()},
            "config": {"state": "refused" if self._refusal else "ready", "reason": self._refusal},
            "run_log": run_log,
        }

    def bind(self, run: Run, role: str, *, data_classes: tuple[str, ...] = (), model: str | None = None) -> Lane:
        """Return the way of a run to the engines. Raises BudgetSpent, ModelUnknown or PolicyForbids."""
        lane = self.traffic.lane(run, role, data_classes=data_classes, model=model)
        lane.require = lambda: self.features.require(run.feature)
        return lane

    def close_run(self, run: Run, problem: GatewayProblem | None = None) -> None:
        """Give a finished run its verdict, count it and hand it to the log."""
        if problem is not None:
            run.verdict, run.reason = problem.verdict, problem.detail
        run.finish()
        self._runs.labels(run.endpoint, run.verdict).inc()
        self._seconds.labels(run.endpoint).observe((run.duration_ms or 0) / 1000)
        tokens = run.prompt_tokens + run.completion_tokens
        if tokens:
            self.traffic.budgets.charge(run.key, run.rules.name, tokens)
            self._tokens.labels(run.key, "prompt").inc(run.prompt_tokens)
            self._tokens.labels(run.key, "completion").inc(run.completion_tokens)
        if run.attempts:
            self._waits.labels("batch" if run.batch else "interactive").observe(run.queue_ms / 1000)
        self.run_log.put(run.record())
