"""Tools of the tests of updates: a client that keeps asking, a picture of a server, and faults at a chosen step."""

from __future__ import annotations

import json
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from tests.provisioning.lab.browser import Browser
from tests.provisioning.lab.guest import Guest
from tests.provisioning.lab.places import CHECKOUT

FAULTS = CHECKOUT / "build/appliance-faults.json"
ASKS_A_SECOND = 10
JOURNALS = "/var/lib/ostrov/release/journal"
# Sessions, and the account that an update tries the product with, come and go with the attempt.
PASSING = ("users", "user_sessions", "user_roles", "changes", "outbox_events", "deliveries")
PICTURE = r"""
set -eu
cd /
find opt/ostrov etc var/lib/ostrov/bundles var/lib/ostrov/files usr/local \
    \( -name __pycache__ -o -name metrics \) -prune -o \
    \( -type f -printf '%p %m %u:%g %s %T@\n' -o -type l -printf '%p -> %l\n' -o -printf '%p/ %m %u:%g\n' \) | sort
find etc -type f -newermt @0 -not -path 'etc/ssl/*' -exec sha256sum {} + | sort
dpkg-query -W
for unit in $(systemctl list-unit-files 'ostrov*' nginx.service 'postgresql@*' --no-legend --plain | cut -d' ' -f1) \
    $(systemctl list-units --all 'ostrov*' --no-legend --plain | cut -d' ' -f1); do
    case $unit in *@.service) continue ;; esac
    echo "$unit $(systemctl is-active "$unit" || :) $(systemctl is-enabled "$unit" 2>/dev/null || :)"
done | sort -u
runuser -u postgres -- pg_dump --schema-only ostrov | grep -v '^\\\(un\)\?restrict'
runuser -u postgres -- pg_dump --data-only --inserts ostrov SKIPPED | grep '^INSERT' | sort
runuser -u postgres -- psql -XAtqc 'select slot_name from pg_replication_slots'
ls /var/lib/postgresql/17
"""


def picture(guest: Guest) -> list[str]:
    """All that an update may change: files, packages, units, schema, rows."""
    skipped = " ".join(f"--exclude-table-data={table}" for table in PASSING)
    skipped += " --exclude-table-data='audit.*' --exclude-table-data='procrastinate*' --exclude-table-data='gateway.*'"
    return guest.tell(PICTURE.replace("SKIPPED", skipped)).splitlines()


def differences(before: list[str], after: list[str]) -> list[str]:
    """What two pictures do not share."""
    return [f"- {line}" for line in sorted(set(before) - set(after))] + [
        f"+ {line}" for line in sorted(set(after) - set(before))
    ]


def bring(guest: Guest, bundle: Path) -> str:
    """Put a bundle onto a server; where it lies there."""
    shutil.copy(bundle, guest.root / "srv" / bundle.name)
    return f"/srv/{bundle.name}"


@dataclass
class Outcome:
    """How `ostrov update` ended, as it told itself."""

    code: int
    told: dict[str, Any]
    errors: str
    seconds: float


def update(guest: Guest, bundle: str) -> Outcome:
    """Run an update to its end."""
    return told(guest, f"ostrov update apply {bundle} --yes --json")


def told(guest: Guest, command: str) -> Outcome:
    """Run a command of updates; its answer is the last line of its output."""
    began = time.monotonic()
    done = guest.ask(command, seconds=1800)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    answer = json.loads(lines[-1]) if lines else {}
    return Outcome(done.returncode, answer, done.stderr, time.monotonic() - began)


def at(guest: Guest, event: str, step: str, command: str) -> None:
    """Let a command run on the server at the moment when the journal says that a step was begun or done."""
    line = f'"event": "{event}".*"step": "{step}"'
    script = (
        f"rm -f /run/fault-done; known=$(ls {JOURNALS} | sort | tail -n 1); "
        f"until newest=$(ls {JOURNALS}/*.jsonl 2>/dev/null | sort | tail -n 1) "
        f'&& [ "${{newest##*/}}" != "$known" ] && grep -q \'{line}\' "$newest"; do sleep 0.01; done; '
        f"{command}; touch /run/fault-done"
    )
    (guest.root / "srv/fault.sh").write_text(script)
    guest.tell(
        "systemctl reset-failed fault.service 2>/dev/null; systemctl stop fault.service 2>/dev/null; "
        "systemd-run --quiet --collect --unit=fault.service sh /srv/fault.sh"
    )


@dataclass
class Client:
    """A computer of the staff that opens a page ten times a second, and counts what it does not get."""

    guest: Guest
    answered: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join(120)

    def _ask(self) -> None:
        with Browser(self.guest) as browser:
            due = time.monotonic()
            while not self._stopped.is_set():
                try:
                    answer = browser.get("/sign-in")
                except httpx.HTTPError as error:
                    self.failed.append(f"{type(error).__name__}: {error}")
                else:
                    if answer.status_code == httpx.codes.OK:
                        self.answered.append(time.monotonic())
                    else:
                        self.failed.append(f"{answer.status_code}")
                due = max(due + 1 / ASKS_A_SECOND, time.monotonic())
                self._stopped.wait(due - time.monotonic())

    @property
    def longest_gap(self) -> float:
        """Seconds between two answers, at most."""
        return max(
            (later - earlier for earlier, later in zip(self.answered, self.answered[1:], strict=False)), default=0
        )


def note_fault(step: str, fault: str, outcome: str, same: bool, seconds: float) -> None:
    """Add a row to the table of injected failures."""
    FAULTS.parent.mkdir(exist_ok=True)
    rows = json.loads(FAULTS.read_text()) if FAULTS.exists() else []
    rows = [row for row in rows if (row["step"], row["fault"]) != (step, fault)]
    rows.append({"step": step, "fault": fault, "outcome": outcome, "exact": same, "seconds": round(seconds, 1)})
    FAULTS.write_text(json.dumps(rows, indent=1) + "\n")
