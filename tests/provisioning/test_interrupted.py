"""An installation that is cut off anywhere is finished by running it again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time

import pytest

from tests.provisioning import figures
from tests.provisioning.conftest import LOGS, Installation, Make
from tests.provisioning.lab import playbooks
from tests.provisioning.lab.guest import Guest

KILLS = int(os.environ.get("OSTROV_TEST_INSTALL_KILLS", "10"))
STATE = """
set -e
systemctl list-unit-files --state=enabled --no-legend --plain | cut -d' ' -f1 | grep -E 'ostrov|nginx|postgres|nft'
getent passwd | grep ostrov | cut -d: -f1,6,7 | sort
find /etc/ostrov /opt/ostrov /etc/nginx /etc/systemd/system -not -name '*.pyc' -printf '%p %y %m %u %g %l\\n' | sort
nft -s list table inet ostrov | grep -v -E 'elements|expires'
readlink /opt/ostrov/current
runuser -u postgres -- psql -XAtqd ostrov -c "SELECT version_num FROM alembic_version" || true
"""
"""What an installation leaves, but for what is made anew each time: keys, times, counters."""


def state(guest: Guest) -> list[str]:
    """The installed state, line by line."""
    return guest.tell(STATE).splitlines()


def test_a_run_killed_at_any_point_is_finished_by_the_next(
    make: Make, appliance: Guest, installation: Installation
) -> None:
    """kill -9 of the controller, which leaves the server in the middle of a step."""
    if installation.first is None:
        pytest.skip("how long an installation takes is not known (OSTROV_LAB_CONVERGED)")
    guest = make("killed")
    chance = random.Random(20261122)
    kills = 0
    for _ in range(KILLS):
        log = (LOGS / "killed.log").open("ab")
        running = subprocess.Popen(
            playbooks.command([guest], "site.yml"),
            env=playbooks.environment(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            running.wait(timeout=chance.uniform(3, installation.first.seconds / 3))
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
            kills += 1
        time.sleep(1)
    last = playbooks.play([guest], "site.yml", log=LOGS / "after-kills.log").succeeded()
    figures.record(kills_of_an_installation=kills, run_after_the_kills_seconds=last.seconds)
    name = guest.name.encode().decode()
    assert [line.replace(name, "NAME") for line in state(guest)] == [
        line.replace(appliance.name, "NAME") for line in state(appliance)
    ]
    again = playbooks.play([guest], "site.yml").succeeded()
    assert again.changed == 0, again.changes
    guest.remove()


def test_a_disk_that_fills_up_in_the_middle_is_said_and_more_room_finishes_it(make: Make) -> None:
    guest = make("filled", "ready", "--tmpfs=/opt:size=150M")
    enough = {"preflight_free_megabytes": {"/opt": 1}, "preflight_free_installed_megabytes": {"/opt": 1}}
    first = playbooks.play([guest], "site.yml", log=LOGS / "full-disk.log", **enough)
    assert first.code != 0
    assert "No space left on device" in first.output
    guest.tell("mount -o remount,size=4G /opt")
    playbooks.play([guest], "site.yml", log=LOGS / "after-full-disk.log", **enough).succeeded()
    again = playbooks.play([guest], "site.yml", **enough).succeeded()
    assert again.changed == 0, again.changes
    guest.remove()


def test_a_power_loss_in_the_middle_is_finished_by_the_next_run(make: Make, installation: Installation) -> None:
    if installation.first is None:
        pytest.skip("how long an installation takes is not known (OSTROV_LAB_CONVERGED)")
    guest = make("unplugged")
    with (LOGS / "unplugged.log").open("ab") as log:
        running = subprocess.Popen(
            playbooks.command([guest], "site.yml"), env=playbooks.environment(), stdout=log, stderr=log
        )
        time.sleep(installation.first.seconds * 0.6)
        guest.power_off()
        running.wait()
    guest.boot()
    playbooks.play([guest], "site.yml", log=LOGS / "after-unplugged.log").succeeded()
    again = playbooks.play([guest], "site.yml").succeeded()
    assert again.changed == 0, again.changes
    guest.remove()
