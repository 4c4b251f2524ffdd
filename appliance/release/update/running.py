"""Carrying a plan out, or finishing one that was interrupted."""

from __future__ import annotations

from collections.abc import Callable

from appliance.release.update.engine import Engine, Outcome, Result
from appliance.release.update.files import forget_half, point_link
from appliance.release.update.journal import BEGIN, ENDING, Journal, Record, open_journal
from appliance.release.update.layout import Layout
from appliance.release.update.lock import alone, stoppable, unstoppable
from appliance.release.update.plan import Plan
from appliance.release.update.planning import refuse_when_open
from appliance.release.update.ports import Machine
from appliance.release.update.steps import course

Notice = Callable[[Record], None]


def carry_out(plan: Plan, layout: Layout, machine: Machine, notice: Notice) -> Result:
    """Do what a plan says. Raises StepFailed when another update is at work or was left unfinished."""
    layout.journals.mkdir(parents=True, exist_ok=True)
    layout.backups.mkdir(parents=True, exist_ok=True)
    with alone(layout.lock):
        refuse_when_open(layout)
        # Before the journal's first line: whatever stands in it, the next start of the machine will look into it.
        point_link(layout.pinned, str(layout.release(plan.old)))
        journal = Journal(layout.journals / f"{plan.label}{ENDING}", notice)
        engine = _engine(plan, layout, machine, journal)
        journal.keep_room()
        stoppable()
        ended = False
        try:
            result = engine.run(plan.as_facts())
            ended = True
        finally:
            if not ended:  # an error of ours is shown, and what was begun is taken back first
                engine.resume()
            journal.release_room()
            _unpin(layout)
    return result


def finish(layout: Layout, machine: Machine, notice: Notice) -> Result | None:
    """Take back or finish what was interrupted; None when nothing was. Raises StepFailed when one is at work."""
    layout.journals.mkdir(parents=True, exist_ok=True)
    with alone(layout.lock):
        journal = open_journal(layout.journals, notice)
        if journal is None:
            _unpin(layout)
            return None
        unstoppable()
        for path in layout.replaced:
            forget_half(path)
        plan = Plan.from_facts(journal.facts(BEGIN))
        result = _engine(plan, layout, machine, journal).resume()
        if result.outcome is not Outcome.STUCK:
            journal.release_room()
        _unpin(layout)
    return result


def _unpin(layout: Layout) -> None:
    """Let the next start of the machine look for nothing, unless a person is needed."""
    if open_journal(layout.journals) is None:
        point_link(layout.pinned, None)


def _engine(plan: Plan, layout: Layout, machine: Machine, journal: Journal) -> Engine:
    """The engine of one plan."""
    way = course(plan, layout, machine)
    return Engine(journal, way.steps, way.finishing, shield=unstoppable)
