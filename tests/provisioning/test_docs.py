"""The pages about the server are followed literally, from the first line to the removal of everything."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.provisioning import figures
from tests.provisioning.conftest import GIVEN, Make
from tests.provisioning.lab.browser import Browser
from tests.provisioning.lab.guest import Guest
from tests.provisioning.pages import Written, steps
from tests.provisioning.reader import BEFORE, DOCS, INSTALL, INSTALLING, SERVER, Reader, customer

FOLLOWED = (
    *BEFORE,
    INSTALLING,
    "4. See that nothing is left to do",
    "5. The first account",
    "6. Let browsers trust the server",
    "7. Sign in",
    "Keep these safe",
    "Later",
    "Removing it",
)
OURS = """
find / -xdev \\( -path /proc -o -path /sys -o -path /var/log/journal \\) -prune -o -iname '*ostrov*' -print
grep -rIil --exclude='*-' ostrov /etc /usr/local /usr/lib/systemd || true
getent passwd | grep ostrov; getent group | grep ostrov
systemctl list-units --all --plain --no-legend 'ostrov*'
nft list tables; ss -Hltn | awk '{print $4}' | grep -v ':22$'
true
"""
"""Everything by which one could tell that the appliance was here, but for the system's own copies (/etc/passwd-)."""
KEPT = """
test ! -e /opt/ostrov && test ! -e /usr/local/bin/ostrov
sha256sum /etc/ostrov/secrets/*
stat --format '%n %U %G %a' /var/lib/ostrov/files
test -f /var/lib/postgresql/17/main/PG_VERSION && echo the database
id ostrov-web >/dev/null && echo the accounts
"""


@pytest.fixture(scope="module")
def person(
    request: pytest.FixtureRequest, make: Make, converged: str, bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    """Whoever installed the session's server goes on with a copy of it; with one that was given, anew."""
    guest, desk = make("reader", converged), tmp_path_factory.mktemp("desk")
    if GIVEN:
        reader = customer(guest, bundle, desk)
        reader.follow(INSTALL, *BEFORE, INSTALLING)
    else:
        first: Reader = request.getfixturevalue("installation").person
        reader = first.moved({SERVER: guest}, desk, **{"192.0.2.10": guest.address})
        reader.follow(INSTALL, BEFORE[0])
        reader.follow(INSTALL, BEFORE[-1], only=lambda step: isinstance(step, Written) and "hosts" in step.path)
    yield reader
    guest.remove()


@pytest.fixture(scope="module")
def guest(person: Reader) -> Guest:
    """That server."""
    return person.servers[SERVER]


def test_no_section_that_tells_to_type_is_left_out() -> None:
    assert tuple(dict.fromkeys(step.section for step in steps(DOCS / INSTALL))) == FOLLOWED


def test_a_run_on_a_finished_server_changes_nothing(person: Reader) -> None:
    second, dry = person.follow(INSTALL, "4. See that nothing is left to do")
    figures.record(second_run_by_the_page_seconds=second.seconds, dry_run_by_the_page_seconds=dry.seconds)


def test_the_first_account_opens_the_crm(person: Reader, guest: Guest) -> None:
    (made,) = person.follow(INSTALL, "5. The first account")
    (shown,) = person.follow(INSTALL, "6. Let browsers trust the server")
    with Browser(guest) as browser:
        assert browser.sign_in("anna", made.output.split()[-1]).url.path == "/profile"
        told = browser.get(f"http://{browser.base_url.host}/trust")
    assert told.status_code == httpx.codes.OK
    assert shown.output.strip().partition("=")[2] in told.text


def test_the_server_is_well(person: Reader) -> None:
    person.follow(INSTALL, "7. Sign in")


def test_the_safety_copy_is_opened_by_its_keepers_key(person: Reader, guest: Guest) -> None:
    person.follow(INSTALL, "Keep these safe")
    copy = person.desk / "srv/ostrov/provisioning/inventories/company/escrow/crm.tar.age"
    guest.tell("umask 077; cat >/root/keeper", given=(person.desk / "ssh/id_ed25519").read_text())
    guest.tell("base64 -d >/root/copy.age", given=_base64(copy))
    inside = guest.tell("age --decrypt -i /root/keeper /root/copy.age | tar -t; rm /root/keeper /root/copy.age")
    for name in ("gateway_key", "secret_key", "backup_passphrase", "private"):
        assert name in inside, inside


def test_what_is_needed_later_works_as_it_is_printed(person: Reader, guest: Guest) -> None:
    before = guest.tell("cat /etc/ostrov/secrets/gateway_key /etc/ostrov/secrets/secret_key").split()
    person.follow(INSTALL, "Later")
    after = guest.tell("cat /etc/ostrov/secrets/gateway_key /etc/ostrov/secrets/secret_key").split()
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, True]
    report = guest.tell("ostrov doctor --only services,ai --lang en; test $? -le 1")
    assert "FAIL" not in report


def test_removing_it_keeps_what_is_promised_and_then_leaves_nothing(person: Reader, guest: Guest) -> None:
    before = guest.tell(KEPT.replace("test ! -e", "test -e"))
    keeping, removing = (step for step in steps(DOCS / INSTALL) if step.section == "Removing it")
    person.do(keeping, INSTALL)
    assert guest.tell(KEPT) == before
    done = person.do(removing, INSTALL)
    figures.record(decommission_seconds=done.seconds)
    assert guest.tell(OURS) == ""


def _base64(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
