"""`ostrov update` and `ostrov rollback`: to the next release and back, on a provisioned server."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from appliance.cli.problem import Problem
from appliance.release.state import history as recorded
from appliance.release.update.engine import EXIT_CODES, Outcome, Result, StepFailed
from appliance.release.update.journal import BEGIN, Damaged, journals
from appliance.release.update.layout import Layout
from appliance.release.update.machine import real_machine
from appliance.release.update.peeking import look, rows
from appliance.release.update.plan import Plan
from appliance.release.update.planning import plan_rollback, plan_update, refuse_when_open
from appliance.release.update.running import carry_out, finish
from appliance.release.update.showing import (
    console,
    counted,
    entry_of,
    table_of_changes,
    table_of_steps,
    tell,
    tell_result,
)
from appliance.release.update.steps import course

BUNDLE: Final = click.Path(path_type=Path, dir_okay=False, exists=True)
ROOT: Final = click.option(
    "--root", type=click.Path(path_type=Path, file_okay=False), default=Path("/"), hidden=True, envvar=None
)
AS_JSON: Final = click.option("--json", "as_json", is_flag=True, help="For programs.")
YES: Final = click.option("--yes", is_flag=True, help="Do not ask.")


def _refused(failure: StepFailed) -> Problem:
    """A refusal before anything was touched."""
    return Problem(str(failure), failure.remedy, exit_code=EXIT_CODES[Outcome.REFUSED])


def _root_alone() -> None:
    """Updates are root's business."""
    if os.geteuid() != 0:
        raise _refused(StepFailed("Only root can update this machine.", "Type: sudo ostrov update …"))


@click.group()
def update() -> None:
    """Bring this server to the release of a bundle; whatever fails on the way is taken back by itself."""


@update.command()
@click.argument("bundle", type=BUNDLE)
@ROOT
@AS_JSON
def check(bundle: Path, root: Path, *, as_json: bool) -> None:
    """Verify BUNDLE and show what it would change; changes nothing."""
    _root_alone()
    layout = Layout(root)
    machine = real_machine(layout)
    try:
        plan, release = plan_update(layout, machine, bundle)
        changes = look(plan, release, layout, machine)
    except StepFailed as failure:
        raise _refused(failure) from None
    if as_json:
        click.echo(json.dumps({**plan.as_facts(), **asdict(changes)}, ensure_ascii=False))
    else:
        console().print(table_of_changes(plan, rows(plan, changes)))


@update.command()
@click.argument("bundle", type=BUNDLE)
@ROOT
@AS_JSON
def plan(bundle: Path, root: Path, *, as_json: bool) -> None:
    """Show the steps of the update to BUNDLE with what they take; changes nothing."""
    _root_alone()
    layout = Layout(root)
    machine = real_machine(layout)
    try:
        made, _release = plan_update(layout, machine, bundle)
    except StepFailed as failure:
        raise _refused(failure) from None
    way = course(made, layout, machine)
    if as_json:
        names = [step.name for step in (*way.steps, *way.finishing)]
        click.echo(json.dumps({**made.as_facts(), "steps": names}, ensure_ascii=False))
    else:
        console().print(table_of_steps([*way.steps, *way.finishing]))


@update.command()
@click.argument("bundle", type=BUNDLE)
@YES
@ROOT
@AS_JSON
def apply(bundle: Path, root: Path, *, yes: bool, as_json: bool) -> None:
    """Bring this server to the release of BUNDLE.

    Exit codes: 0 the new release serves, 2 refused before anything was touched, 11 taken back by itself, 12 a person
    is needed.
    """
    _root_alone()
    layout = Layout(root)
    machine = real_machine(layout)
    try:
        refuse_when_open(layout)
        made, release = plan_update(layout, machine, bundle)
        if not as_json:
            console().print(table_of_changes(made, rows(made, look(made, release, layout, machine))))
    except StepFailed as failure:
        raise _refused(failure) from None
    _agreed(f"Update to {made.new} now?", yes=yes)
    _carry_out(made, layout, as_json=as_json)


@update.command()
@ROOT
@AS_JSON
def resume(root: Path, *, as_json: bool) -> None:
    """Take back or finish an update that was interrupted; runs by itself at boot."""
    _root_alone()
    layout = Layout(root)
    try:
        result = finish(layout, real_machine(layout), tell)
        facts: dict[str, Any] = journals(layout.journals)[-1].facts(BEGIN) if result else {}
    except (StepFailed, Damaged) as failure:
        remedy = getattr(failure, "remedy", "") or "Mend what the message names, then type: ostrov update resume"
        raise Problem(str(failure), remedy, exit_code=EXIT_CODES[Outcome.STUCK]) from None
    if result is None:
        click.echo("No update was interrupted.")
        return
    _end(result, facts, as_json=as_json)


@update.command("history")
@ROOT
@AS_JSON
def history(root: Path, *, as_json: bool) -> None:
    """Show what was done to this server: who, when, from which release to which, how it ended, what it changed."""
    layout = Layout(root)
    bills = {line["details"].get("journal"): line["changes"] for line in recorded(layout.state / "history.jsonl")}
    entries = [{**entry_of(journal), "changes": bills.get(journal.id, [])} for journal in journals(layout.journals)]
    if as_json:
        click.echo(json.dumps(entries, ensure_ascii=False))
        return
    for entry in entries:
        began = (entry["began"] or "")[:19].replace("T", " ")
        way = f"{entry['kind']} {entry['old']} → {entry['new']}"
        click.echo(f"{began}  {entry['actor']}  {way}: {entry['outcome']}, {counted(entry['changes'])}")
        if entry["reason"]:
            click.echo(f"    {entry['step']}: {entry['reason']}")


@click.command()
@click.option("--to", metavar="VERSION", help="The release to go back to (default: the one before).")
@click.option(
    "--with-database",
    is_flag=True,
    help="Take the database back too, to the moment before the update; what was written since is lost.",
)
@YES
@ROOT
@AS_JSON
def rollback(to: str | None, root: Path, *, with_database: bool, yes: bool, as_json: bool) -> None:
    """Go back to a release that is still on this server.

    The programs alone go back where the older release works on the present schema, and everything written stays.
    Exit codes: 0 the older release serves, 2 refused before anything was touched, 11 taken back, 12 a person is needed.
    """
    _root_alone()
    layout = Layout(root)
    machine = real_machine(layout)
    try:
        refuse_when_open(layout)
        made = plan_rollback(layout, machine, to, with_database=with_database)
    except StepFailed as failure:
        raise _refused(failure) from None
    lost = f" Everything written since {made.to_point[:15]} (UTC) is lost." if made.to_point else ""
    _agreed(f"Go back from {made.old} to {made.new} now?{lost}", yes=yes)
    _carry_out(made, layout, as_json=as_json)


def _agreed(question: str, *, yes: bool) -> None:
    """Ask, unless it was agreed to on the command line."""
    if not yes and not click.confirm(question, err=True):
        raise _refused(StepFailed("Nothing was done."))


def _carry_out(plan: Plan, layout: Layout, *, as_json: bool) -> None:
    """Do it, show it, and leave with the outcome's exit code."""
    os.umask(0o022)
    try:
        result = carry_out(plan, layout, real_machine(layout), tell)
    except StepFailed as failure:
        raise _refused(failure) from None
    _end(result, plan.as_facts(), as_json=as_json)


def _end(result: Result, facts: dict[str, Any], *, as_json: bool) -> None:
    tell_result(result, facts, as_json=as_json)
    raise SystemExit(result.exit_code)
