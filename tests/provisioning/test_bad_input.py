"""A machine or an inventory that is not fit is refused before anything is touched, in words that say what to do."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.provisioning.conftest import Make
from tests.provisioning.lab import bundles, playbooks
from tests.provisioning.lab.guest import Guest
from tests.provisioning.lab.playbooks import DOMAIN


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


CASES = {
    "another system": Case(
        ("Debian GNU/Linux 12", "made for Debian 13"),
        fault="cp --remove-destination /etc/os-release /root/os-release && rm /etc/os-release && "
        'sed \'s/13 (trixie)/12 (bookworm)/;s/"13"/"12"/\' /root/os-release >/etc/os-release',
        mend="ln -sf ../usr/lib/os-release /etc/os-release",
    ),
    "a clock an hour ahead": Case(
        ("The clock of", "ahead of", "base_time_servers"),
        fault="mv /usr/bin/date /usr/bin/date.true && printf '#!/bin/sh\\n"
        '[ "$1" = +%%s ] && exec echo $(($(date.true +%%s) + 3600))\\nexec date.true "$@"\\n\' >/usr/bin/date && '
        "chmod 755 /usr/bin/date",
        mend="mv /usr/bin/date.true /usr/bin/date",
    ),
    "port 443 taken": Case(
        ("443", "taken by python3", "ss -tlnp"),
        fault="systemd-run --collect --unit=stranger python3 -m http.server 443 && sleep 1",
        mend="systemctl stop stranger",
    ),
    "no graphics card": Case(
        ("no NVIDIA card", "ostrov_profile: cpu"),
        variables=(("ostrov_profile", "gpu"), ("preflight_memory_megabytes", {"cpu": 1, "gpu": 1})),
    ),
    "too little memory": Case(
        ("MB of memory", "Add memory"), variables=(("preflight_memory_megabytes", {"cpu": 10**9, "gpu": 10**9}),)
    ),
    "a profile that does not exist": Case(("profile", "turbo"), variables=(("ostrov_profile", "turbo"),)),
    "a LAN that is not a network": Case(("ostrov_lan", "office"), variables=(("ostrov_lan", ["office"]),)),
    "a list where a word belongs": Case(("ostrov_domain",), variables=(("ostrov_domain", ["a", "b"]),)),
    "a domain with a space": Case(("ostrov_domain", "crm of ours"), variables=(("ostrov_domain", "crm of ours"),)),
    "nobody trusted": Case(("ostrov_trusted_keys",), variables=(("ostrov_trusted_keys", []),)),
    "a signature by a stranger": Case(
        ("refused",),
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


def refused(guest: Guest, bundle: Path, **variables: object) -> playbooks.Played:
    """A run that ended with a failure."""
    given = {"ostrov_bundle": str(bundle), "ostrov_trusted_keys": bundles.trusted(), **variables}
    played = playbooks.play([guest], "site.yml", **given)
    assert played.code != 0, f"it went on: {played.output[-3000:]}"
    assert played.changed == 0, played.changes
    return played


def said(played: playbooks.Played) -> str:
    """The output on one line: Ansible breaks long messages."""
    return " ".join(played.failures().split())


def test_a_disk_without_room_is_refused(make: Make, bundle: Path) -> None:
    guest = make("small", "ready", "--tmpfs=/opt:size=200M")
    try:
        message = said(refused(guest, bundle))
        assert "/opt" in message
        assert "an installation needs" in message
    finally:
        guest.remove()


def test_a_certificate_that_does_not_fit_its_key_is_refused(bare: Guest, bundle: Path, tmp_path: Path) -> None:
    for name in ("one", "other"):
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
                *("-days", "90", "-subj", f"/CN={DOMAIN}", "-addext", f"subjectAltName=DNS:{DOMAIN}"),
                *("-keyout", tmp_path / f"{name}.key", "-out", tmp_path / f"{name}.pem"),
            ],
            check=True,
            capture_output=True,
        )
    played = refused(
        bare,
        bundle,
        ostrov_certificate=str(tmp_path / "one.pem"),
        ostrov_certificate_key=str(tmp_path / "other.key"),
    )
    assert "key" in said(played)


def test_a_bundle_with_one_changed_byte_is_refused(bare: Guest, bundle: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / bundle.name
    spoilt.write_bytes(bundle.read_bytes())
    with spoilt.open("r+b") as file:
        file.seek(spoilt.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    assert "refused" in said(refused(bare, spoilt))
