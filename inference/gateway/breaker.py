"""A circuit breaker: an engine that fails again and again is left alone for a while, then tried with one request."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from inference.gateway.config import BreakerConfig

State = Literal["closed", "half-open", "open"]
Clock = Callable[[], float]
NUMBERS: dict[State, int] = {"closed": 0, "half-open": 1, "open": 2}


class Breaker:
    """Counts failures in a row. Closed: all pass. Open: none. Half-open: one passes and decides."""

    def __init__(self, settings: BreakerConfig, clock: Clock = time.monotonic) -> None:
        """Begin closed."""
        self._settings = settings
        self._clock = clock
        self._failures = 0
        self._openings = 0
        self._opened_at = 0.0
        self._open = False
        self._trying = False

    @property
    def state(self) -> State:
        """What the breaker does with the next request."""
        if not self._open:
            return "closed"
        return "open" if self.open_for_seconds > 0 else "half-open"

    @property
    def open_for_seconds(self) -> float:
        """How long no request will pass; 0 when one may."""
        if not self._open:
            return 0.0
        return max(self._opened_at + self._pause_seconds() - self._clock(), 0.0)

    @property
    def passes(self) -> bool:
        """Whether a request may go to the engine now."""
        state = self.state
        return state == "closed" or (state == "half-open" and not self._trying)

    def begin(self) -> None:
        """Note that a request goes out; in the half-open state it is the one that decides."""
        self._trying = self._open

    def succeeded(self) -> None:
        """The engine did its work: all may pass again."""
        self._failures = self._openings = 0
        self._open = self._trying = False

    def failed(self) -> None:
        """The engine failed: after a few times in a row, or as the one that decides, it is left alone."""
        self._failures += 1
        if self._trying or (not self._open and self._failures >= self._settings.failures):
            self._openings += 1
            self._open, self._opened_at = True, self._clock()
        self._trying = False

    def undecided(self) -> None:
        """The request ended without telling anything about the engine: its caller went away."""
        self._trying = False

    def invite(self) -> None:
        """The engine came back healthy: let one request try at once."""
        if self._open:
            self._opened_at = self._clock() - self._pause_seconds()

    def _pause_seconds(self) -> float:
        """Each opening without a success between lasts twice as long as the one before."""
        doubled = self._settings.open_seconds * 2.0 ** min(self._openings - 1, 16)
        return float(min(doubled, self._settings.open_seconds_max))
