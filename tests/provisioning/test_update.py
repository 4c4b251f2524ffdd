"""An update keeps everyone working, and takes itself back exactly when anything fails: real faults, at every step."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.provisioning import faults, figures
from tests.provisioning.conftest import Make
from tests.provisioning.faults import BREAKING, KILL, NEXT, REFUSED, TAKEN_BACK, Fault
from tests.provisioning.lab import bundles
from tests.provisioning.lab.guest import Guest
from tests.provisioning.test_reboot import ready
from tests.provisioning.updating import (
    Client,
    at,
    bring,
    differences,
    last_of_history,
    picture,
    resume,
    steady,
    struck,
    told,
    update,
)

CODES = {REFUSED: 2, TAKEN_BACK: 11}
HISTORY = {"compensated": TAKEN_BACK, "refused": REFUSED, "committed": faults.FINISHED}
PERSON_NEEDED = 12
LONGEST_GAP_SECONDS = 2.0
PINNED = "/var/lib/ostrov/release/resume"


@dataclass
class Server:
    """The server that is updated, and what it looked like when last seen."""

    guest: Guest
    bundle: str
    seen: list[str] = field(default_factory=list)

    def changed(self, *leaving_out: str) -> list[str]:
        """How it differs from what it looked like; only what changes is looked for again."""
        return self._compared(picture(self.guest), *leaving_out)

    def changed_by_a_start(self) -> list[str]:
        """The same for a server that has just been started."""
        return self._compared(steady(self.guest))

    def _compared(self, now: list[str], *leaving_out: str) -> list[str]:
        before, self.seen = self.seen, now
        return [line for line in differences(before, self.seen) if not any(word in line for word in leaving_out)]


@pytest.fixture(scope="module")
def server(make: Make, converged: str) -> Server:
    """A server to update, with a client in its database and the bundle of the next release on its disk."""
    guest = make("update", converged)
    ready(guest)
    guest.tell("runuser -u postgres -- psql -qd ostrov", given="INSERT INTO teams (name) VALUES ('Polar Works')")
    given = os.environ.get("OSTROV_LAB_NEXT")
    bundle = bring(guest, Path(given) if given else bundles.built(NEXT, "--readable-by", "0.1.0", models=()))
    return Server(guest, bundle, steady(guest))


@pytest.fixture(scope="module")
def breaking(server: Server) -> str:
    """The bundle of a release whose schema the present one cannot read."""
    given = os.environ.get("OSTROV_LAB_BREAKING")
    return bring(server.guest, Path(given) if given else bundles.built(BREAKING, "--readable-by", BREAKING, models=()))


def goes_wrong(server: Server, fault: Fault, bundle: str = "") -> None:
    """An update with a fault ends with the exact state before, and the history says which step failed."""
    guest = server.guest
    if fault.when:
        at(guest, *fault.when, fault.how)
    else:
        guest.tell(fault.how)
    outcome = update(guest, bundle or server.bundle)
    killed = fault.how.endswith(KILL)
    if fault.when:
        struck(guest)
    if killed:
        began = outcome.seconds
        outcome = resume(guest)
        outcome.seconds += began
    guest.tell(fault.mend)
    found = server.changed()
    end = last_of_history(guest)
    faults.tell(fault, found)
    faults.note(fault, HISTORY.get(end["outcome"], end["outcome"]), outcome.seconds, exact=not found)
    assert not found, "\n".join(found[:40])
    assert (end["step"], end["outcome"]) == (fault.step, next(k for k, v in HISTORY.items() if v == fault.ends)), end
    assert outcome.code == (0 if killed else CODES[fault.ends]), outcome.errors
    ready(guest)


def test_what_would_change_is_shown_and_nothing_is_changed(server: Server) -> None:
    shown = server.guest.tell(f"ostrov update check {server.bundle}")
    assert NEXT in shown
    assert "nobody has to wait" in shown
    steps = json.loads(server.guest.tell(f"ostrov update plan {server.bundle} --json"))["steps"]
    assert {fault.step for fault in faults.ALL} == set(steps), "every step has its faults"
    assert server.changed() == []


def test_a_bundle_with_one_changed_byte_is_refused(server: Server) -> None:
    bad = "/srv/bad.bundle"
    server.guest.tell(f"cp {server.bundle} {bad}; {faults.BAD_BYTE.how.format(bad)}")
    outcome = update(server.guest, bad)
    server.guest.tell(f"rm {bad}")
    found = server.changed()
    faults.note(faults.BAD_BYTE, REFUSED, outcome.seconds, exact=not found)
    assert (outcome.code, found) == (CODES[REFUSED], []), outcome.errors


@pytest.mark.parametrize("fault", faults.LOOKING, ids=str)
def test_a_server_that_is_not_fit_is_left_alone(server: Server, fault: Fault) -> None:
    goes_wrong(server, fault)


@pytest.mark.parametrize("fault", faults.ARRIVING, ids=str)
def test_a_fault_while_the_release_arrives_is_taken_back_to_the_exact_state_before(
    server: Server, fault: Fault
) -> None:
    goes_wrong(server, fault)


def test_the_update_is_not_noticed_by_those_who_work_and_neither_is_the_way_back(server: Server) -> None:
    guest = server.guest
    for name, command, serves in (
        ("update", f"ostrov update apply {server.bundle} --yes --json", NEXT),
        ("rollback", "ostrov rollback --yes --json", "0.1.0"),
    ):
        with Client(guest) as client:
            time.sleep(2)
            outcome = told(guest, command)
            time.sleep(2)
        figures.record(
            **{
                f"{name}_seconds": outcome.seconds,
                f"{name}_requests": len(client.answered),
                f"{name}_failed_requests": len(client.failed),
                f"{name}_longest_gap_seconds": client.longest_gap,
            }
        )
        assert outcome.code == 0, outcome.told
        assert guest.tell("readlink /opt/ostrov/current").strip() == f"releases/{serves}"
        assert client.failed == []
        assert client.longest_gap <= LONGEST_GAP_SECONDS
    # The release stays where it is, apt reads its packages, and its safety backup is kept.
    assert server.changed(NEXT, "ostrov.sources") == []


@pytest.mark.parametrize("fault", faults.STARTING, ids=str)
def test_a_fault_while_the_release_starts_is_taken_back_to_the_exact_state_before(server: Server, fault: Fault) -> None:
    goes_wrong(server, fault)


@pytest.mark.parametrize("fault", faults.UNPLUGGING, ids=str)
def test_a_server_that_loses_power_in_the_middle_is_as_before_when_it_is_up_again(server: Server, fault: Fault) -> None:
    guest = server.guest
    assert fault.when
    at(guest, *fault.when, fault.how)
    guest.tell(f"systemd-run --quiet --collect ostrov update apply {server.bundle} --yes --json")
    guest.tell("timeout 300 sh -c 'until test -e /srv/now; do sleep 0.05; done'")
    began = time.monotonic()
    guest.power_off()
    guest.boot(seconds=300)
    guest.tell(f"timeout 300 sh -c 'while test -L {PINNED}; do sleep 0.2; done'")
    ready(guest)
    seconds = time.monotonic() - began
    guest.tell("rm /srv/now")
    found = server.changed_by_a_start()
    end = last_of_history(guest)
    faults.tell(fault, found)
    faults.note(fault, HISTORY.get(end["outcome"], end["outcome"]), seconds, exact=not found)
    figures.record(**{f"power_loss_in_{fault.step}_to_ready_seconds": seconds})
    assert not found, "\n".join(found[:40])
    assert (end["step"], end["outcome"]) == (fault.step, "compensated")


def test_what_was_found_good_is_finished_whatever_comes_between(server: Server) -> None:
    guest, (old_web, remember, prune, hook) = server.guest, faults.FINISHING
    guest.tell("systemctl stop ostrov-llm")  # an update starts no engine that did not run, and asks none
    for fault, begin in ((old_web, update), (remember, None), (prune, None)):
        began = time.monotonic()
        if fault.when:
            at(guest, *fault.when, fault.how)
        else:
            guest.tell(fault.how)
        ended = begin(guest, server.bundle) if begin else resume(guest)
        if fault.when:
            struck(guest)
        else:
            assert ended.code != 0
            assert "ostrov update resume" in guest.tell("journalctl -u ostrov-update-resume -n 20 --no-pager -o cat")
        guest.tell(f"{fault.mend}; test -L {PINNED}; systemctl reset-failed ostrov-update-resume 2>/dev/null || :")
        assert last_of_history(guest)["outcome"] == "open"
        faults.note(fault, "interrupted", time.monotonic() - began, exact=False)
    guest.tell(hook.how)
    ended = resume(guest)
    assert ended.code == 0, ended.errors
    assert "The hook 10-window failed" in guest.tell("journalctl -u ostrov-update-resume -n 20 --no-pager -o cat")
    guest.tell(hook.mend)
    faults.note(hook, "interrupted", ended.seconds, exact=False)
    end = last_of_history(guest)
    assert (end["outcome"], end["new"]) == ("committed", NEXT)
    assert json.loads(guest.tell("cat /var/lib/ostrov/release/state.json"))["installed"] == NEXT
    assert guest.ask(f"test -L {PINNED}").returncode == 1
    back = told(guest, "ostrov rollback --yes --json")
    assert back.code == 0, back.told
    assert guest.ask("systemctl is-active ostrov-llm").stdout.strip() == "inactive"
    guest.tell("systemctl start ostrov-llm")
    found = server.changed("release/backup", "T0", "-0.2.0")
    for fault in faults.FINISHING:
        row = next(row for row in faults.noted() if (row["step"], row["fault"]) == (fault.step, fault.what))
        faults.note(fault, faults.FINISHED, float(row["seconds"]), exact=not found)
    assert not found, "\n".join(found[:40])
    ready(guest)


def test_where_both_releases_cannot_share_the_schema_the_product_pauses_and_comes_back(
    server: Server, breaking: str
) -> None:
    assert "pauses" in server.guest.tell(f"ostrov update check {breaking}")
    goes_wrong(server, faults.PAUSING, breaking)


def test_where_the_old_release_cannot_read_the_schema_the_database_goes_back_too(server: Server, breaking: str) -> None:
    goes_wrong(server, faults.BROKEN, breaking)
    row = next(row for row in faults.noted() if row["fault"] == faults.BROKEN.what)
    figures.record(update_taken_back_with_database_seconds=float(row["seconds"]))


def test_the_page_about_updates_says_what_was_seen(server: Server) -> None:
    seen = [(row["step"], row["fault"], row["outcome"], "yes" if row["exact"] else "NO") for row in faults.noted()]
    assert sorted(seen) == sorted(faults.on_the_page()), "python -m tests.provisioning.faults prints the table"
