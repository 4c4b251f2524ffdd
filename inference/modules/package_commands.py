"""`ostrov modules`: which modules there are, writing and checking one, and approving packages of others."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from appliance.cli.problem import Problem
from appliance.settings import GatewaySettings, read
from inference.modules.approvals import BadApprovals, approve, revoke
from inference.modules.checking import check_module, find_folder
from inference.modules.finding import BROKEN, LOADED, OURS, Found, find_modules, own_packages
from inference.modules.loading import NAME, BrokenModule
from inference.modules.sealing import top_of
from inference.modules.writing import write_module

RESTART = "The gateway loads modules when it starts: start it again."


@click.group()
def modules() -> None:
    """List, write, check and approve AI modules."""


@modules.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_modules(*, as_json: bool) -> None:
    """Show every installed module, whether it is loaded, and why where it is not."""
    found = find_modules()
    if as_json:
        click.echo(json.dumps([entry.as_json() for entry in found], ensure_ascii=False, indent=2))
        return
    table = Table("name", "version", "from", "state", "reason", box=None, header_style="bold")
    for entry in found:
        table.add_row(entry.name, entry.version, entry.source, entry.state, entry.reason)
    Console(soft_wrap=True).print(table)


@modules.command()
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to; ./ostrov-NAME when left out.")
def new(name: str, folder: Path | None) -> None:
    """Write the package of a new module NAME: it works, and is there to be changed."""
    if not NAME.fullmatch(name):
        remedy = "Use lower-case letters, digits and underscores, from 2 to 40."
        raise Problem(f"{name!r} is no name of a module.", remedy)
    if name in {package.rpartition(".")[2] for package in own_packages()}:
        raise Problem(f"The name {name} is taken by a module of Ostrov's own.", "Choose another name.")
    place = folder or Path(f"ostrov-{name.replace('_', '-')}")
    if place.exists():
        raise Problem(f"{place} is there already.", "Choose another name or give another --folder.")
    for path in write_module(name, place):
        click.echo(path)
    click.echo(f"\nNext: ostrov modules check {place}")


@modules.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
def check(path: Path) -> None:
    """Check the module in PATH: manifest, schemas, prompt, cases, card, version. Its code is run."""
    try:
        findings = list(check_module(find_folder(path)))
    except BrokenModule as error:
        raise Problem("This is no module.", str(error)) from error
    for finding in findings:
        click.echo(f"wrong {finding.what}: {finding.wrong}" if finding.wrong else f"ok    {finding.what}")
    wrong = sum(bool(finding.wrong) for finding in findings)
    if wrong:
        raise Problem(f"{wrong} of {len(findings)} checks failed.", "Mend what is said to be wrong and check again.")


@modules.command("approve")
@click.argument("name")
@click.option("--sha256", help="Approve only if the checksum is this one, as its author published it.")
def approve_module(name: str, sha256: str | None) -> None:
    """Let the package of the module NAME be loaded, with the files that it has now."""
    found = _foreign(name)
    if found.state == BROKEN:
        raise Problem(f"{name} cannot be loaded: {found.reason}", "Mend it first; `ostrov modules check` says more.")
    if sha256 is not None and sha256.lower() != found.checksum:
        raise Problem(f"The checksum of {name} is {found.checksum}.", "It is not the one given: nothing was approved.")
    try:
        approve(read(GatewaySettings).approvals_path, top_of(found.package), found.version, found.checksum)
    except BadApprovals as error:
        raise Problem("The approval cannot be kept.", str(error)) from error
    click.echo(f"{found.name} {found.version} from {found.source} is approved: {found.checksum}\n{RESTART}")


@modules.command("revoke")
@click.argument("name")
def revoke_module(name: str) -> None:
    """Take the approval of the package of the module NAME back."""
    known = [entry for entry in find_modules() if entry.source != OURS and name in {entry.name, top_of(entry.package)}]
    package = top_of(known[0].package) if known else name
    try:
        was_approved = revoke(read(GatewaySettings).approvals_path, package)
    except BadApprovals as error:
        raise Problem("The approval cannot be taken back.", str(error)) from error
    if not was_approved:
        raise Problem(f"{name} was not approved.", "`ostrov modules list` shows every module and its state.")
    click.echo(f"{name} is not approved any more.\n{RESTART}")


def _foreign(name: str) -> Found:
    """A module of another package, by its own name or its package's."""
    found = [entry for entry in find_modules() if name in {entry.name, top_of(entry.package)}]
    foreign = [entry for entry in found if entry.source != OURS]
    if foreign:
        return foreign[0]
    if found and found[0].state == LOADED:
        raise Problem(f"{name} is a module of Ostrov's own.", "It needs no approval.")
    raise Problem(f"No installed package brings a module {name}.", "Install it with pip first; `ostrov modules list`.")
