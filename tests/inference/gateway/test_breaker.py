"""The circuit breaker, on a clock that is moved by hand."""

import pytest

from inference.gateway.breaker import Breaker
from inference.gateway.config import BreakerConfig

SETTINGS = BreakerConfig(failures=3, open_seconds=10, open_seconds_max=35)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(SETTINGS, clock)


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.begin()
        breaker.failed()


def test_single_failures_between_successes_leave_it_closed(breaker):
    for _ in range(10):
        fail(breaker, 2)
        breaker.succeeded()
    assert breaker.state == "closed"


def test_failures_in_a_row_open_it_for_a_while(breaker, clock):
    fail(breaker, 3)
    assert (breaker.state, breaker.passes, breaker.open_for_seconds) == ("open", False, 10)
    clock.now = 10
    assert (breaker.state, breaker.passes) == ("half-open", True)


def test_half_open_lets_one_request_decide(breaker, clock):
    fail(breaker, 3)
    clock.now = 10
    breaker.begin()
    assert not breaker.passes
    breaker.succeeded()
    assert (breaker.state, breaker.passes) == ("closed", True)


def test_each_failed_trial_doubles_the_pause_up_to_a_limit(breaker, clock):
    fail(breaker, 3)
    pauses = []
    for _ in range(4):
        pauses.append(breaker.open_for_seconds)
        clock.now += breaker.open_for_seconds
        fail(breaker)
    assert pauses == [10, 20, 35, 35]


def test_a_trial_whose_caller_left_decides_nothing(breaker, clock):
    fail(breaker, 3)
    clock.now = 10
    breaker.begin()
    breaker.undecided()
    assert (breaker.state, breaker.passes) == ("half-open", True)


def test_an_engine_that_came_back_healthy_is_tried_at_once(breaker):
    fail(breaker, 3)
    breaker.invite()
    assert breaker.state == "half-open"
