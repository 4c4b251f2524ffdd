"""The contract's part of the `ostrov` command: show it, write it out, test a server against it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from appliance.adapters.sending import api_base
from appliance.addresses import AddressRefused, checked
from appliance.cli.problem import Problem
from appliance.contract import schemas
from appliance.contract.conformance import suite
from appliance.contract.version import CONTRACT_VERSION

EXIT_BROKEN = 1
EXIT_CANNOT = 2
INSIDE = "Give an address on this machine or in a private network, such as http://127.0.0.1:8080."
STYLES = {"pass": "green", "fail": "bold red", "skip": "yellow"}


@click.group()
def contract() -> None:
    """The contract that other systems build against."""


@contract.command("list")
def list_() -> None:
    """Name the version and the parts of the contract."""
    click.echo(f"version {CONTRACT_VERSION}")
    for name in schemas.NAMES:
        click.echo(name)


@contract.command()
@click.argument("name")
def show(name: str) -> None:
    """Print the JSON Schema of one part."""
    if name not in schemas.NAMES:
        raise Problem(f"The contract has no part {name!r}.", "`ostrov contract list` names them.", EXIT_CANNOT)
    click.echo(schemas.text_of(name), nl=False)


@contract.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)
def export(folder: Path | None) -> None:
    """Write every JSON Schema into FOLDER (in a checkout: docs/contract/VERSION)."""
    target = folder or schemas.FOLDER / CONTRACT_VERSION
    click.echo(f"{len(schemas.write(target))} schemas of version {CONTRACT_VERSION} written to {target}")


@contract.command()
@click.argument("url")
@click.option(
    "--token",
    envvar="OSTROV_TOKEN",
    default="",
    help="A bearer token of the server; without one most checks are skipped.",
)
@click.option("--only", multiple=True, help="Only checks whose name begins so, such as paging.; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def check(url: str, token: str, only: tuple[str, ...], as_json: bool) -> None:
    """Test whether the server at URL keeps the contract. It makes some records named conformance-… and removes them.

    Exit codes: 0 it does, 1 some checks failed, 2 it could not be asked.
    """
    try:
        base = api_base(checked("URL", url, INSIDE))
    except AddressRefused as error:
        raise Problem(str(error), exit_code=EXIT_CANNOT) from None
    try:
        results = suite.run(base, token, only=only)
    except suite.Unreachable as error:
        raise Problem(str(error), "Check the address, and that the server runs.", EXIT_CANNOT) from None
    found = suite.summary(base, results)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        _table(base, results)
    if not results:
        raise Problem("No check has such a name.", "Leave --only out to see all names.", EXIT_CANNOT)
    sys.exit(EXIT_BROKEN if found["failed"] else 0)


def _table(base: str, results: list[suite.Result]) -> None:
    """Print the results for a person."""
    console = Console()
    table = Table(title=f"Contract {CONTRACT_VERSION} at {base}", title_justify="left", box=None, padding=(0, 1))
    for heading in ("", "check", "the server", "what was seen, and what to do"):
        table.add_column(heading)
    for one in results:
        said = " → ".join(part for part in (one.detail, one.remedy) if part)
        table.add_row(f"[{STYLES[one.outcome]}]{one.outcome}[/]", one.name, one.title, said)
    console.print(table)
    counts = suite.summary(base, results)
    console.print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
