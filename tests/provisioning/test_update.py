"""An update keeps everyone working, and takes itself back exactly when anything fails: real faults, at every step."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.provisioning import figures
from tests.provisioning.conftest import Make
from tests.provisioning.lab import bundles
from tests.provisioning.lab.guest import Guest
from tests.provisioning.test_reboot import ready
from tests.provisioning.updating import Client, at, bring, differences, note_fault, picture, told, update

pytestmark = pytest.mark.skipif(
    not os.environ.get("OSTROV_TEST_UPDATE"),
    reason="two dozen updates take most of an hour on two cores: OSTROV_TEST_UPDATE=1 runs them",
)
NEXT, BREAKING = "0.2.0", "0.3.0"
REFUSED, TAKEN_BACK = 2, 11
LONGEST_GAP_SECONDS = 2.0
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
BREAKS_THE_SCHEMA = FAILS_TO_MIGRATE.replace(NEXT, BREAKING).replace("SELECT 1 / 0", "ALTER TABLE people DROP notes")


@dataclass(frozen=True)
class Fault:
    """What goes wrong, at which moment of the journal, and how the machine is mended afterwards."""

    step: str
    what: str
    when: tuple[str, str]
    how: str
    mend: str = "true"


UNPACKED = f"/var/lib/ostrov/bundles/{NEXT}"
KILL = "pkill -{} -f '^/opt/ostrov/.* update apply'"
KILLED = "the update is killed"
BACKUPS = "/var/lib/ostrov/release/backup"
RECEIVER = "/usr/lib/postgresql/17/bin/pg_receivewal"


def spoilt(path: str, change: str) -> tuple[str, str]:
    """How a file is spoilt, and how it is mended."""
    return f"cp -p {path} /srv/sound; {change} {path}", f"cp -p /srv/sound {path}"


# While the next release is not on the server yet.
ARRIVING = (
    Fault("pin", KILLED, ("intent", "pin"), KILL.format(9)),
    Fault("unpack", KILLED, ("intent", "unpack"), f"sleep 1; {KILL.format(9)}"),
    Fault(
        *("backup", "the disk is full", ("intent", "unpack")),
        *(f"mkdir -p {BACKUPS}; mount -t tmpfs -o size=4m,mode=0755 tmpfs {BACKUPS}", f"umount {BACKUPS}"),
    ),
    Fault("backup", "its program is killed", ("intent", "backup"), "until pkill -9 pg_basebackup; do sleep 0.01; done"),
    Fault("backup", "somebody presses Ctrl-C", ("intent", "backup"), KILL.format("INT")),
    Fault("packages", "their list is damaged", ("intent", "backup"), f"echo x >>{UNPACKED}/apt/InRelease"),
    Fault("release", "a wheel is damaged", ("intent", "backup"), f"echo x >>$(ls {UNPACKED}/wheels/flask-*.whl)"),
    Fault("release", KILLED, ("intent", "release"), f"sleep 5; {KILL.format(9)}"),
)
# When it is there, from an update that was rolled back.
STARTING = (
    Fault(
        *("restore-point", "the log cannot be fetched", ("intent", "backup")),
        *(f"mv {RECEIVER} /srv/", f"mv /srv/pg_receivewal {RECEIVER}"),
    ),
    Fault("migrate", "a migration fails half way", ("done", "release"), FAILS_TO_MIGRATE, f"rm {FAILING}"),
    Fault("web", "the pages do not start", ("done", "release"), *spoilt(f"{CODE}/webapp/app.py", "echo 1/0 >>")),
    Fault("programs", "the worker does not start", ("done", "web"), *spoilt(f"{CODE}/webapp/worker.py", "echo 1/0 >>")),
    Fault("programs", KILLED, ("intent", "programs"), f"sleep 0.5; {KILL.format(9)}"),
    Fault(
        *("traffic", "nginx does not take its configuration", ("done", "release")),
        *spoilt("/etc/nginx/ostrov-proxy.conf", "echo 'nonsense;' >>"),
    ),
    Fault(
        *("probe", "the search fails", ("done", "release")),
        *spoilt(f"{CODE}/webapp/assistants/search/views.py", "sed -i 's/request.args.get(.q./request.lost(/'"),
    ),
    Fault("probe", KILLED, ("intent", "probe"), KILL.format(9)),
)


@pytest.fixture(scope="module")
def next_bundle(bundle: Path) -> Path:
    """The next release, as a company receives it."""
    given = os.environ.get("OSTROV_LAB_NEXT")
    return Path(given) if given else bundles.built(NEXT, "--readable-by", "0.1.0", models=())


@pytest.fixture(scope="module")
def server(make: Make, converged: str, next_bundle: Path) -> Guest:
    """A server to update, with a client in its database and the bundle of the next release on its disk."""
    guest = make("update", converged)
    ready(guest)
    guest.tell("runuser -u postgres -- psql -qd ostrov", given="INSERT INTO teams (name) VALUES ('Polar Works')")
    bring(guest, next_bundle)
    return guest


@pytest.fixture(scope="module")
def arrived(server: Guest, next_bundle: Path) -> str:
    """Where the bundle of the next release lies on the server."""
    return f"/srv/{next_bundle.name}"


def test_what_would_change_is_shown_and_nothing_is_changed(server: Guest, arrived: str) -> None:
    before = picture(server)
    shown = server.tell(f"ostrov update check {arrived}")
    assert NEXT in shown
    assert "nobody has to wait" in shown
    assert "probe" in server.tell(f"ostrov update plan {arrived}")
    assert differences(before, picture(server)) == []


def test_a_bundle_with_one_changed_byte_is_refused(server: Guest, arrived: str) -> None:
    before = picture(server)
    server.tell(
        f"cp {arrived} /srv/bad.bundle; printf x | dd of=/srv/bad.bundle bs=1 seek=300000000 conv=notrunc status=none"
    )
    outcome = update(server, "/srv/bad.bundle")
    server.tell("rm /srv/bad.bundle")
    same = differences(before, picture(server)) == []
    note_fault("verify", "one byte of the bundle is changed", "refused", same, outcome.seconds)
    assert (outcome.code, same) == (REFUSED, True), outcome.errors


def test_a_server_that_is_not_well_is_left_alone(server: Guest, arrived: str) -> None:
    server.tell("systemctl stop ostrov-worker")
    before = picture(server)
    outcome = update(server, arrived)
    same = differences(before, picture(server)) == []
    server.tell("systemctl start ostrov-worker")
    note_fault("preflight", "the worker does not run", "refused", same, outcome.seconds)
    assert (outcome.code, same) == (REFUSED, True), outcome.errors


def goes_wrong(server: Guest, arrived: str, fault: Fault) -> None:
    """An update with a fault ends with the exact state before, and says which step failed."""
    before = picture(server)
    at(server, *fault.when, fault.how)
    outcome = update(server, arrived)
    killed = fault.what == KILLED
    if killed:  # what happens at the next boot
        outcome = told(server, "/var/lib/ostrov/release/resume/venv/bin/ostrov update resume --json")
    server.tell(fault.mend)
    found = differences(before, picture(server))
    note_fault(fault.step, fault.what, outcome.told.get("outcome", "none"), not found, outcome.seconds)
    assert found == []
    assert outcome.code == TAKEN_BACK, outcome.errors
    if not killed:
        assert outcome.told["step"] == fault.step
    ready(server)


@pytest.mark.parametrize("fault", ARRIVING, ids=lambda fault: f"{fault.step}: {fault.what}")
def test_a_fault_while_the_release_arrives_is_taken_back_to_the_exact_state_before(
    server: Guest, arrived: str, fault: Fault
) -> None:
    goes_wrong(server, arrived, fault)


def test_the_update_is_not_noticed_by_those_who_work_and_neither_is_the_way_back(server: Guest, arrived: str) -> None:
    before = picture(server)
    with Client(server) as client:
        time.sleep(2)
        outcome = update(server, arrived)
        time.sleep(2)
    figures.record(
        update_seconds=outcome.seconds,
        update_requests=len(client.answered),
        update_failed_requests=len(client.failed),
        update_longest_gap_seconds=client.longest_gap,
    )
    assert outcome.code == 0, outcome.told
    assert server.tell("readlink /opt/ostrov/current").strip() == f"releases/{NEXT}"
    assert client.failed == []
    assert client.longest_gap <= LONGEST_GAP_SECONDS
    with Client(server) as client:
        time.sleep(2)
        outcome = told(server, "ostrov rollback --yes --json")
        time.sleep(2)
    figures.record(
        rollback_seconds=outcome.seconds,
        rollback_failed_requests=len(client.failed),
        rollback_longest_gap_seconds=client.longest_gap,
    )
    assert outcome.code == 0, outcome.told
    assert client.failed == []
    left = [line for line in differences(before, picture(server)) if NEXT not in line and "ostrov.sources" not in line]
    assert left == []


@pytest.mark.parametrize("fault", STARTING, ids=lambda fault: f"{fault.step}: {fault.what}")
def test_a_fault_while_the_release_starts_is_taken_back_to_the_exact_state_before(
    server: Guest, arrived: str, fault: Fault
) -> None:
    goes_wrong(server, arrived, fault)


def test_a_server_that_loses_power_in_the_middle_is_as_before_when_it_is_up_again(server: Guest, arrived: str) -> None:
    before = picture(server)
    at(server, "done", "programs", "sync; touch /srv/now; sleep 60")
    server.tell(f"systemd-run --quiet --collect ostrov update apply {arrived} --yes --json")
    while server.ask("test -e /srv/now").returncode:
        time.sleep(0.05)
    began = time.monotonic()
    server.power_off()
    server.boot(seconds=300)
    while server.ask("test -L /var/lib/ostrov/release/resume").returncode == 0:
        assert time.monotonic() - began < 300
        time.sleep(0.5)
    ready(server)
    seconds = time.monotonic() - began
    server.tell("rm /srv/now")
    found = differences(before, picture(server))
    note_fault("programs", "the power fails", "compensated", not found, seconds)
    figures.record(power_loss_in_update_to_ready_seconds=seconds)
    assert found == []
    assert "compensated" in server.tell("ostrov update history")


def test_where_the_old_release_cannot_read_the_schema_the_database_goes_back_too(server: Guest, bundle: Path) -> None:
    breaking = bring(server, bundles.built(BREAKING, "--readable-by", BREAKING, models=()))
    shown = server.tell(f"ostrov update check {breaking}")
    assert "pauses" in shown
    before = picture(server)
    code = CODE.replace(NEXT, BREAKING)
    fails = f"echo 'raise RuntimeError(1)' >>{code}/webapp/assistants/search/views.py"
    at(server, "done", "release", f"{BREAKS_THE_SCHEMA}\n{fails}")
    outcome = update(server, breaking)
    found = differences(before, picture(server))
    note_fault(
        "web", "new pages fail on a schema that the old ones cannot read", "compensated", not found, outcome.seconds
    )
    figures.record(rollback_with_database_seconds=outcome.seconds)
    assert outcome.code == TAKEN_BACK, outcome.errors
    assert found == []
    ready(server)
