"""What goes wrong while a server is updated: every step has its faults, and each run adds a row to a table."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from tests.provisioning.lab.places import CHECKOUT

TABLE = CHECKOUT / "build/appliance-faults.json"
DIFFERENCES = CHECKOUT / "build/appliance/differences.log"
PAGE = CHECKOUT / "docs/upgrade.md"
NEXT, BREAKING = "0.2.0", "0.3.0"
REFUSED, TAKEN_BACK, FINISHED = "refused", "taken back", "finished"

KILL = "kill -9 $UPDATE"
KILLED = "the update is killed"
UNPLUGGED = "the power fails"
STOP_THE_CLOCK = "kill -STOP $UPDATE; sync; touch /srv/now; sleep 60"
"""The update stands still at this very moment, until the plug is pulled."""

UNPACKED = f"/var/lib/ostrov/bundles/{NEXT}"
BACKUPS = "/var/lib/ostrov/release/backup"
RECEIVER = "/usr/lib/postgresql/17/bin/pg_receivewal"
HOOKS = "/etc/ostrov/hooks"
STATE = "/var/lib/ostrov/release/state.json"
CODE = f"/opt/ostrov/releases/{NEXT}/venv/lib/python3.13/site-packages"
FAILING = f"{CODE}/webapp/migrations/versions/9999_fails.py"
FAILS_TO_MIGRATE = f"""cat >{FAILING} <<'END'
from alembic import op
from webapp.migrations.run import FOLDER
revision = "9999"
down_revision = sorted(p.name[:4] for p in (FOLDER / "versions").glob("0*.py"))[-1]
def upgrade():
    op.execute("CREATE TABLE half_way (id int)")
    op.execute("SELECT 1 / 0")
END
"""
# Not at the import: the migrations are commands of the same program.
NO_PAGES = "printf 'def create_app(*_):\\n    1/0\\n' >>"
BREAKS_THE_SCHEMA = FAILS_TO_MIGRATE.replace(NEXT, BREAKING).replace("SELECT 1 / 0", "ALTER TABLE people DROP notes")


@dataclass(frozen=True)
class Fault:
    """What goes wrong in a step, at which moment of the journal, how, and how the machine is mended afterwards.

    Without a moment it is so from the beginning. `ends` is what must come of it.
    """

    step: str
    what: str
    how: str
    when: tuple[str, str] | None = None
    mend: str = "true"
    ends: str = TAKEN_BACK

    def __str__(self) -> str:
        return f"{self.step}: {self.what}"


def until(condition: str) -> str:
    """A shell's words for waiting."""
    return f"until {condition} >/dev/null 2>&1; do sleep 0.01; done"


def spoilt(path: str, change: str) -> dict[str, str]:
    """How a file is spoilt, and how it is mended."""
    return {"how": f"cp -p {path} /srv/sound; {change} {path}", "mend": f"cp -p /srv/sound {path}"}


def failing_hook(moment: str) -> dict[str, str]:
    """A program of the company's that fails around an update."""
    hook = f"{HOOKS}/{moment}-update.d/10-window"
    return {"how": f"printf '#!/bin/sh\\nexit 1\\n' >{hook}; chmod 755 {hook}", "mend": f"rm {hook}"}


def full(folder: str, size: str) -> dict[str, str]:
    """A disk without room at a folder."""
    mount = f"mount -t tmpfs -o size={size},mode=0755 tmpfs {folder}"
    return {"how": f"mkdir -p {folder}; {mount}", "mend": f"umount {folder}"}


