"""Which AI features are on: what the gateway says, remembered for a few seconds.

The gateway itself refuses what is off. To know it here lets pages hide what cannot work and say why, and sends no
request in vain.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

from webapp.ai.gateway import FeatureOff, ModelUnavailable

REMEMBERED_SECONDS = 5.0


class Switchboard(Protocol):
    """The part of the gateway's client that knows the switches."""

    def features(self) -> list[dict[str, Any]]:
        """The switches; raises ModelUnavailable."""


@dataclass(frozen=True)
class Off:
    """A feature that is switched off, and the reason that the administrator gave."""

    feature: str
    reason: str = ""


class Switches:
    """The switches of one gateway. While it cannot be reached, what was last known holds; unknown features are on."""

    def __init__(self, gateway: Switchboard) -> None:
        """`gateway` is asked at most once in REMEMBERED_SECONDS."""
        self._gateway = gateway
        self._off: Mapping[str, Off] = {}
        self._until = 0.0
        self._lock = Lock()

    def off(self, feature: str) -> Off | None:
        """Why a feature is off; None when it is on."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._read()
            return self._off.get(feature)

    def require(self, feature: str) -> None:
        """Raise FeatureOff, with the administrator's reason, while a feature is off."""
        off = self.off(feature)
        if off is not None:
            raise FeatureOff(off.reason)

    def forget(self) -> None:
        """Ask anew next time: a switch has just been turned."""
        with self._lock:
            self._until = 0.0

    def _read(self) -> None:
        try:
            found = self._gateway.features()
        except ModelUnavailable:
            found = None
        if found is not None:
            self._off = {
                str(item["feature"]): Off(str(item["feature"]), str(item.get("reason") or ""))
                for item in found
                if not item.get("on", True)
            }
        self._until = time.monotonic() + REMEMBERED_SECONDS


@lru_cache(maxsize=8)
def switches(gateway: Switchboard) -> Switches:
    """The one memory of switches that goes with a gateway's client."""
    return Switches(gateway)
