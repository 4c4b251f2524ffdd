"""What the supervisor runs: a piece of work in a thread, a command that ends, a service that stays.

Every unit is moved on by `step()` from one loop in one thread, so that all children have the same parent thread.
"""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from appliance.demo.home import Home
from appliance.demo.processes import signal_group, start_child, tail

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
ALIVE_SECONDS = 1.0
LAST_TRY = 3


class State(StrEnum):
    """Where a unit stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    OFF = "off"
    DOWN = "down"
    STOPPED = "stopped"
    FAILED = "failed"


SATISFIED = frozenset({State.READY, State.DONE})


class Fatal(Exception):
    """The demo cannot go on; the message is a sentence, `remedy` says what to do."""

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy


@dataclass
class Unit:
    """What all units share: a name, a title for people, what must be ready before, and a state with its reason."""

    name: str
    title: str
    needs: tuple[str, ...] = ()
    state: State = State.WAITING
    reason: str = ""
    progress: tuple[int, int] | None = None
    changed_at: float = field(default_factory=time.monotonic)

    def become(self, state: State, reason: str = "") -> None:
        """Change the state."""
        if (state, reason) != (self.state, self.reason):
            self.state, self.reason, self.changed_at = state, reason, time.monotonic()

    def may_start(self, units: Mapping[str, Unit]) -> bool:
        """Tell whether everything needed is there; when something needed is off, this is off for the same reason."""
        for name in self.needs:
            if units[name].state is State.OFF:
                self.become(State.OFF, units[name].reason)
                return False
        return all(units[name].state in SATISFIED for name in self.needs)

    def step(self, units: Mapping[str, Unit]) -> None:
        """Move on as far as possible without waiting."""
        raise NotImplementedError

    def ask_to_stop(self) -> None:
        """Begin to stop."""

    def is_stopped(self) -> bool:
        """Tell whether nothing of the unit runs any more."""
        return True

    def kill(self) -> None:
        """Stop at once."""


class SwitchOff(Exception):
    """Raised by a work's function when its feature cannot be had: the product goes on without it."""


@dataclass
class Work(Unit):
    """A function that runs once in a thread; it may report bytes done and may switch its feature off."""

    function: Callable[[Work], None] = lambda _work: None
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None
    failure: Exception | None = None

    def report(self, what: str, done: int, total: int) -> None:
        """Show how far the work is."""
        self.reason = what
        self.progress = (done, total)

    def step(self, units: Mapping[str, Unit]) -> None:
        """Start the thread when its time has come, collect its outcome when it has ended."""
        if self.state is State.WAITING and self.may_start(units):
            self.become(State.STARTING)
            self.thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            self.thread.start()
        elif self.state is State.STARTING and self.thread is not None and not self.thread.is_alive():
            self.progress = None
            if isinstance(self.failure, SwitchOff):
                self.become(State.OFF, str(self.failure))
            elif self.failure is not None and not self.stop.is_set():
                self.become(State.FAILED, str(self.failure))
                raise self.failure
            else:
                self.become(State.DONE)

    def _run(self) -> None:
        """Run the function; whatever it raises is raised again in the supervisor's loop."""
        try:
            self.function(self)
        except Exception as error:  # noqa: BLE001  (carried to the loop, which raises it)
            self.failure = error

    def ask_to_stop(self) -> None:
        """Tell the function to end."""
        self.stop.set()

    def is_stopped(self) -> bool:
        """Tell whether the thread has ended."""
        return self.thread is None or not self.thread.is_alive()


@dataclass
class Process(Unit):
    """A unit that is a child process."""

    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    home: Home = field(default_factory=lambda: Home(Path()))
    child: subprocess.Popen[bytes] | None = None
    parent_death_signal: signal.Signals = signal.SIGTERM

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self.child.pid if self.child is not None and self.child.poll() is None else None

    def spawn(self) -> None:
        """Start the child."""
        log, pid_file = self.home.log(self.name), self.home.pid_file(self.name)
        self.child = start_child(self.command, self.environment, log, pid_file, self.parent_death_signal)

    def explain_exit(self) -> str:
        """Say how the child ended, with the last line of its log."""
        code = self.child.returncode if self.child else None
        last = tail(self.home.log(self.name), 1)
        return f"ended with {code}: {last}" if last else f"ended with {code}"

    def ask_to_stop(self) -> None:
        """Send the signal that means: finish and go."""
        if self.pid is not None:
            signal_group(self.pid, signal.SIGTERM)

    def is_stopped(self) -> bool:
        """Tell whether the child has ended; forget it then."""
        if self.pid is not None:
            return False
        self.home.pid_file(self.name).unlink(missing_ok=True)
        if self.state not in {State.OFF, State.DONE, State.FAILED}:
            self.become(State.STOPPED)
        return True

    def kill(self) -> None:
        """End the child and its group at once."""
        if self.child is not None:
            signal_group(self.child.pid, signal.SIGKILL)


