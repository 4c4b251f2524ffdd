"""A machine or an inventory that is not fit is refused before anything is touched, in words that say what to do."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.provisioning.conftest import Make
from tests.provisioning.lab import bundles, playbooks
from tests.provisioning.lab.guest import Guest
from tests.provisioning.lab.playbooks import DOMAIN
from tests.provisioning.reader import DOCS, INSTALL

REFUSED_SECONDS = 120
"""A run that has not refused by then, on a busy machine, has begun to install."""
NO_ROOM, WRONG_KEY = "an installation needs … MB there", "is not the key of the first certificate"
LATER = {"would not enforce IPAddressDeny="}
"""Rows of docs/install.md that need a machine that the lab does not have."""


def rows() -> set[str]:
    """What docs/install.md says that a run may say when it refuses."""
    table = (DOCS / INSTALL).read_text(encoding="utf-8").partition("## When a run refuses")[2]
    return set(re.findall(r'^\| "(.+?)" \|', table, re.MULTILINE))


@pytest.fixture(scope="module")
def bare(make: Make, bundle: Path) -> Iterator[Guest]:
    """A bare server that no test may change: what refuses must not have touched it."""
    guest = make("bare")
    yield guest
    assert guest.ask("ls -d /etc/ostrov /opt/ostrov /var/lib/ostrov").stdout == ""
    guest.remove()


@dataclass(frozen=True)
class Case:
    """A fault of the machine, made and mended by a command, or of the inventory, and words of the refusal."""

    words: tuple[str, ...]
    fault: str = "true"
    mend: str = "true"
    variables: tuple[tuple[str, object], ...] = ()
    row: str = ""


CASES = {
    "another system": Case(
        ("Debian GNU/Linux 12", "install that on the machine"),
        row="The appliance is made for Debian 13",
        fault="cp --remove-destination /etc/os-release /root/os-release && rm /etc/os-release && "
        'sed \'s/13 (trixie)/12 (bookworm)/;s/"13"/"12"/\' /root/os-release >/etc/os-release',
        mend="ln -sf ../usr/lib/os-release /etc/os-release",
    ),
    "a clock an hour ahead": Case(
        ("ahead of", "base_time_servers"),
        row="The clock of … is … seconds",
        fault="mv /usr/bin/date /usr/bin/date.true && printf '#!/bin/sh\\n"
        '[ "$1" = +%%s ] && exec echo $(($(date.true +%%s) + 3600))\\nexec date.true "$@"\\n\' >/usr/bin/date && '
        "chmod 755 /usr/bin/date",
        mend="mv /usr/bin/date.true /usr/bin/date",
    ),
    "port 443 taken": Case(
        ("taken by python3", "ss -tlnp"),
        row="the port 443 is taken by",
        fault="systemd-run --collect --unit=stranger python3 -m http.server 443 && sleep 1",
        mend="systemctl stop stranger",
    ),
    "no graphics card": Case(
        ("ostrov_profile: cpu",),
        row="there is no NVIDIA card",
        variables=(("ostrov_profile", "gpu"), ("preflight_memory_megabytes", {"cpu": 1, "gpu": 1})),
    ),
    "too little memory": Case(
        ("MB of memory", "Add memory"), variables=(("preflight_memory_megabytes", {"cpu": 10**9, "gpu": 10**9}),)
    ),
    "a profile that does not exist": Case(("profile", "turbo"), variables=(("ostrov_profile", "turbo"),)),
    "a LAN that is not a network": Case(("ostrov_lan", "office"), variables=(("ostrov_lan", ["office"]),)),
    "a LAN without this controller": Case(
        ("198.18.77.1", "nftables_ssh_from"),
        row="would lock it out",
        variables=(("ostrov_lan", ["192.168.250.0/24"]),),
    ),
    "a list where a word belongs": Case(("ostrov_domain",), variables=(("ostrov_domain", ["a", "b"]),)),
    "a domain with a space": Case(("ostrov_domain", "crm of ours"), variables=(("ostrov_domain", "crm of ours"),)),
    "nobody trusted": Case(("ostrov_trusted_keys",), variables=(("ostrov_trusted_keys", []),)),
    "a signature by a stranger": Case(
        ("refused",),
        row="The bundle … is refused",
        variables=(
            (
                "ostrov_trusted_keys",
                ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1a0gJm1mUxWXVLZXCMnKtlhYJ9bLrsB3C1uTUsHf2q stranger"],
            ),
        ),
    ),
    "no such bundle": Case(("ostrov_bundle", "/nowhere.bundle"), variables=(("ostrov_bundle", "/nowhere.bundle"),)),
    "a certificate without its key": Case(
        ("ostrov_certificate_key", "not set"), variables=(("ostrov_certificate", "/etc/hostname"),)
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_refused_in_words_that_help(bare: Guest, bundle: Path, name: str) -> None:
    case = CASES[name]
    bare.tell(case.fault)
    try:
        played = refused(bare, bundle, **dict(case.variables))
    finally:
        bare.tell(case.mend)
    for words in case.words:
        assert words in said(played), played.failures()
    assert shows(played, case.row)


def test_every_refusal_that_the_page_explains_is_one_that_comes() -> None:
    assert rows() == {case.row for case in CASES.values() if case.row} | {NO_ROOM, WRONG_KEY} | LATER


def shows(played: playbooks.Played, row: str) -> bool:
    """Whether a run says what a row of the page says, … standing for anything."""
    pattern = ".*".join(re.escape(part) for part in row.split("…"))
    return re.search(pattern, said(played)) is not None


def refused(guest: Guest, bundle: Path, **variables: object) -> playbooks.Played:
    """A run that ended with a failure."""
    given = {"ostrov_bundle": str(bundle), "ostrov_trusted_keys": bundles.trusted(), **variables}
    played = playbooks.play([guest], "site.yml", seconds=REFUSED_SECONDS, **given)
    assert played.code != 0, f"it went on: {played.output[-3000:]}"
    assert played.changed == 0, played.changes
    return played


def said(played: playbooks.Played) -> str:
    """The output on one line: Ansible breaks long messages."""
    return " ".join(played.failures().split())


def test_a_disk_without_room_is_refused(make: Make, bundle: Path) -> None:
    guest = make("small", "ready", "--tmpfs=/opt:size=200M")
    try:
        played = refused(guest, bundle)
        assert "/opt" in said(played)
        assert shows(played, NO_ROOM)
    finally:
        guest.remove()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates and keys of a company: `one` and `other` for the server, `foreign` for another name."""
    folder = tmp_path_factory.mktemp("company")
    for name, domain in (("one", DOMAIN), ("other", DOMAIN), ("foreign", "crm.elsewhere.test")):
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
                *("-days", "90", "-subj", f"/CN={domain}", "-addext", f"subjectAltName=DNS:{domain}"),
                *("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"),
            ],
            check=True,
            capture_output=True,
        )
    return folder


@pytest.mark.parametrize(
    ("files", "told"), [(("one", "other"), WRONG_KEY), (("foreign", "foreign"), "crm.elsewhere.test")]
)
def test_a_certificate_that_does_not_fit_is_refused(
    bare: Guest, bundle: Path, certificates: Path, files: tuple[str, str], told: str
) -> None:
    certificate, key = files
    played = refused(
        bare,
        bundle,
        ostrov_certificate=str(certificates / f"{certificate}.pem"),
        ostrov_certificate_key=str(certificates / f"{key}.key"),
    )
    assert shows(played, told), said(played)


def test_a_bundle_with_one_changed_byte_is_refused(bare: Guest, bundle: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / bundle.name
    spoilt.write_bytes(bundle.read_bytes())
    with spoilt.open("r+b") as file:
        file.seek(spoilt.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    assert "refused" in said(refused(bare, spoilt))
