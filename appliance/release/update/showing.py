"""What a person sees of an update: the table before it, a line a step while it runs, and how it ended."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from appliance.release.update.engine import Outcome, Result, Step
from appliance.release.update.journal import BEGIN, DECIDED, DONE, END, FAILED, INTENT, UNDOING, UNDONE, Journal, Record
from appliance.release.update.plan import Plan
from appliance.release.update.steps.base import BaseStep

MEGABYTE: Final = 1e6
WORDS: Final = {
    Outcome.COMMITTED: "The release {new} serves.",
    Outcome.REFUSED: "Refused; nothing was touched.",
    Outcome.COMPENSATED: "Taken back: the release {old} serves as before.",
    Outcome.STUCK: "A person is needed.",
}


def table_of_changes(plan: Plan, changes: Mapping[str, Sequence[str]]) -> Table:
    """What an update would change: one row a kind."""
    table = Table(title=f"{plan.kind.capitalize()} {plan.old} → {plan.new}", title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column()
    for name, lines in changes.items():
        table.add_row(name, "\n".join(lines) or "nothing changes")
    return table


def table_of_steps(steps: Sequence[Step]) -> Table:
    """The steps with what they take on a small machine."""
    table = Table("step", "does", "about", title_justify="left")
    for step in steps:
        if isinstance(step, BaseStep):
            table.add_row(step.name, step.told, f"{step.seconds} s")
    total = sum(step.seconds for step in steps if isinstance(step, BaseStep))
    table.add_row("", "altogether", f"{total} s")
    return table


def console() -> Console:
    """Where tables go; plain text when it is no terminal."""
    return Console(soft_wrap=False, highlight=False)


def line_of(record: Record) -> str | None:
    """One line for what the journal has just taken, or nothing."""
    if record.event == INTENT:
        return f"  {record.step} …"
    if record.event == DONE:
        seconds = record.facts.get("seconds")
        return f"  {record.step}: done" + (f", {seconds:.1f} s" if seconds is not None else "")
    if record.event == FAILED:
        return f"  {record.step}: FAILED. {record.facts['reason']}"
    if record.event == DECIDED:
        return "  The new release was found good."
    if record.event == UNDOING:
        return f"  {record.step}: taking back …"
    return f"  {record.step}: taken back" if record.event == UNDONE else None


def tell(record: Record) -> None:
    """Show a journal's line; a terminal that is gone stops nothing."""
    line = line_of(record)
    if line is not None:
        with suppress(OSError):
            click.echo(line, err=True)


def tell_result(result: Result, plan: Mapping[str, Any], *, as_json: bool) -> None:
    """Show how it ended."""
    if as_json:
        facts = {name: plan.get(name) for name in ("kind", "old", "new", "label")}
        told = {"outcome": result.outcome, "step": result.step, "reason": result.reason, "remedy": result.remedy}
        seen = {"seconds": round(result.seconds, 1), "warnings": result.warnings}
        click.echo(json.dumps({**facts, **told, **seen}, ensure_ascii=False))
        return
    with suppress(OSError):
        click.echo(WORDS[result.outcome].format(old=plan.get("old"), new=plan.get("new")))
        for line in (result.reason, result.remedy, *result.warnings):
            if line:
                click.echo(f"  {line}")


def entry_of(journal: Journal) -> dict[str, Any]:
    """One update as the history shows it: who, when, from where to where, and how it ended."""
    begin, ends = journal.facts(BEGIN), [record for record in journal.records if record.event == END]
    end = ends[-1] if ends else None
    return {
        "label": journal.id,
        "began": journal.records[0].at if journal.records else None,
        "ended": end.at if end else None,
        **{name: begin.get(name) for name in ("kind", "old", "new", "actor")},
        "outcome": end.facts["outcome"] if end else "open",
        "step": end.facts["step"] if end else "",
        "reason": end.facts["reason"] if end else "",
        "seconds": end.facts["seconds"] if end else None,
    }


def counted(changes: Sequence[Mapping[str, Any]]) -> str:
    """How many packages came, went and changed."""
    kinds = Counter(str(change["change"]) for change in changes)
    return ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items())) or "no package changed"