BAD_BYTE = Fault(
    *("verify", "one byte of the bundle is changed"),
    how="printf x | dd of={} bs=1 seek=300000000 conv=notrunc status=none",
    ends=REFUSED,
)
# Seen before anything is touched.
LOOKING = (
    Fault(
        "preflight",
        "the worker does not run",
        "systemctl stop ostrov-worker",
        None,
        "systemctl start ostrov-worker",
        REFUSED,
    ),
    Fault("preflight", "there is too little room", **full(BACKUPS, "50m"), ends=REFUSED),
    Fault("before-hooks", "a program of the company's fails", **failing_hook("before"), ends=REFUSED),
)
# While the next release is not on the server yet.
ARRIVING = (
    Fault("unpack", KILLED, f"{until('ls -d /var/lib/ostrov/bundles/..*/wheels')}; {KILL}", ("intent", "unpack")),
    Fault("unpack", "the disk is full", when=("done", "preflight"), **full("/var/lib/ostrov/bundles", "64m")),
    Fault("backup", "the disk is full", when=("intent", "unpack"), **full(BACKUPS, "4m")),
    Fault("backup", "its program is killed", until("pkill -9 pg_basebackup"), ("intent", "backup")),
    Fault("backup", "somebody presses Ctrl-C", "kill -INT $UPDATE", ("intent", "backup")),
    Fault("packages", "their list is damaged", f"echo x >>{UNPACKED}/apt/InRelease", ("intent", "backup")),
    Fault("packages", KILLED, KILL, ("intent", "packages")),
    Fault("release", "a wheel is damaged", f"echo x >>$(ls {UNPACKED}/wheels/flask-*.whl)", ("intent", "backup")),
    Fault("release", KILLED, f"{until(f'ls {CODE}/flask')}; {KILL}", ("intent", "release")),
)
# When it is there, from an update that was rolled back.
STARTING = (
    Fault(
        *("restore-point", "the log cannot be fetched"),
        *(f"mv {RECEIVER} /srv/", ("intent", "backup"), f"mv /srv/pg_receivewal {RECEIVER}"),
    ),
    Fault("migrate", "a migration fails half way", FAILS_TO_MIGRATE, ("done", "release"), f"rm {FAILING}"),
    Fault("migrate", KILLED, f"{until('pgrep -f /ostrov.migrate')}; {KILL}", ("intent", "migrate")),
    Fault("web", "the pages do not start", when=("done", "release"), **spoilt(f"{CODE}/webapp/app.py", NO_PAGES)),
    Fault("web", KILLED, KILL, ("intent", "web")),
    Fault(
        *("programs", "the worker does not start"),
        **spoilt(f"{CODE}/webapp/worker.py", "echo 1/0 >>"),
        when=("done", "web"),
    ),
    Fault("programs", KILLED, f"sleep 0.5; {KILL}", ("intent", "programs")),
    Fault(
        *("traffic", "nginx does not take its configuration"),
        **spoilt("/etc/nginx/ostrov-proxy.conf", "echo 'nonsense;' >>"),
        when=("done", "release"),
    ),
    Fault("traffic", KILLED, KILL, ("intent", "traffic")),
    Fault(
        *("probe", "the search fails"),
        **spoilt(f"{CODE}/webapp/assistants/search/views.py", "sed -i 's/request.args.get(.q./request.lost(1/'"),
        when=("done", "release"),
    ),
    Fault("probe", KILLED, KILL, ("intent", "probe")),
)
# The new release was found good: from here on there is only forward. All in one update.
FINISHING = (
    Fault("old-web", KILLED, KILL, ("intent", "old-web"), ends=FINISHED),
    Fault("remember", "the memory of releases is damaged", **spoilt(STATE, "echo nonsense >"), ends=FINISHED),
    Fault("prune", KILLED, KILL, ("intent", "prune"), ends=FINISHED),
    Fault("after-hooks", "a program of the company's fails", **failing_hook("after"), ends=FINISHED),
)
UNPLUGGING = (
    Fault("backup", UNPLUGGED, f"{until('pgrep pg_basebackup')}; {STOP_THE_CLOCK}", ("intent", "backup")),
    Fault("migrate", UNPLUGGED, STOP_THE_CLOCK, ("intent", "migrate")),
    Fault(
        *("programs", UNPLUGGED),
        *(f"{until(f'readlink /opt/ostrov/current | grep {NEXT}')}; {STOP_THE_CLOCK}", ("intent", "programs")),
    ),
)
# The former release cannot read the schema of this one.
PAUSING = Fault(
    *("pause", KILLED),
    how=f"while systemctl is-active --quiet ostrov-worker; do sleep 0.01; done; {KILL}",
    when=("intent", "pause"),
)
BROKEN = Fault(
    *("web", "the pages fail on a schema that the former ones cannot read"),
    how=f"{BREAKS_THE_SCHEMA}\n{NO_PAGES} {CODE.replace(NEXT, BREAKING)}/webapp/app.py",
    when=("done", "release"),
)
ALL = (BAD_BYTE, *LOOKING, *ARRIVING, *STARTING, *FINISHING, *UNPLUGGING, PAUSING, BROKEN)


def note(fault: Fault, ended: str, seconds: float, *, exact: bool) -> None:
    """Add a row to the table of injected failures."""
    TABLE.parent.mkdir(exist_ok=True)
    rows = [row for row in noted() if (row["step"], row["fault"]) != (fault.step, fault.what)]
    rows.append({"step": fault.step, "fault": fault.what, "outcome": ended, "exact": exact, "seconds": round(seconds)})
    TABLE.write_text(json.dumps(rows, indent=1) + "\n")


def tell(fault: Fault, found: list[str]) -> None:
    """Write down at once what was not as before: pytest tells it at its end."""
    DIFFERENCES.parent.mkdir(parents=True, exist_ok=True)
    with DIFFERENCES.open("a") as file:
        file.writelines(f"{line}\n" for line in (f"=== {fault}: {len(found)} differences", *found))


def noted() -> list[dict[str, str | bool | int]]:
    """The table as it is."""
    rows: list[dict[str, str | bool | int]] = json.loads(TABLE.read_text()) if TABLE.exists() else []
    return rows


def shown() -> str:
    """The table as it stands in the page about updates."""
    order = [(fault.step, fault.what) for fault in ALL]
    rows = sorted(noted(), key=lambda row: order.index((str(row["step"]), str(row["fault"]))))
    lines = [
        f"| {row['step']} | {row['fault']} | {row['outcome']} | {'yes' if row['exact'] else 'NO'} | {row['seconds']} |"
        for row in rows
    ]
    return "\n".join(["| step | fault | outcome | exact | seconds |", "|---|---|---|---|---|", *lines])


def on_the_page() -> list[tuple[str, str, str, str]]:
    """Step, fault, outcome and whether it was exact, as the page about updates says."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| (yes|NO) \| \d+ \|$", PAGE.read_text(), re.MULTILINE)
    return [(step, what, ended, exact) for step, what, ended, exact in rows]


if __name__ == "__main__":
    print(shown())
