"""One update at a time, and none that a closed terminal or an impatient key ends half way."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from appliance.release.update.engine import StepFailed

STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the machine's lock of updates. Raises StepFailed when another update holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StepFailed("Another update is at work on this machine.", "Wait until it has ended.") from None
        yield
    finally:
        os.close(handle)


def stoppable() -> None:
    """From here a signal makes the present step fail, which takes the update back; a lost terminal changes nothing."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in STOPPING:
        signal.signal(number, _fail)


def unstoppable() -> None:
    """From here no signal stops the process."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)


def _fail(number: int, _frame: FrameType | None) -> None:
    raise StepFailed(f"It was stopped by {signal.Signals(number).name}.")
