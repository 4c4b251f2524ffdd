"""The steps of an update, in the order in which they are done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.release.update.engine import Step
from appliance.release.update.layout import Layout
from appliance.release.update.plan import ROLLBACK, Plan
from appliance.release.update.ports import Machine
from appliance.release.update.steps.data import Backup, Migrate, Pause, RestorePoint, TakeBack
from appliance.release.update.steps.ending import OldWeb, Prune, Remember
from appliance.release.update.steps.hooks import AfterHooks, BeforeHooks
from appliance.release.update.steps.looking import Preflight, Verify
from appliance.release.update.steps.programs import NewRelease, NewWeb, Packages, Programs, Unpack
from appliance.release.update.steps.traffic import Probe, Traffic


@dataclass(frozen=True)
class Course:
    """The steps that can be taken back, and those that finish."""

    steps: Sequence[Step]
    finishing: Sequence[Step]


def course(plan: Plan, layout: Layout, machine: Machine) -> Course:
    """Lay out the steps of a plan."""
    parts = (plan, layout, machine)
    data: list[Step] = [Backup(*parts), Pause(*parts), RestorePoint(*parts)]
    if plan.kind == ROLLBACK:
        if plan.readable:
            data = []
        data = [Preflight(*parts), BeforeHooks(*parts), *data, *([TakeBack(*parts)] if plan.to_point else [])]
    else:
        early: list[Step] = [Verify(*parts), Preflight(*parts), BeforeHooks(*parts), Unpack(*parts)]
        bring: list[Step] = [data[0], Packages(*parts), NewRelease(*parts)]
        data = [*early, *bring, *data[1:], Migrate(*parts)]
    serve: list[Step] = [NewWeb(*parts), Programs(*parts), Traffic(*parts), Probe(*parts)]
    ending: list[Step] = [OldWeb(*parts), Remember(*parts), Prune(*parts), AfterHooks(*parts)]
    return Course([*data, *serve], ending)
