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

STRIKING = Path(__file__).with_name("striking.py")
ASKS_A_SECOND = 10
# Sessions, and the account that an update tries the product with, come and go with the attempt.
PASSING = ("users", "user_sessions", "user_roles", "changes", "outbox_events", "deliveries")
PICTURE = r"""
set -eu
cd /
serves=$(readlink opt/ostrov/current | cut -d/ -f2)
# Of the release that serves, when each file was written; of all others, what is in them.
find opt/ostrov etc var/lib/ostrov/bundles var/lib/ostrov/files usr/local \
    \( -name __pycache__ -o -name metrics \) -prune -o \
    \( -type f -printf '%p %m %u:%g %s\n' -o -type l -printf '%p -> %l\n' -o -printf '%p/ %m %u:%g\n' \) | sort
find opt/ostrov "var/lib/ostrov/bundles/$serves" var/lib/ostrov/files \
    \( -name __pycache__ -o -name metrics \) -prune -o -type f -printf '%p %T@\n' | sort
find etc -type f -not -path 'etc/ssl/*' -exec sha256sum {} + | sort
find var/lib/ostrov/bundles -not -path "*/$serves/*" -type f -exec sha256sum {} + | sort
dpkg-query -W
for unit in $(systemctl list-unit-files 'ostrov*' nginx.service 'postgresql@*' --no-legend --plain | cut -d' ' -f1) \
    $(systemctl list-units --all 'ostrov*' --no-legend --plain | cut -d' ' -f1); do
    case $unit in *@.service) continue ;; esac
    # What a timer starts is there for a moment and gone again.
    [ "$(systemctl show -P Type "$unit")" != oneshot ] || continue
    case $unit in *.service) process=$(systemctl show -P MainPID "$unit") ;; *) process=0 ;; esac
    runs=$([ "$process" = 0 ] || tr '\0' ' ' <"/proc/$process/cmdline")
    echo "$unit $(systemctl is-active "$unit" || :) $(systemctl is-enabled "$unit" 2>/dev/null || :) $runs"
done | sort -u
runuser -u postgres -- pg_dump --schema-only ostrov | grep -v '^\\\(un\)\?restrict'
runuser -u postgres -- pg_dump --data-only --inserts ostrov SKIPPED | grep '^INSERT' | sort
runuser -u postgres -- psql -XAtqc 'select slot_name from pg_replication_slots'
ls /var/lib/postgresql/17
ls -A /var/lib/ostrov/release/backup 2>/dev/null || :
"""


def picture(guest: Guest) -> list[str]:
    """All that an update may change: files, packages, units, schema, rows."""
    skipped = " ".join(f"--exclude-table-data={table}" for table in PASSING)
    skipped += " --exclude-table-data='audit.*' --exclude-table-data='procrastinate*' --exclude-table-data='gateway.*'"
    return guest.tell(PICTURE.replace("SKIPPED", skipped)).splitlines()


def steady(guest: Guest) -> list[str]:
    """The picture of a server that has just been started, when nothing moves any more."""
    seen = picture(guest)
    for _ in range(10):
        again = picture(guest)
        if again == seen:
            return seen
        seen = again
    raise AssertionError("the server does not come to rest")


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


def resume(guest: Guest) -> Outcome:
    """What happens at the next start of a machine on which an update was killed."""
    began = time.monotonic()
    done = guest.ask("systemctl start ostrov-update-resume.service", seconds=1800)
    return Outcome(done.returncode, {}, done.stderr, time.monotonic() - began)


def last_of_history(guest: Guest) -> dict[str, Any]:
    """How the newest update ended, as the server remembers it."""
    entries: list[dict[str, Any]] = json.loads(guest.tell("ostrov update history --json"))
    return entries[-1]


def at(guest: Guest, event: str, step: str, command: str) -> None:
    """Let a command run on the server at the moment when the journal says that a step was begun or done."""
    shutil.copy(STRIKING, guest.root / "srv/striking.py")
    (guest.root / "srv/strike.sh").write_text(command)
    guest.tell(
        "systemctl stop strike.service 2>/dev/null; systemctl reset-failed strike.service 2>/dev/null; "
        "rm -f /run/fault-*; systemd-run --quiet --collect --unit=strike.service "
        f"python3 /srv/striking.py {event} {step} '. /srv/strike.sh'; "
        "until test -e /run/fault-armed; do sleep 0.02; done"
    )


def struck(guest: Guest) -> None:
    """Wait until the command has run. Fails when its moment has not come."""
    guest.tell("timeout 60 sh -c 'until test -e /run/fault-done; do sleep 0.05; done'")


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
