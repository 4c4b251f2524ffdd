"""What all steps share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from appliance.release.update.journal import Facts
from appliance.release.update.layout import Layout
from appliance.release.update.plan import Plan
from appliance.release.update.ports import Machine


@dataclass(frozen=True)
class BaseStep:
    """A step of one plan on one machine."""

    name: ClassVar[str]
    touches: ClassVar[bool] = True
    told: ClassVar[str]  # what a person reads while it is done
    seconds: ClassVar[int] = 1  # what it takes on a small machine, for the plan that is shown before

    plan: Plan
    layout: Layout
    machine: Machine

    def prepare(self) -> Facts:
        """Nothing needs to be known beforehand."""
        return {}

    def undo(self, facts: Facts, past: Mapping[str, Facts]) -> None:
        """Nothing needs to be taken back."""
        del facts, past
