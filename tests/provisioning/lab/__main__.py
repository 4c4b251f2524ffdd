"""`python -m tests.provisioning.lab`: a laboratory of bare Debian servers, driven by hand."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import click

from tests.provisioning.lab import layers, network, playbooks, ready
from tests.provisioning.lab.guest import Guest, guests
from tests.provisioning.lab.places import READY, LabError


@click.group()
def lab() -> None:
    """Servers to try the playbooks on: bare Debian 13, on a LAN of their own, with no way out."""


@lab.command()
def prepare() -> None:
    """Make what all servers begin with (the only step that needs the network)."""
    ready.prepare(click.echo)


@lab.command()
@click.argument("name")
@click.option("--from", "snapshot", default=READY, help="Snapshot that it begins as; a bare server when not given.")
@click.option("--small", multiple=True, metavar="PATH=SIZE", help="A small disk of its own at a path: /opt=200M")
def up(name: str, snapshot: str, small: tuple[str, ...]) -> None:
    """Make a server, or switch one on that is off."""
    guest = Guest(name)
    began = time.monotonic()
    if not guest.exists:
        if snapshot == READY:
            ready.prepare(click.echo)
        guest.create(snapshot, [f"--tmpfs={disk.replace('=', ':size=')}" for disk in small])
    guest.boot()
    click.echo(f"{name} is up at {guest.address} after {time.monotonic() - began:.1f} s")


@lab.command(context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def ssh(name: str, command: tuple[str, ...]) -> None:
    """A session of root on a server, or one command."""
    sys.exit(subprocess.call([*Guest(name).ssh(), *command]))


@lab.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def lan(command: tuple[str, ...]) -> None:
    """Run a command as a computer of the staff on the LAN."""
    sys.exit(subprocess.call(network.inside(list(command))))


@lab.command(context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("playbook")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def run(name: str, playbook: str, options: tuple[str, ...]) -> None:
    """Run a playbook (site.yml, a path) against a server; OPTIONS go to ansible-playbook."""
    began = time.monotonic()
    code = subprocess.call(playbooks.command([Guest(name)], playbook, options), env=playbooks.environment())
    click.echo(f"{playbook} took {time.monotonic() - began:.1f} s and ended with {code}")
    sys.exit(code)


@lab.command()
@click.argument("name")
@click.argument("snapshot")
def snapshot(name: str, snapshot: str) -> None:
    """Keep what a server is now; it is shut down for that and switched on again."""
    Guest(name).keep(snapshot)
    Guest(name).boot()
    click.echo(f"{snapshot} is kept: `up OTHER --from {snapshot}`")


@lab.command()
@click.argument("snapshot")
def forget(snapshot: str) -> None:
    """Remove a snapshot."""
    layers.Snapshot(snapshot).forget()


@lab.command()
@click.argument("name")
def reboot(name: str) -> None:
    """An orderly restart."""
    Guest(name).reboot()


@lab.command("power-off")
@click.argument("name")
def power_off(name: str) -> None:
    """Pull the plug; `up NAME` switches it on again."""
    Guest(name).power_off()


@lab.command("shut-down")
@click.argument("name")
def shut_down(name: str) -> None:
    """An orderly shutdown; `up NAME` switches it on again."""
    Guest(name).shut_down()


@lab.command()
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All servers, and the LAN.")
def down(names: tuple[str, ...], everything: bool) -> None:
    """Remove servers with all that they hold; snapshots stay."""
    for guest in guests() if everything else [Guest(name) for name in names]:
        guest.remove()
        click.echo(f"{guest.name} is gone")
    if everything or not guests():
        network.remove_lan()


@lab.command("list")
def show() -> None:
    """Servers and snapshots."""
    for guest in guests():
        click.echo(f"{guest.name:20} {guest.address:15} {'on' if guest.running else 'off'}")
    for name in layers.kept():
        click.echo(f"{name:20} snapshot")


@lab.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("packages", nargs=-1, required=True)
def debs(folder: Path, packages: tuple[str, ...]) -> None:
    """Download Debian packages, and all that they need on a bare server, into a folder."""
    ready.prepare(click.echo)
    ready.download_packages(folder, packages)
    click.echo(f"{len(list(folder.glob('*.deb')))} packages in {folder}")


if __name__ == "__main__":
    os.umask(0o022)
    try:
        lab()
    except LabError as refused:
        sys.exit(str(refused))
