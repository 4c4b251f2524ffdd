"""Change a running demo over to another model without a pause: `ostrov models use` moves a link, this follows it.

The new engine starts beside the old one on a port of its own; when it is ready the gateway is told of both, then of
the new one alone; the old one finishes what it works on and is stopped. A new engine that does not come up is
stopped instead, and the old one goes on.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import time
from collections.abc import Callable, Mapping, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from appliance.demo.health import Watch
from appliance.demo.units import LAST_TRY, Process, Service, State, Unit
from appliance.modelstore.errors import ModelError
from appliance.modelstore.store import InstalledModel, ModelStore

LOOK_SECONDS: Final = 1.0
ASK_SECONDS: Final = 3.0
GATEWAY_SECONDS: Final = 30.0
DRAIN_SECONDS: Final = 900.0
LEAVE_SECONDS: Final = 20.0
CALM: Final = frozenset({State.READY, State.DOWN, State.OFF})
METRIC: Final = re.compile(r"^([a-zA-Z_:]+)(?:\{[^}]*\})? ([0-9.e+-]+)$", re.MULTILINE)


def ask(port: int, path: str) -> str | None:
    """Return what a program on loopback answers, None when it does not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ASK_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


@dataclass
class GatewayFile:
    """The gateway's configuration file in a demo: which engines there are."""

    path: Path
    port: int
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write(self) -> None:
        """Write the file, whole or not at all."""
        blocks = [
            "[[engines]]\n"
            + "".join(f"{name} = {json.dumps(value)}\n" for name, value in {"name": key, **entry}.items())
            for key, entry in self.entries.items()
        ]
        work = self.path.with_suffix(".new")
        work.write_text("\n".join(["# Written by the demo's supervisor.\n", *blocks]), encoding="utf-8")
        work.replace(self.path)

    def add(self, name: str, like: str, port: int) -> None:
        """Let a second engine stand beside one that is there."""
        self.entries[name] = {**self.entries[like], "url": f"http://127.0.0.1:{port}"}
        self.write()

    def remove(self, name: str) -> None:
        """Take an engine out."""
        self.entries.pop(name, None)
        self.write()

    def knows_ready(self, name: str) -> bool:
        """Tell whether the gateway has found an engine to be ready; one that is away will read the file later."""
        answer = ask(self.port, "/readyz")
        try:
            return answer is None or json.loads(answer)["instances"][name]["state"] == "ready"
        except (ValueError, KeyError, TypeError):
            return False


class Step(StrEnum):
    """How far a change-over is."""

    IDLE = "idle"
    STARTING = "starting"
    JOINING = "joining"
    DRAINING = "draining"


