"""`ostrov demo`, `ostrov demo stop`, `ostrov status`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import IO

import click

from appliance.cli.problem import Problem
from appliance.demo import plan, state
from appliance.demo.home import Home
from appliance.demo.postgres import DatabaseError
from appliance.demo.processes import tail
from appliance.demo.supervisor import Supervisor
from appliance.demo.units import Fatal
from appliance.demo.view import PlainView, choose_view
from appliance.modelstore.errors import ModelError
from appliance.settings import DemoSettings, read

EXIT_NOT_RUNNING = 3
STOP_SECONDS = 90.0
POLL_SECONDS = 0.1
INNER_FLAG = "--supervise"


@click.group(invoke_without_command=True)
@click.option("--detach", is_flag=True, help="Return when the product is up; it goes on in the background.")
@click.option(INNER_FLAG, "supervise", is_flag=True, hidden=True)
@click.pass_context
def demo(context: click.Context, *, detach: bool, supervise: bool) -> None:
    """Run the whole product on this machine, with a sample company."""
    if context.invoked_subcommand is not None:
        return
    settings = read(DemoSettings)
    if detach:
        _detach(settings)
        return
    try:
        Supervisor(settings, PlainView() if supervise else choose_view(), detached=supervise).run()
    except (Fatal, ModelError) as error:
        raise Problem(error.sentence, error.remedy) from error
    except DatabaseError as error:
        raise Problem(str(error)) from error


@demo.command()
def stop() -> None:
    """Stop the demo that runs on this state directory."""
    home = Home(read(DemoSettings).home)
    pid = state.supervisor_pid(home)
    if pid is None:
        click.echo("No demo is running.")
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while state.is_locked(home):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            raise Problem("The demo did not stop in time and was killed.", "The next start clears up what is left.")
        time.sleep(POLL_SECONDS)
    click.echo("Stopped.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(*, as_json: bool) -> None:
    """Tell whether the demo runs, and how each process and feature is; exit code 3 when it does not run."""
    now = state.read(Home(read(DemoSettings).home))
    click.echo(json.dumps(now, indent=1) if as_json else _in_words(now))
    if not now["running"]:
        sys.exit(EXIT_NOT_RUNNING)


def _in_words(now: state.Description) -> str:
    """Return the state of a demo as lines for people."""
    if not now["running"]:
        return "No demo is running. Start one: make demo"
    lines = [f"Ostrov runs at {now['url']}" + ("" if now["ready"] else " (still starting)")]
    for name, process in now["processes"].items():
        restarts = f", restarted {process['restarts']} times" if process["restarts"] else ""
        told = "; ".join(process[name] for name in ("reason", "note") if process.get(name))
        reason = f": {told}" if told else ""
        lines.append(f"  {name:<9} {process['state']}{restarts}{reason}")
    return "\n".join(lines)


def _detach(settings: DemoSettings) -> None:
    """Start the supervisor in a session of its own, show its progress, return when the product is up."""
    home = Home(settings.home)
    home.prepare()
    log = home.log("demo")
    start = log.stat().st_size if log.exists() else 0
    with log.open("ab") as output:
        child = subprocess.Popen(
            plan.ostrov("demo", INNER_FLAG),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    with log.open("r", encoding="utf-8", errors="replace") as progress:
        progress.seek(start)
        try:
            if _follow(child, home, progress):
                return
        except KeyboardInterrupt:
            child.terminate()
            child.wait()
            raise
    if child.returncode != 0:
        raise Problem("The demo did not start.", f"See above, or {log}.", child.returncode)
    raise Problem("The demo stopped while it was starting.", tail(log, 1))


def _follow(child: subprocess.Popen[bytes], home: Home, progress: IO[str]) -> bool:
    """Repeat what a detached supervisor writes until the product is up; False when it ended before."""
    while child.poll() is None:
        click.echo(progress.read(), nl=False)
        now = state.read(home)
        if now["ready"] and now.get("pid") == child.pid:
            time.sleep(POLL_SECONDS * 3)  # the supervisor is writing the last lines: address and accounts
            click.echo(progress.read(), nl=False)
            return True
        time.sleep(POLL_SECONDS)
    click.echo(progress.read(), nl=False)
    return False
