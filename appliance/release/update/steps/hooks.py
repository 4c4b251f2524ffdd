"""Steps that run what the company has put there: before anything is touched, and when the new release serves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from appliance.release.update.engine import StepFailed
from appliance.release.update.journal import Facts
from appliance.release.update.plan import Plan
from appliance.release.update.steps.base import BaseStep

BEFORE, AFTER = "before", "after"


def _about(plan: Plan) -> dict[str, str]:
    """What a hook finds in its environment."""
    values = {"KIND": plan.kind, "OLD": plan.old, "NEW": plan.new, "LABEL": plan.label}
    return {f"OSTROV_UPDATE_{name}": value for name, value in values.items()}


class BeforeHooks(BaseStep):
    """The company's own programs agree; one that fails refuses the update."""

    name: ClassVar[str] = "before-hooks"
    touches: ClassVar[bool] = False
    told: ClassVar[str] = "Run the company's own programs before it"

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Run them in the order of their names."""
        del facts, past
        hooks = self.machine.hooks
        return {"ran": [hooks.call(BEFORE, name, _about(self.plan)) for name in hooks.names(BEFORE)]}


class AfterHooks(BaseStep):
    """The company's own programs know of the new release; one that fails is told, and changes nothing."""

    name: ClassVar[str] = "after-hooks"
    told: ClassVar[str] = "Run the company's own programs after it"

    def do(self, facts: Facts, past: Mapping[str, Facts]) -> Facts:
        """Run them all in the order of their names."""
        del facts, past
        ran: list[Facts] = []
        warnings: list[str] = []
        for name in self.machine.hooks.names(AFTER):
            try:
                ran.append(self.machine.hooks.call(AFTER, name, _about(self.plan)))
            except (StepFailed, OSError) as failure:
                warnings.append(f"The hook {name} failed: {failure}")
        return {"ran": ran, "warnings": warnings}