@dataclass
class Job(Process):
    """A command that must end well before others start; when it is not vital, its failure only switches them off."""

    vital: bool = True

    def step(self, units: Mapping[str, Unit]) -> None:
        """Start the command when its time has come; a vital one that fails ends the demo with the end of its log."""
        if self.state is State.WAITING and self.may_start(units):
            self.spawn()
            self.become(State.STARTING)
        elif self.state is State.STARTING and self.child is not None and self.child.poll() is not None:
            self.home.pid_file(self.name).unlink(missing_ok=True)
            if self.child.returncode == 0:
                self.become(State.DONE)
                return
            log = self.home.log(self.name)
            if not self.vital:
                self.become(State.OFF, f"{self.title} failed, {self.explain_exit()} (log: {log})")
                return
            self.become(State.FAILED, self.explain_exit())
            raise Fatal(f"The step '{self.title}' failed:\n{tail(log)}", f"The whole log: {log}")


@dataclass
class Service(Process):
    """A command that stays: watched by a health check, started again with growing pauses when it dies."""

    health: Callable[[], bool] | None = None
    port: int | None = None
    feature: str | None = None
    vital: bool = False
    start_seconds: float = 180.0
    stop_signal: signal.Signals = signal.SIGTERM
    restarts: int = 0
    failures: int = 0
    healthy: bool = False
    was_ready: bool = False
    stopping: bool = False
    standby: bool = False
    note: str = ""
    started_at: float = 0.0
    resume_at: float = 0.0

    def step(self, units: Mapping[str, Unit]) -> None:
        """Start, notice readiness, notice death, start again."""
        now = time.monotonic()
        if self.stopping or self.state is State.OFF:
            return
        if self.state is State.WAITING:
            if self.may_start(units):
                self._start(now)
        elif self.child is not None and self.child.poll() is not None:
            self._fell(now)
        elif self.state is State.DOWN and self.child is None and now >= self.resume_at:
            self.restarts += 1
            self._start(now)
        elif self.child is not None:
            self._watch(now)

    def _start(self, now: float) -> None:
        """Start the child."""
        self.healthy = False
        self.started_at = now
        self.spawn()
        self.become(State.STARTING, "restarted" if self.restarts else "")

    def rename(self, name: str) -> None:
        """Take over another service's name, with what belongs to it: the file of the process id and the log."""
        home, old = self.home, self.name
        if home.log(name).exists():
            home.log(name).replace(home.log(name).with_suffix(".log.1"))
        for place in (home.log, home.pid_file):
            if place(old).exists():
                place(old).replace(place(name))
        self.name = name

    def _fell(self, now: float) -> None:
        """Note that the child died; plan the next start, or give up when it never came up and all depends on it."""
        reason = self.explain_exit()
        self.failures = 1 if now - self.started_at > STEADY_SECONDS else self.failures + 1
        self.child = None
        self.healthy = False
        if self.vital and not self.was_ready and self.failures >= LAST_TRY:
            log = self.home.log(self.name)
            self.become(State.FAILED, reason)
            raise Fatal(f"{self.title} does not start:\n{tail(log)}", f"The whole log: {log}")
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (self.failures - 1))
        self.resume_at = now + pause
        self.become(State.DOWN, reason)

    def _watch(self, now: float) -> None:
        """Follow the health check; a service without one is ready once it has stayed alive for a moment."""
        fine = self.healthy if self.health is not None else now - self.started_at > ALIVE_SECONDS
        if fine:
            self.was_ready = True
            self.become(State.READY)
        elif self.state is State.READY:
            self.become(State.DOWN, "does not answer")
        elif self.state is State.STARTING and now - self.started_at > self.start_seconds:
            self._give_up_waiting()

    def _give_up_waiting(self) -> None:
        """Stop holding up the others for a service that runs but does not answer; it may still come up."""
        reason = f"does not answer after {self.start_seconds:.0f} seconds"
        if self.vital and not self.was_ready:
            log = self.home.log(self.name)
            self.become(State.FAILED, reason)
            raise Fatal(f"{self.title} {reason}:\n{tail(log)}", f"The whole log: {log}")
        self.become(State.DOWN, reason)

    def ask_to_stop(self) -> None:
        """Send the signal that means: finish and go."""
        self.stopping = True
        if self.pid is not None:
            signal_group(self.pid, self.stop_signal)
