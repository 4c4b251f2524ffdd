"""What every check is given: the machine, where its parts are, and what was found out once for all checks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from appliance.doctor.machine import CouldNotAsk, Machine
from appliance.doctor.place import Place
from appliance.doctor.waivers import NO_WAIVERS, Waivers

T = TypeVar("T")


@dataclass
class _Slot:
    """One thing that is found out once."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    done: bool = False
    value: Any = None
    refusal: CouldNotAsk | None = None


@dataclass
class Host:
    """One machine during one run of the doctor."""

    machine: Machine
    place: Place
    deep: bool = False
    waivers: Waivers = NO_WAIVERS
    _slots: dict[str, _Slot] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def once(self, name: str, find_out: Callable[[], T]) -> T:
        """Find something out the first time that a check wants it; the others are given the same, refusals too."""
        with self._lock:
            slot = self._slots.setdefault(name, _Slot())
        with slot.lock:
            if not slot.done:
                try:
                    slot.value = find_out()
                except CouldNotAsk as refusal:
                    slot.refusal = refusal
                slot.done = True
        if slot.refusal is not None:
            raise slot.refusal
        found: T = slot.value
        return found
