"""The doctor on a real server: nothing wrong on a fresh one, and each thing that we break is told with its remedy."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.provisioning import figures
from tests.provisioning.conftest import Make
from tests.provisioning.lab.guest import Guest

LIMIT_SECONDS = 15.0
PSQL = "cd / && runuser -u postgres -- psql -XAtq -d ostrov -c"
DROP_IN = "/run/systemd/system/ostrov-worker.service.d"


@dataclass(frozen=True)
class Break:
    """What is typed to break a server, which check tells of it and how, and what mends it."""

    check: str
    name: str
    broken: str
    seen: str
    mended: str
    status: str = "fail"


BREAKS = (
    Break("services.worker", "a unit is stopped", "systemctl stop ostrov-worker",
          "ostrov-worker.service is inactive/dead", "systemctl start ostrov-worker"),
    Break("services.nginx", "a unit is disabled", "systemctl disable -q nginx",
          "would not after a reboot", "systemctl enable -q nginx", "warn"),
    Break("services.failed", "a unit of another fails", "systemd-run -q --unit=foreign false; sleep 1",
          "foreign.service", "systemctl reset-failed foreign", "warn"),
    Break("services.ports", "another program takes the port of an engine",
          "systemctl stop ostrov-speech; "
          "systemd-run -q --unit=thief python3 -m http.server --bind 127.0.0.1 8093; sleep 2",
          "tcp/8093 127.0.0.1 (python3)", "systemctl stop thief; systemctl start ostrov-speech"),
    Break("services.release", "an update was broken off",
          """echo '{"at":"2026-11-22T03:00","event":"intent","step":"migrate"}' """
          ">/var/lib/ostrov/release/journal/29991231.jsonl",
          "step migrate, intent", "rm /var/lib/ostrov/release/journal/29991231.jsonl"),
    Break("egress.policy", "the rules are flushed", "nft flush ruleset",
          "There is no table inet ostrov", "nft -f /etc/nftables.conf"),
    Break("egress.rules", "a rule is added by hand",
          "nft insert rule inet ostrov output ip daddr 203.0.113.10 accept",
          "not shipped: rule output", "nft -f /etc/nftables.conf"),
    Break("egress.units", "a unit is given the network",
          f"mkdir -p {DROP_IN}; printf '[Service]\\nIPAddressDeny=\\n' >{DROP_IN}/x.conf; systemctl daemon-reload",
          "ostrov-worker.service may go anywhere", f"rm -r {DROP_IN}; systemctl daemon-reload"),
    Break("egress.listeners", "something listens to the LAN",
          "systemd-run -q --unit=open python3 -m http.server 8099; sleep 2",
          "tcp/8099 0.0.0.0 (python3)", "systemctl stop open"),
    Break("database.roles", "a role is given a power", f"{PSQL} 'ALTER ROLE ostrov_web BYPASSRLS'",
          "ostrov_web: BYPASSRLS", f"{PSQL} 'ALTER ROLE ostrov_web NOBYPASSRLS'"),
    Break("database.restart", "a setting waits for a restart",
          f"{PSQL} 'ALTER SYSTEM SET max_connections = 71' -c 'SELECT pg_reload_conf()'; sleep 1",
          "max_connections",
          f"{PSQL} 'ALTER SYSTEM RESET max_connections' -c 'SELECT pg_reload_conf()'; sleep 1"),
    Break("audit.rights", "the web application may change the audit",
          f"{PSQL} 'GRANT UPDATE ON audit.entries TO ostrov_web'",
          "ostrov_web: UPDATE", f"{PSQL} 'REVOKE UPDATE ON audit.entries FROM ostrov_web'"),
    Break("security.secrets", "a secret may be read by all", "chmod 644 /etc/ostrov/secrets/gateway_key",
          "/etc/ostrov/secrets/gateway_key has mode 0644", "chmod 400 /etc/ostrov/secrets/gateway_key"),
    Break("security.files", "a file of the release may be written by others",
          "chmod o+w /opt/ostrov/current/manifest.json",
          "manifest.json", "chmod o-w /opt/ostrov/current/manifest.json"),
    Break("security.ssh", "passwords are allowed",
          "echo 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/00-mine.conf",
          "passwordauthentication yes", "rm /etc/ssh/sshd_config.d/00-mine.conf", "warn"),
    Break("security.certificate", "the server is given another name",
          "sed -i.before 's/^OSTROV_DOMAIN=.*/OSTROV_DOMAIN=other.lab.test/' /etc/ostrov/common.env",
          "It is not for other.lab.test", "mv /etc/ostrov/common.env.before /etc/ostrov/common.env"),
    Break("security.exposure", "a drop-in loosens a unit",
          f"mkdir -p {DROP_IN}; printf '[Service]\\nProtectSystem=no\\nPrivateDevices=no\\nSystemCallFilter=\\n"
          f"CapabilityBoundingSet=~\\nRestrictAddressFamilies=\\n' >{DROP_IN}/x.conf; systemctl daemon-reload",
          "ostrov-worker.service: ", f"rm -r {DROP_IN}; systemctl daemon-reload"),
    Break("security.waivers", "a waiver has run out",
          """printf '[[waiver]]\\nid = "security.ssh"\\nreason = "a ticket"\\nexpires = 2020-01-01\\n' """
          ">/etc/ostrov/doctor-waivers.toml",
          "security.ssh: it ran out on 2020-01-01", "rm /etc/ostrov/doctor-waivers.toml", "warn"),
    Break("security.packages", "a bundle brings a newer package",
          "mkdir -p /var/lib/ostrov/bundles/9.9.9/apt; "
          "printf 'Package: nginx\\nVersion: 99.0\\n' >/var/lib/ostrov/bundles/9.9.9/apt/Packages",
          "-> 99.0", "rm -r /var/lib/ostrov/bundles/9.9.9", "warn"),
)  # fmt: skip


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
def patient(make: Make, converged: str) -> Iterator[Guest]:
    """An installed server that may be broken."""
    guest = make("patient", converged)
    yield guest
    guest.remove()


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
def test_what_is_broken_is_told_and_when_mended_it_is_well(patient: Guest, each: Break) -> None:
    patient.tell(each.broken)
    try:
        finding = doctor(patient, f"--only {each.check}")[each.check]
    finally:
        patient.tell(each.mended)
    assert (finding["status"], each.seen in finding["observed"]) == (each.status, True), finding["observed"]
    assert finding["remedy"]
    assert told(doctor(patient, f"--only {each.check}"), "fail", "unknown") == {}


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
