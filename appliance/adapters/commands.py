"""The adapters' part of the `ostrov` command: importing files, and pulling records out of another CRM."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import urlsplit

import click

from appliance.adapters import mapping as mappings
from appliance.adapters import pulling
from appliance.adapters.bitrix24 import SOURCE, Bitrix24, Pull
from appliance.adapters.importing import Report, import_file
from appliance.adapters.records import AdapterError
from appliance.adapters.sending import Exchanger
from appliance.addresses import AddressRefused, checked
from appliance.cli.problem import Problem

EXIT_SOME_REFUSED = 1
EXIT_CANNOT = 2
INSIDE = "Give an address on this machine or in a private network, such as http://127.0.0.1:8080."
SHOWN = 20


def inside(option: str, url: str) -> str:
    """The address, when it is inside; Problem otherwise."""
    try:
        return checked(option, url, INSIDE)
    except AddressRefused as error:
        raise Problem(str(error), exit_code=EXIT_CANNOT) from None


def origin(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--mapping", default="1c", show_default=True, help="A TOML file, or the name of a shipped mapping.")
@click.option("--url", envvar="OSTROV_URL", default="http://127.0.0.1:8080", show_default=True, help="The CRM.")
@click.option("--token", envvar="OSTROV_TOKEN", default="", help="A token of `ostrov token create` (or OSTROV_TOKEN).")
@click.option("--encoding", default="", help="utf-8, cp1251, ...; found out when not given.")
@click.option("--delimiter", default="", help="The sign between cells (\\t for a tab); found out when not given.")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), help="Where rows that fail are kept.")
@click.option("--dry-run", is_flag=True, help="Change nothing; with a token, ask the CRM what would happen.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def import_(  # noqa: PLR0917 - options are given by name
    file: Path, mapping: str, url: str, token: str, encoding: str, delimiter: str, rejects: Path | None,
    dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Import clients, deals and goods from a CSV or JSON export; importing it again changes only what has changed.

    Exit codes: 0 all rows were taken, 1 some were not (see the rejects), 2 the import could not be done.
    """
    if not token and not dry_run:
        raise Problem("A token is needed to import.", "Make one with `ostrov token create --user NAME`.", EXIT_CANNOT)
    address = inside("--url", url)
    try:
        plan = mappings.load(mapping)
        with Exchanger(address, token, plan.source, check=dry_run) if token else nullcontext() as sender:
            report = import_file(
                file, plan, sender, rejects=rejects, progress=_progress(as_json),
                encoding=encoding, delimiter=delimiter.replace("\\t", "\t"),
            )  # fmt: skip
    except AdapterError as error:
        raise Problem(str(error), error.remedy, EXIT_CANNOT) from None
    except LookupError:
        raise Problem(f"There is no encoding {encoding!r}.", "Use utf-8 or cp1251.", EXIT_CANNOT) from None
    tell(report, as_json=as_json, dry_run=dry_run)
    sys.exit(EXIT_SOME_REFUSED if report.outcomes["refused"] else 0)


def _progress(quiet: bool) -> Callable[[int], None]:
    """Shows to a person how far the import has come."""
    shown = sys.stderr.isatty() and not quiet
    return lambda count: click.echo(f"\r{count} rows", nl=False, err=True) if shown else None


def tell(report: Report, *, as_json: bool, dry_run: bool) -> None:
    """Print a report for a person or for a program."""
    if as_json:
        click.echo(json.dumps(report.summary(), ensure_ascii=False, indent=1))
        return
    counts = {name: report.outcomes[name] for name in ("created", "updated", "unchanged", "refused")}
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    click.echo(f"{report.file} ({report.encoding}): {report.read} rows read, {said}, {report.skipped} skipped.")
    for fault in report.faults[:SHOWN]:
        click.echo(f"  line {fault.line}{f', {fault.field}' if fault.field else ''}: {fault.reason}")
    left = counts["refused"] - min(len(report.faults), SHOWN)
    if left > 0:
        click.echo(f"  and {left} more")
    if report.rejects_file:
        click.echo(f"The rows that were not taken, with the reasons: {report.rejects_file}. Mend and import that file.")
    if dry_run:
        click.echo("This was a dry run: nothing was changed.")


@click.group()
def pull() -> None:
    """Bring over the records of another CRM on the premises."""


@pull.command()
@click.option(
    "--from", "webhook", envvar="OSTROV_BITRIX24_URL", required=True, help="The inbound webhook of the portal."
)
@click.option("--url", envvar="OSTROV_URL", default="http://127.0.0.1:8080", show_default=True, help="The CRM.")
@click.option(
    "--token", envvar="OSTROV_TOKEN", required=True, help="A token of `ostrov token create` (or OSTROV_TOKEN)."
)
@click.option("--since", default="", help="Only what was changed since this moment (ISO 8601).")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="A file that remembers that moment.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def bitrix24(  # noqa: PLR0917 - options are given by name
    webhook: str, url: str, token: str, since: str, state: Path | None, as_json: bool
) -> None:
    """Bring over companies, contacts and deals of a Bitrix24; again, only what has changed.

    Exit codes: 0 all records were taken, 1 some were not, 2 it could not be done.
    """
    address = inside("--url", url)
    inside("--from", origin(webhook))  # without its secret, which a message would repeat
    begin = since or pulling.remembered(state)
    try:
        with Bitrix24(webhook) as portal, Exchanger(address, token, SOURCE) as sender:
            found = Pull(portal)
            report = pulling.pull(found.records(begin), sender, SOURCE)
    except AdapterError as error:
        raise Problem(str(error), error.remedy, EXIT_CANNOT) from None
    if not report.outcomes["refused"]:
        pulling.remember(state, found.newest or begin)
    tell(report, as_json=as_json, dry_run=False)
    sys.exit(EXIT_SOME_REFUSED if report.outcomes["refused"] else 0)
