"""Units start when what they need is there, come back when they die, and stop for certain."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.demo.home import Home
from appliance.demo.units import Fatal, Job, Service, State, SwitchOff, Unit, Work


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.prepare()
    return home


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def drive(units: dict[str, Unit], until: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, {name: (unit.state, unit.reason) for name, unit in units.items()}
        for unit in units.values():
            unit.step(units)
        time.sleep(0.01)


def stop(unit: Unit) -> None:
    unit.ask_to_stop()
    deadline = time.monotonic() + 10
    while not unit.is_stopped():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_job_waits_for_what_it_needs(home: Home):
    order: list[str] = []
    first = Work("first", "First", function=lambda _work: order.append("first"))
    job = Job("job", "Job", ("first",), command=python("print('ran')"), environment=os.environ, home=home)
    units: dict[str, Unit] = {"job": job, "first": first}
    job.step(units)
    assert job.state is State.WAITING
    drive(units, lambda: job.state is State.DONE)
    assert home.log("job").read_text() == "ran\n"
    assert not home.pid_file("job").exists()


def test_a_vital_job_that_fails_ends_the_demo_with_the_end_of_its_log(home: Home):
    job = Job(
        "job", "The schema", command=python("raise SystemExit('no such table')"), environment=os.environ, home=home
    )
    with pytest.raises(Fatal, match=r"(?s)'The schema' failed.*no such table"):
        drive({"job": job}, lambda: False)


def test_a_job_that_is_not_vital_switches_off_what_needs_it(home: Home):
    job = Job("job", "Job", command=python("raise SystemExit(3)"), environment=os.environ, home=home, vital=False)
    needs_it = Service("service", "Service", ("job",), command=python("0"), environment=os.environ, home=home)
    drive({"job": job, "service": needs_it}, lambda: needs_it.state is State.OFF)
    assert "ended with 3" in needs_it.reason


def test_weights_that_cannot_be_had_switch_their_engine_off_with_the_reason(home: Home):
    def refuse(_work: Work) -> None:
        raise SwitchOff("The package cannot be had.")

    weights = Work("weights", "Weights", function=refuse)
    engine = Service("llm", "Engine", ("weights",), command=python("0"), environment=os.environ, home=home)
    drive({"weights": weights, "llm": engine}, lambda: engine.state is State.OFF)
    assert engine.reason == "The package cannot be had."


def test_any_other_failure_of_a_work_is_raised_in_the_loop():
    def fail(_work: Work) -> None:
        raise Fatal("The checksum is wrong.")

    with pytest.raises(Fatal, match="checksum"):
        drive({"work": Work("work", "Work", function=fail)}, lambda: False)


def test_a_service_that_dies_is_started_again(home: Home):
    service = Service("s", "S", command=python("import time; time.sleep(60)"), environment=os.environ, home=home)
    units: dict[str, Unit] = {"s": service}
    drive(units, lambda: service.state is State.READY)
    first = service.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    drive(units, lambda: service.state is State.DOWN)
    assert "ended with -9" in service.reason
    drive(units, lambda: service.state is State.READY)
    assert service.restarts == 1
    assert service.pid != first
    stop(service)
    assert service.state is State.STOPPED


class Watched(Service):
    """Knows when its last step began and ended."""

    def step(self, units):
        self.began = time.monotonic()
        super().step(units)
        self.ended = time.monotonic()


def test_pauses_between_starts_grow(home: Home):
    service = Watched("s", "S", command=python("raise SystemExit(1)"), environment=os.environ, home=home)
    for number, pause in enumerate((0.5, 1.0, 2.0), 1):
        drive({"s": service}, lambda number=number: service.failures == number)
        assert service.began <= service.resume_at - pause <= service.ended


def test_a_vital_service_that_never_comes_up_ends_the_demo(home: Home):
    code = "raise SystemExit('cannot bind')"
    service = Service("s", "The web", command=python(code), environment=os.environ, home=home, vital=True)
    with pytest.raises(Fatal, match=r"(?s)The web does not start.*cannot bind"):
        drive({"s": service}, lambda: False)


def test_a_service_with_a_health_check_is_ready_only_when_healthy(home: Home):
    code = "import time; time.sleep(60)"
    service = Service("s", "S", command=python(code), environment=os.environ, home=home, health=lambda: True)
    units: dict[str, Unit] = {"s": service}
    drive(units, lambda: service.state is State.STARTING)
    service.step(units)
    assert service.state is State.STARTING
    service.healthy = True
    service.step(units)
    assert service.state is State.READY
    service.healthy = False
    service.step(units)
    assert (service.state, service.reason) == (State.DOWN, "does not answer")
    service.kill()
    stop(service)


def test_a_vital_service_that_runs_but_never_answers_ends_the_demo(home: Home):
    code = "import time; print('stuck', flush=True); time.sleep(60)"
    service = Service(
        *("s", "The web"), command=python(code), environment=os.environ, home=home, health=lambda: False, vital=True
    )
    service.start_seconds = 1.0
    with pytest.raises(Fatal, match=r"(?s)The web does not answer after 1 seconds.*stuck"):
        drive({"s": service}, lambda: False)
    service.kill()
    stop(service)


def test_any_other_service_that_does_not_answer_in_time_holds_nobody_up_and_may_still_come(home: Home):
    code = "import time; time.sleep(60)"
    service = Service("s", "S", command=python(code), environment=os.environ, home=home, health=lambda: False)
    service.start_seconds = 0.2
    drive({"s": service}, lambda: service.state is State.DOWN)
    service.healthy = True
    drive({"s": service}, lambda: service.state is State.READY)
    stop(service)
