"""Ways to break a server: what is done, which check must tell of it, how, and with which words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from appliance.doctor.result import Status


@dataclass(frozen=True)
class Break:
    """One thing that goes wrong."""

    check: str
    name: str
    do: Callable[[Any], None]
    status: Status
    seen: str
    remedy: str = ""


BREAKS: list[Break] = []


def breaks(
    check: str, status: Status, seen: str, remedy: str = ""
) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Enter a way of breaking into the table; its name is the sentence of what went wrong."""

    def enter(do: Callable[[Any], None]) -> Callable[[Any], None]:
        BREAKS.append(Break(check, do.__name__, do, status, seen, remedy))
        return do

    return enter