@dataclass
class Switch:
    """The change-over of one engine."""

    role: str
    unit: str
    store: ModelStore
    gateway: GatewayFile
    make: Callable[[InstalledModel], Service]
    busy_metrics: tuple[str, ...]
    serves: Path
    step: Step = Step.IDLE
    engine: str = ""
    looked_at: float = 0.0
    since: float = 0.0
    wanted: Path | None = None
    told: Future[bool] | None = None
    leaving: list[tuple[float, Service]] = field(default_factory=list)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="switch"))

    def __post_init__(self) -> None:
        """The engine that runs first has the unit's name at the gateway."""
        self.engine = self.engine or self.role

    @property
    def spare(self) -> str:
        """The name of the new engine's unit while both run."""
        return f"{self.unit}-next"

    def move(self, units: MutableMapping[str, Unit], watch: Watch) -> None:
        """Go on as far as possible without waiting."""
        now = time.monotonic()
        self._see_off(now)
        if self.step is Step.IDLE:
            if now - self.looked_at >= LOOK_SECONDS and units[self.unit].state in CALM:
                self.looked_at = now
                self._look(units, watch)
        elif self.step is Step.STARTING:
            self._follow_start(units, watch)
        elif self.step is Step.JOINING:
            if self._answer(lambda: self.gateway.knows_ready(self._next_engine)) or now - self.since > GATEWAY_SECONDS:
                self._hand_over(units)
        elif self._answer(lambda: self._is_idle(units[self.unit])) or now - self.since > DRAIN_SECONDS:
            self._finish(units, watch)

    def _look(self, units: MutableMapping[str, Unit], watch: Watch) -> None:
        """Start the engine of another model when the link leads to one."""
        try:
            model = self.store.active(self.role)
        except ModelError:
            return
        if model is None or model.path == self.serves:
            return
        service = self.make(model)
        service.standby = True
        units[self.spare] = service
        watch.add(service)
        self.wanted = model.path
        self._go_to(Step.STARTING)

    def _follow_start(self, units: MutableMapping[str, Unit], watch: Watch) -> None:
        """Let the gateway know the new engine when it is ready; give it up when it does not come up."""
        service = units[self.spare]
        if not isinstance(service, Service):
            return
        if service.state is State.READY:
            self.gateway.add(self._next_engine, self.engine, service.port or 0)
            self._reload(units)
            self._go_to(Step.JOINING)
        elif service.failures >= LAST_TRY or service.reason.startswith("does not answer after"):
            self._give_up(service, units, watch)

    def _give_up(self, service: Service, units: MutableMapping[str, Unit], watch: Watch) -> None:
        """Stop the new engine, let the link lead to the model that serves, and tell why."""
        old = units[self.unit]
        if isinstance(old, Service):
            old.note = f"kept its model: the new one ({self.wanted}) does not start, {service.reason}"
        self._retire(service, watch)
        del units[self.spare]
        served = next((model for model in self.store.models() if model.path == self.serves), None)
        if served is not None:
            self.store.point(self.role, served)
        self._go_to(Step.IDLE)

    def _hand_over(self, units: Mapping[str, Unit]) -> None:
        """Take the old engine out of the gateway's file: it finishes what it has and gets nothing new."""
        old, self.engine = self.engine, self._next_engine
        self.gateway.remove(old)
        self._reload(units)
        self._go_to(Step.DRAINING)

    def _finish(self, units: MutableMapping[str, Unit], watch: Watch) -> None:
        """Stop the old engine and give its name to the new one."""
        old, new = units[self.unit], units.pop(self.spare)
        if isinstance(old, Service):
            self._retire(old, watch)
        if isinstance(new, Service):
            new.rename(self.unit)
            new.standby = False
        units[self.unit] = new
        self.serves = self.wanted or self.serves
        self._go_to(Step.IDLE)

    def _is_idle(self, unit: Unit) -> bool:
        """Tell whether the old engine has nothing left to do, by its own metrics; one that is away has nothing."""
        if not isinstance(unit, Service) or unit.pid is None:
            return True
        answer = ask(unit.port or 0, "/metrics")
        time.sleep(LOOK_SECONDS / 2)  # in the thread that asks: a request may be on its way between two engines
        again = ask(unit.port or 0, "/metrics")
        return answer is not None and again is not None and self._busy(answer) + self._busy(again) == 0

    def _busy(self, metrics: str) -> float:
        """Return how many requests are being worked on or wait."""
        return sum(float(value) for name, value in METRIC.findall(metrics) if name in self.busy_metrics)

    @property
    def _next_engine(self) -> str:
        """The new engine's name at the gateway: two names take turns."""
        return self.role if self.engine != self.role else f"{self.role}-b"

    def _answer(self, question: Callable[[], bool]) -> bool:
        """Ask in a thread, so that a slow answer never holds up the supervisor; True once the answer was yes."""
        if self.told is None:
            self.told = self.pool.submit(question)
        elif self.told.done():
            yes = self.told.result()
            self.told = None
            return yes
        return False

    def _go_to(self, step: Step) -> None:
        """Enter a step."""
        self.step, self.since, self.told = step, time.monotonic(), None

    @staticmethod
    def _reload(units: Mapping[str, Unit]) -> None:
        """Tell the gateway to read its file again."""
        gateway = units.get("gateway")
        if isinstance(gateway, Process) and gateway.pid is not None:
            os.kill(gateway.pid, signal.SIGHUP)

    def _retire(self, service: Service, watch: Watch) -> None:
        """Stop an engine for good."""
        watch.remove(service)
        service.ask_to_stop()
        service.home.pid_file(service.name).unlink(missing_ok=True)
        self.leaving.append((time.monotonic(), service))

    def _see_off(self, now: float) -> None:
        """Forget engines that have ended, end those that do not."""
        for since, service in self.leaving:
            if now - since > LEAVE_SECONDS:
                service.kill()
        self.leaving = [(since, service) for since, service in self.leaving if service.pid is not None]
