"""A waiver holds for one finding, for a reason, until a day; any other waives nothing and is a finding."""

from datetime import UTC, date, datetime

import pytest

from appliance.doctor.commands import exit_code
from appliance.doctor.result import Status
from appliance.doctor.waivers import apply, read_waivers

FILE = "/etc/ostrov/doctor-waivers.toml"
TODAY = date(2026, 11, 22)


@pytest.fixture
def weak(server):
    """A server that lets passwords in by ssh, on a known day."""
    server.change("/usr/sbin/sshd -T", "passwordauthentication no", "passwordauthentication yes")
    server.machine.moment = datetime(2026, 11, 22, tzinfo=UTC)
    return server


def waive(server, **fields: object) -> None:
    lines = [f"{name} = {value}" for name, value in fields.items()]
    server.write(FILE, "\n".join(["[[waiver]]", *lines, ""]))


def looked_at(server, check: str):
    host = server.host()
    (finding,) = apply([server.one(check)], host.waivers)
    return finding


def test_a_waived_finding_is_shown_with_its_reason_and_does_not_count(weak):
    waive(weak, id='"security.ssh"', reason='"until the tokens arrive"', expires="2027-01-31")
    finding = looked_at(weak, "security.ssh")
    assert finding.status is Status.WAIVED
    assert finding.as_json("en")["waiver"] == {"reason": "until the tokens arrive", "expires": "2027-01-31"}
    assert "passwordauthentication yes" in finding.observed.en
    assert exit_code([finding]) == 0
    assert weak.one("security.waivers").status is Status.OK


def test_a_waiver_for_what_is_well_leaves_it_well(weak):
    waive(weak, id='"security.files"', reason='"why not"', expires="2027-01-31")
    assert looked_at(weak, "security.files").status is Status.OK


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"id": '"security.ssh"', "expires": "2027-01-31"}, "security.ssh: it has no reason"),
        ({"id": '"security.ssh"', "reason": '" "', "expires": "2027-01-31"}, "it has no reason"),
        ({"id": '"security.ssh"', "reason": '"a"'}, "it has no day"),
        ({"id": '"security.ssh"', "reason": '"a"', "expires": '"soon"'}, "it has no day"),
        ({"id": '"security.ssh"', "reason": '"a"', "expires": "2026-11-21"}, "it ran out on 2026-11-21"),
        ({"id": '"security.ssh"', "reason": '"a"', "expires": "2036-01-01"}, "more than a year away"),
        ({"id": '"security.shh"', "reason": '"a"', "expires": "2027-01-31"}, "there is no such check"),
        ({"id": '"security.waivers"', "reason": '"a"', "expires": "2027-01-31"}, "there is no such check"),
        ({"reason": '"a"', "expires": "2027-01-31"}, "#1: there is no such check"),
    ],
)
def test_a_waiver_that_is_not_whole_waives_nothing_and_is_a_finding(weak, fields, words):
    waive(weak, **fields)
    assert looked_at(weak, "security.ssh").status is Status.WARN
    finding = weak.one("security.waivers")
    assert finding.status is Status.WARN
    assert words in finding.observed.en


@pytest.mark.parametrize("text", ["[[waiver]\n", "waiver = 3\n", "[waiver]\nid = 'x'\n", "\x00"])
def test_a_file_that_cannot_be_read_is_a_finding_and_not_a_crash(weak, text):
    weak.write(FILE, text)
    assert weak.one("security.waivers").status is Status.WARN
    assert looked_at(weak, "security.ssh").status is Status.WARN


def test_the_last_day_still_counts(tmp_path):
    path = tmp_path / "waivers.toml"
    path.write_text('[[waiver]]\nid = "a.b"\nreason = "r"\nexpires = 2026-11-22\n')
    assert read_waivers(path, TODAY, {"a.b"}).of("a.b") is not None
