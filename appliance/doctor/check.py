"""What a check is: one value a file in `checks/`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.doctor.host import Host
from appliance.doctor.result import Result
from appliance.doctor.said import Said

GROUPS = ("services", "egress", "backup", "database", "ai", "security", "audit")


@dataclass(frozen=True)
class Check:
    """One thing that is looked at.

    `needs` names checks that must be well before this one says anything. `server` marks what exists on a provisioned
    server alone, `live` what a directory (`--root`) cannot tell. `seconds` is the longest that it may take.
    """

    id: str
    title: Said
    expected: Said
    control: str
    run: Callable[[Host], Result]
    needs: tuple[str, ...] = ()
    server: bool = True
    live: bool = True
    seconds: float = 8.0

    @property
    def group(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]
