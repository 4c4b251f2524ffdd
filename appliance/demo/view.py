"""What a person sees while a demo starts: a calm table in a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from appliance.demo.units import State, Unit

MEGABYTE = 1_000_000
MARKS = {
    State.WAITING: ("·", "dim"),
    State.READY: ("✓", "green"),
    State.DONE: ("✓", "green"),
    State.OFF: ("○", "yellow"),
    State.DOWN: ("!", "yellow"),
    State.STOPPED: ("·", "dim"),
    State.FAILED: ("✗", "red"),
}


class View(Protocol):
    """How progress is shown."""

    def update(self, units: Mapping[str, Unit]) -> None:
        """Show where all units stand."""

    def say(self, text: str) -> None:
        """Show a sentence."""

    def ready(self, url: str, accounts: Sequence[Mapping[str, str]], hint: str) -> None:
        """Show that the product is up."""

    def close(self) -> None:
        """Stop drawing."""


def seconds_since(start: float) -> str:
    """Return the time that has passed, short."""
    return f"{time.monotonic() - start:5.1f}s"


class PlainView:
    """One line whenever a unit changes, one at every tenth of an assembly."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._seen: dict[str, tuple[State, str, int]] = {}

    def update(self, units: Mapping[str, Unit]) -> None:
        """Write a line for every unit that changed."""
        for unit in units.values():
            tenth = unit.progress[0] * 10 // max(1, unit.progress[1]) if unit.progress else -1
            now = (unit.state, unit.reason, tenth)
            if unit.state is State.WAITING or self._seen.get(unit.name) == now:
                continue
            self._seen[unit.name] = now
            self.say(f"{unit.title}: {describe(unit)}")

    def say(self, text: str) -> None:
        """Write one line."""
        sys.stdout.write(f"[{seconds_since(self._started)}] {text}\n")
        sys.stdout.flush()

    def ready(self, url: str, accounts: Sequence[Mapping[str, str]], hint: str) -> None:
        """Write the address and the accounts."""
        lines = [f"Ostrov is up: {url}"]
        lines += [f"  {account['username']:<8} {account['password']:<20} {account['role']}" for account in accounts]
        sys.stdout.write("\n".join([*lines, hint, ""]))
        sys.stdout.flush()

    def close(self) -> None:
        """Nothing to stop."""


class LiveView:
    """A table that draws itself anew in place."""

    def __init__(self) -> None:
        self._console = Console()
        self._started = time.monotonic()
        self._spinners: dict[str, Spinner] = {}
        self._live: Live | None = None

    def update(self, units: Mapping[str, Unit]) -> None:
        """Draw all units."""
        if self._live is None:
            self._live = Live(console=self._console, refresh_per_second=8, transient=True)
            self._live.start()
        self._live.update(self._table(units))

    def _table(self, units: Mapping[str, Unit]) -> RenderableType:
        """Return the table of units."""
        table = Table.grid(padding=(0, 2))
        for unit in units.values():
            table.add_row(self._mark(unit), Text(unit.title, style=self._style(unit)), self._detail(unit))
        return Group(Text(f"\nStarting Ostrov  {seconds_since(self._started).strip()}\n", style="bold"), table)

    def _mark(self, unit: Unit) -> RenderableType:
        """Return the sign in front of a unit."""
        if unit.state is State.STARTING:
            return self._spinners.setdefault(unit.name, Spinner("dots", style="cyan"))
        mark, style = MARKS[unit.state]
        return Text(mark, style=style)

    def _style(self, unit: Unit) -> str:
        """Return the style of a unit's title."""
        return "dim" if unit.state is State.WAITING else ""

    def _detail(self, unit: Unit) -> RenderableType:
        """Return what stands behind a unit's title."""
        if unit.progress and unit.state is State.STARTING:
            done, total = unit.progress
            row = Table.grid(padding=(0, 1))
            text = Text(f"{unit.reason} {done / MEGABYTE:,.0f} of {total / MEGABYTE:,.0f} MB", style="dim")
            row.add_row(ProgressBar(total=total, completed=done, width=24), text)
            return row
        return Text(unit.reason, style="dim", overflow="ellipsis")

    def say(self, text: str) -> None:
        """Write one line above the table."""
        self._console.print(text, highlight=False)

    def ready(self, url: str, accounts: Sequence[Mapping[str, str]], hint: str) -> None:
        """Draw the address and the accounts."""
        self.close()
        table = Table.grid(padding=(0, 3))
        for account in accounts:
            table.add_row(
                Text(account["username"], style="bold"), account["password"], Text(account["role"], style="dim")
            )
        head = Text.assemble(
            ("Ostrov is up  ", "bold"), (url, "bold cyan"), f"   in {seconds_since(self._started).strip()}\n"
        )
        note = Text("\nAccounts of the demo only: their passwords are public.\n" + hint, style="dim")
        self._console.print(Panel(Group(head, table, note), border_style="cyan", padding=(1, 2), expand=False))

    def close(self) -> None:
        """Stop drawing."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def describe(unit: Unit) -> str:
    """Say in words where a unit stands."""
    if unit.progress and unit.state is State.STARTING:
        done, total = unit.progress
        return f"{unit.reason} {done / MEGABYTE:,.0f} of {total / MEGABYTE:,.0f} MB"
    return f"{unit.state} ({unit.reason})" if unit.reason else str(unit.state)


def choose_view() -> View:
    """Return the view that fits where the output goes."""
    return LiveView() if sys.stdout.isatty() else PlainView()
