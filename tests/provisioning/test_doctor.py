"""The doctor on a real server: nothing is wrong on a fresh one, and each thing that we break is told.

What mends it is typed as docs/troubleshooting.md prints it: a remedy that does not mend is a fault of the page.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.provisioning import figures
from tests.provisioning.breaking import BREAKS, PSQL, Break
from tests.provisioning.conftest import Make
from tests.provisioning.lab.guest import Guest
from tests.provisioning.pages import Typed, Written, steps
from tests.provisioning.reader import BEFORE, DOCS, INSTALL, SERVER, Reader, customer

LIMIT_SECONDS = 15.0
SETTLED_SECONDS = 20.0
PAGE = "troubleshooting.md"


def doctor(guest: Guest, options: str = "") -> dict[str, Any]:
    """What the doctor says, by check; `` holds the head of the report."""
    done = guest.ask(f"ostrov doctor --json --lang en {options}")
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["exit_code"] == done.returncode
    return {"": report} | {finding["id"]: finding for finding in report["findings"]}


def told(report: dict[str, Any], *statuses: str) -> dict[str, str]:
    """The checks that stand so, with what was seen."""
    return {name: each["observed"] for name, each in report.items() if name and each["status"] in statuses}


@pytest.fixture(scope="module")
def person(make: Make, converged: str, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Somebody with an installed server that may be broken, at the controller from which it was installed."""
    guest = make("patient", converged)
    reader = customer(guest, bundle, tmp_path_factory.mktemp("desk"))
    reader.follow(INSTALL, *BEFORE)
    yield reader
    guest.remove()


@pytest.fixture(scope="module")
def patient(person: Reader) -> Guest:
    """That server."""
    return person.servers[SERVER]


def remedy(check: str) -> list[Typed | Written]:
    """What the page tells to type for a check."""
    return [step for step in steps(DOCS / PAGE) if check in step.section.split(", ")]


def test_every_remedy_of_the_page_is_typed_by_a_test() -> None:
    printed = {step.section for step in steps(DOCS / PAGE)}
    typed = {step.section for each in BREAKS if not each.by_hand for step in remedy(each.check)}
    assert printed == typed
    assert all(remedy(each.check) for each in BREAKS if not each.by_hand)


def test_on_a_fresh_server_nothing_is_broken_and_everything_could_be_checked(patient: Guest) -> None:
    report = doctor(patient)
    assert told(report, "fail", "unknown", "skipped") == {}, told(report, "fail", "unknown")
    assert report[""]["server"]
    assert "backup.recent" in told(report, "warn")


def test_it_ends_within_its_time(patient: Guest) -> None:
    began = time.monotonic()
    report = doctor(patient)
    figures.record(doctor_seconds=time.monotonic() - began, doctor_checks=len(report) - 1)
    assert report[""]["seconds"] < LIMIT_SECONDS


@pytest.mark.parametrize("each", BREAKS, ids=lambda each: f"{each.check}: {each.name}")
def test_what_is_broken_is_told_and_mended_by_what_the_page_says(person: Reader, patient: Guest, each: Break) -> None:
    patient.tell(each.broken)
    person.values = {**person.values, "UNIT": "", "FILE": "", "NAME": "", **each.filled}
    try:
        finding = doctor(patient, f"--only {each.check}")[each.check]
        assert (finding["status"], each.seen in finding["observed"]) == (each.status, True), finding["observed"]
        assert finding["remedy"]
        if each.by_hand:
            patient.tell(each.undone)
        for step in [] if each.by_hand else remedy(each.check):
            person.do(step, PAGE)
        after = settled(patient, each)
        assert after["status"] == each.left, after["observed"]
    finally:
        patient.ask(each.undone)


def settled(guest: Guest, each: Break) -> dict[str, Any]:
    """What the doctor says when what was restarted has had a moment to start."""
    end = time.monotonic() + SETTLED_SECONDS
    while True:
        finding: dict[str, Any] = doctor(guest, f"--only {each.check}")[each.check]
        if finding["status"] == each.left or time.monotonic() > end:
            return finding


def test_a_dead_postgresql_is_one_finding_among_those_of_its_own_making(patient: Guest) -> None:
    patient.tell("systemctl stop postgresql@17-main")
    try:
        report = doctor(patient)
    finally:
        patient.tell("systemctl start postgresql@17-main && systemctl start ostrov.target && sleep 5")
    assert "services.postgresql" in told(report, "fail")
    assert not [name for name in told(report, "fail", "unknown") if name.startswith(("database.", "audit.", "backup."))]
    assert "Not checked because of services.postgresql." in set(told(report, "skipped").values())


def test_a_postgresql_that_hangs_does_not_hold_the_doctor_up(patient: Guest) -> None:
    patient.tell("systemctl kill -s STOP postgresql@17-main")
    began = time.monotonic()
    try:
        report = doctor(patient)
        took = time.monotonic() - began
    finally:
        patient.tell("systemctl kill -s CONT postgresql@17-main")
    figures.record(doctor_seconds_with_a_hanging_database=took)
    assert took < LIMIT_SECONDS + 3  # and the way there and back by ssh
    assert "database.answers" in told(report, "fail", "unknown")


def test_a_changed_entry_of_the_audit_is_found_from_the_first_entry_on(patient: Guest) -> None:
    patient.tell("ostrov audit verify")
    patient.tell(f"{PSQL} \"UPDATE audit.entries SET actor = actor || 'x' WHERE seq = 1\"")
    try:
        report = doctor(patient, "--deep --only audit.chain")
    finally:
        patient.tell(f'{PSQL} "UPDATE audit.entries SET actor = left(actor, -1) WHERE seq = 1"')
    assert "entry 1 was changed after it was written" in report["audit.chain"]["observed"]
    assert doctor(patient, "--deep --only audit.chain")["audit.chain"]["status"] == "ok"


def test_without_rights_it_says_what_it_could_not_check_and_does_not_crash(patient: Guest) -> None:
    done = patient.ask("cd / && runuser -u nobody -- ostrov doctor --json --lang en")
    report = json.loads(done.stdout)
    assert done.returncode in {2, 3}
    unknown = [each for each in report["findings"] if each["status"] == "unknown"]
    assert "sudo ostrov doctor" in {word for each in unknown for word in each["remedy"].split(": ")}
    assert "Traceback" not in done.stderr


def test_it_leaves_the_server_as_it_was(patient: Guest) -> None:
    rules = "nft list ruleset | sed 's/packets.*//;s/ expires.*//' | grep -v 198.51.100"
    look = f"{rules}; systemctl list-unit-files --no-pager 'ostrov*'"
    before = patient.tell(look)
    doctor(patient)
    assert patient.tell(look) == before
