"""`ostrov doctor`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from appliance.cli.problem import Problem
from appliance.doctor import memory, prometheus, showing, waivers
from appliance.doctor.check import GROUPS
from appliance.doctor.checks import CHECKS
from appliance.doctor.host import Host
from appliance.doctor.machine import Machine, RealMachine
from appliance.doctor.place import find_place
from appliance.doctor.result import Finding, Status
from appliance.doctor.running import chosen, run_checks, unknown_names
from appliance.doctor.said import LANGUAGES, Language

EXITS = ((Status.FAIL, 2), (Status.UNKNOWN, 3), (Status.WARN, 1))
FORMAT = 1


def exit_code(findings: Sequence[Finding]) -> int:
    """0 all well, 1 a warning, 2 a failure, 3 something could not be checked; a failure outweighs the others."""
    statuses = {finding.status for finding in findings}
    return next((code for status, code in EXITS if status in statuses), 0)


def language_of(asked: str | None) -> Language:
    """The language that was asked for, else that of the terminal."""
    told = asked or next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "ru" if told.lower().startswith("ru") else "en"


def examine(machine: Machine, only: Sequence[str] = (), *, deep: bool = False) -> tuple[Host, list[Finding]]:
    """Look at a machine; returns what was looked at and the findings, waivers applied."""
    place = find_place(machine, os.environ)
    held = waivers.read_waivers(place.waivers, machine.now().date(), {check.id for check in CHECKS})
    host = Host(machine, place, deep, held)
    findings = run_checks(host, chosen(CHECKS, only))
    return host, waivers.apply([each for each in findings if _asked_for(each, only)], held)


def _asked_for(finding: Finding, only: Sequence[str]) -> bool:
    """Whether a finding belongs into the report: it was asked for, or is the reason why another was not checked."""
    return not only or finding.id in only or finding.group in only or finding.status in {Status.FAIL, Status.UNKNOWN}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--only", default="", metavar="A,B", help=f"Only these groups or checks. Groups: {', '.join(GROUPS)}.")
@click.option("--changes", is_flag=True, help="Only what stands otherwise than at the run before.")
@click.option("--prom", type=click.Path(path_type=Path, dir_okay=False), help="Also write figures for node_exporter.")
@click.option("--deep", is_flag=True, help="Read every byte of the models and the whole audit chain; takes long.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language of the report; else that of the terminal.")
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path("/"),
    help="Look at the files below this directory: the mounted disk of a server that does not start.",
)
@click.option("--ids", is_flag=True, help="List all checks and end.")
def doctor(
    *, as_json: bool, only: str, changes: bool, prom: Path | None, deep: bool, lang: str | None, root: Path, ids: bool
) -> None:
    """Say what is wrong with this appliance and how to mend it. Changes nothing.

    Exit code 0: all well. 1: warnings. 2: failures. 3: something could not be checked.
    """
    language = language_of(lang)
    if ids:
        click.echo("\n".join(f"{check.id:<26} {check.title.spoken(language)}" for check in CHECKS))
        return
    wanted = [name.strip() for name in only.split(",") if name.strip()]
    strangers = unknown_names(CHECKS, wanted)
    if strangers:
        raise Problem(f"There is no group or check {strangers[0]!r}.", "See them all: ostrov doctor --ids", 3)
    started = time.monotonic()
    machine = RealMachine(root.resolve())
    host, findings = examine(machine, wanted, deep=deep)
    seconds = time.monotonic() - started
    before = memory.recall(host.place.memory)
    if machine.live:
        memory.remember(host.place.memory, findings, before, machine.now())
    if prom is not None:
        _write_figures(prom, prometheus.as_text(findings, machine.now(), seconds))
    shown = before.changed(findings) if changes else findings
    if as_json:
        counts = {str(status): sum(each.status is status for each in findings) for status in Status}
        report = {**_head(host, seconds), "exit_code": exit_code(findings), "counts": counts}
        told = {**report, "findings": [finding.as_json(language) for finding in shown]}
        click.echo(json.dumps({**told, "since": before.at} if changes else told, ensure_ascii=False, indent=1))
    else:
        _print(shown, seconds, language, changes=changes)
    sys.stdout.flush()
    sys.exit(exit_code(findings))


def _head(host: Host, seconds: float) -> dict[str, Any]:
    """What a report for programs says of itself."""
    return {
        "format": FORMAT,
        "at": host.machine.now().isoformat(timespec="seconds"),
        "server": host.place.server,
        "release": host.place.release,
        "seconds": round(seconds, 2),
    }


def _write_figures(path: Path, text: str) -> None:
    """Write the figures, or say why not."""
    try:
        prometheus.write(path, text)
    except OSError as error:
        raise Problem(
            f"The figures cannot be written to {path}: {error.strerror}.", "Give a place that may be written.", 3
        ) from error


def _print(shown: Sequence[Finding], seconds: float, language: Language, *, changes: bool) -> None:
    """Print the report for people."""
    if changes and not shown:
        click.echo(showing.NOTHING_CHANGED.spoken(language))
    elif sys.stdout.isatty():
        showing.draw(shown, seconds, language, sys.stdout)
    else:
        click.echo(showing.plain(shown, seconds, language))
