"""What the gateway holds while it runs: engines, modules, keys, switches, prompts, the log of runs, its counters."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from inference.gateway.decisions import Decisions
from inference.gateway.engine import Engine
from inference.gateway.features import Features
from inference.gateway.keys import KeyRing
from inference.gateway.problems import GatewayProblem
from inference.gateway.prompts import Prompts
from inference.gateway.run_log import RunLog
from inference.gateway.runs import Run
from inference.modules.base import Module

HEALTH_EVERY_SECONDS = 2.0
BUCKETS = (0.005, 0.02, 0.1, 0.5, 2, 10, 30, 60, 180, 600, 3600)

log = logging.getLogger("ostrov.gateway")


class Gateway:
    """The parts of a running gateway; `engines` are by role: chat, embed, speech."""

    def __init__(
        self,
        *,
        keys: KeyRing,
        engines: Mapping[str, Engine],
        modules: Mapping[str, Module],
        run_log: RunLog,
        decisions: Decisions,
        features: Mapping[str, bool] | None = None,
    ) -> None:
        """Put the parts together; nothing starts yet. `features` are the configured defaults of the switches."""
        self.keys = keys
        self.engines = engines
        self.modules = modules
        self.run_log = run_log
        self._decisions = decisions
        self.features = Features(modules, features or {}, decisions)
        self.prompts = Prompts(modules, decisions)
        self._health: asyncio.Task[None] | None = None
        self.registry = CollectorRegistry()
        labels = ("endpoint", "verdict")
        self._runs = Counter("ostrov_gateway_runs", "Runs by outcome", labels, registry=self.registry)
        self._seconds = Histogram(
            "ostrov_gateway_run_seconds", "Time of a run", ("endpoint",), buckets=BUCKETS, registry=self.registry
        )
        up = Gauge("ostrov_gateway_engine_ready", "1 when the engine is ready", ("engine",), registry=self.registry)
        for role, engine in engines.items():
            up.labels(role).set_function(engine.readiness)
        waiting = Gauge("ostrov_gateway_run_log_waiting", "Runs not yet written", registry=self.registry)
        waiting.set_function(lambda: run_log.waiting)

    async def start(self) -> None:
        """Begin to watch the engines and to write the log."""
        await self.run_log.start()
        await self._decisions.start()
        await asyncio.gather(*(engine.check_health() for engine in self.engines.values()))
        self._health = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Write out the log and close the connections."""
        if self._health is not None:
            self._health.cancel()
        await self._decisions.stop()
        await self.run_log.stop()
        for engine in self.engines.values():
            engine.close()

    async def _watch(self) -> None:
        """Ask every engine for its health, again and again, and note changes in the log."""
        known: dict[str, str] = {}
        while True:
            for role, engine in self.engines.items():
                await engine.check_health()
                if known.get(role) != engine.state:
                    known[role] = engine.state
                    log.info("engine.state_changed engine=%s state=%s model=%s", role, engine.state, engine.model)
            await asyncio.sleep(HEALTH_EVERY_SECONDS)

    def readiness(self) -> dict[str, Any]:
        """Return whether everything that is switched on can be used, and why not where it cannot."""
        engines = {role: _state(engine) for role, engine in self.engines.items()}
        ready = all(entry["state"] in {"ready", "off"} for entry in engines.values())
        run_log = {"state": self.run_log.state, "reason": self.run_log.reason or None, "waiting": self.run_log.waiting}
        return {"ready": ready, "engines": engines, "run_log": run_log}

    def bind(self, run: Run, role: str) -> Engine:
        """Note in a run which engine and model it uses; return the engine."""
        engine = self.engines[role]
        run.engine, run.model, run.model_hash = role, engine.model or None, engine.model_hash or None
        return engine

    def close_run(self, run: Run, problem: GatewayProblem | None = None) -> None:
        """Give a finished run its verdict, count it and hand it to the log."""
        if problem is not None:
            run.verdict, run.reason = problem.verdict, problem.detail
        run.finish()
        self._runs.labels(run.endpoint, run.verdict).inc()
        self._seconds.labels(run.endpoint).observe((run.duration_ms or 0) / 1000)
        self.run_log.put(run.record())


def _state(engine: Engine) -> dict[str, Any]:
    """Describe one engine for /readyz."""
    return {"state": engine.state, "reason": engine.reason or None, "model": engine.model or None}
