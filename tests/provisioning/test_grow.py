"""docs/scale-out.md, followed literally: one machine becomes two, the first loses its power and comes back.

Nothing that anybody was shown as saved is lost. The second machine is a snapshot of an installed server without its
database, its keys and its weights, so that only what growth changes is paid for; three bare machines are in
test_grow_three.py.
"""

from __future__ import annotations

import json
import shlex
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.provisioning import figures
from tests.provisioning.conftest import Make
from tests.provisioning.grow.clusters import until
from tests.provisioning.grow.growing import EMPTY, FIRST, Clerk, controller, kept, psql
from tests.provisioning.lab import network
from tests.provisioning.lab.browser import Browser, authority
from tests.provisioning.lab.guest import Guest
from tests.provisioning.lab.playbooks import Played
from tests.provisioning.pages import steps
from tests.provisioning.reader import DOCS, Reader

PAGE = "scale-out.md"
GROWING, LOSS, RETURN = "From one machine to two", "The first machine is lost", "The old machine comes back"
RECORDING = Path(__file__).resolve().parents[1] / "recordings/en-complaint.ogg"
UNDERSTOOD_SECONDS = 600
KNOCK = """
import http.client, json, ssl, sys
address, certificate, key = sys.argv[1:]
files = "/etc/ostrov/interconnect"
context = ssl.create_default_context(cafile=f"{files}/ca.crt")
if certificate:
    context.load_cert_chain(f"{files}/{certificate}.crt", f"{files}/{certificate}.key")
door = http.client.HTTPSConnection(address, 8443, timeout=5, context=context)
headers = {"Authorization": "Bearer " + open("/etc/ostrov/secrets/gateway_key").read().strip()} if key else {}
door.request("GET", "/v1/models", headers=headers)
print(door.getresponse().status)
"""


@dataclass(frozen=True)
class Grown:
    """Two machines, whoever grew them, and what a person had before."""

    first: Guest
    second: Guest
    reader: Reader
    authority: str
    token: str

    def open(self) -> Browser:
        """The CRM, as a browser that trusts the appliance of before, and nobody else."""
        return Browser(self.second, trusted=self.authority)


@pytest.fixture(scope="module")
def grown(make: Make, converged: str, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grown]:
    """An appliance with a person and a recording in it, grown by the page."""
    first, second = make("grow1", converged), make("grow2", converged)
    second.tell(EMPTY)
    first.tell("ostrov user create --admin anna")
    token = first.tell("ostrov token create --user anna").split()[-1]
    first.tell("runuser -u ostrov-web -- sh -c 'echo sound >/var/lib/ostrov/files/before'")
    reader = controller(first, second, bundle, tmp_path_factory.mktemp("desk"))
    trusted = authority(first)
    done = reader.follow(PAGE, GROWING)
    figures.record(one_machine_to_two_seconds=max(step.seconds for step in done))
    yield Grown(first, second, reader, trusted, token)
    first.remove()
    second.remove()


def test_no_section_that_tells_to_type_is_left_out() -> None:
    assert tuple(dict.fromkeys(step.section for step in steps(DOCS / PAGE))) == (GROWING, LOSS, RETURN)


def test_each_machine_carries_its_own_parts_and_nothing_of_the_other(grown: Grown) -> None:
    ours = "systemctl list-units --state=active --plain --no-legend 'ostrov*.service' nginx.service | cut -d' ' -f1"
    first, second = (set(guest.tell(ours).split()) for guest in (grown.first, grown.second))
    assert {"ostrov-gateway.service", "ostrov-gateway-door.service", "ostrov-embed.service"} <= first
    assert not {"nginx.service", "ostrov-worker.service"} & first
    assert {"nginx.service", "ostrov-worker.service"} <= second
    assert not {"ostrov-gateway.service", "ostrov-embed.service", "ostrov-llm.service"} & second
    assert not [unit for unit in first if unit.startswith("ostrov-web@")]
    assert [unit for unit in second if unit.startswith("ostrov-web@")]


def test_people_find_what_they_had_under_the_certificate_that_they_trust(grown: Grown) -> None:
    with grown.open() as browser:
        answer = browser.get("/api/v1/people", headers={"Authorization": f"Bearer {grown.token}"})
    assert answer.status_code == httpx.codes.OK, answer.text
    assert grown.second.tell("stat -c '%U %G' /var/lib/ostrov/files/before").split() == ["ostrov-web", "ostrov-files"]


@pytest.mark.parametrize(
    ("certificate", "key", "status"),
    [("ostrov-web", "key", "200"), ("ostrov-web", "", "401"), ("ostrov-replica", "key", "403"), ("", "key", "400")],
)
def test_the_door_of_the_gateway_lets_in_services_that_ask_models_alone(
    grown: Grown, certificate: str, key: str, status: str
) -> None:
    words = shlex.join([grown.first.address, certificate, key])
    assert grown.second.tell(f"python3 -c {shlex.quote(KNOCK)} {words}").strip() == status


def test_the_staff_reach_neither_the_database_nor_the_door_nor_pages_that_have_moved(grown: Grown) -> None:
    for guest, port in ((grown.first, 5432), (grown.second, 5432), (grown.first, 8443), (grown.first, 443)):
        with network.on_lan(), pytest.raises(TimeoutError):
            socket.create_connection((guest.address, port), 1)


def test_a_call_that_one_machine_takes_in_is_understood_by_models_of_the_other(grown: Grown) -> None:
    if grown.first.ask("ls /var/lib/ostrov/models/*/*/*.gguf").returncode:
        pytest.skip("the bundle brought no model")
    headers = {"Authorization": f"Bearer {grown.token}"}
    with grown.open() as browser:
        with RECORDING.open("rb") as recording:
            sent = browser.post(
                "/api/v1/communications",
                headers=headers,
                data={"kind": "call", "occurred_at": "2026-11-19T15:05:00+03:00"},
                files={"recording": (RECORDING.name, recording)},
            )
        assert sent.status_code == httpx.codes.ACCEPTED, sent.text
        began = time.monotonic()
        while (call := browser.get(sent.headers["location"], headers=headers).json())["state"] != "understood":
            assert call["state"] != "failed", call
            assert time.monotonic() - began < UNDERSTOOD_SECONDS, call
            time.sleep(1)
    figures.record(call_understood_by_another_machine_seconds=time.monotonic() - began)
    assert "Helen Carter" in [proposal["value"] for proposal in call["proposals"] if proposal["field"] == "person"]


def test_the_doctor_finds_nothing_broken_on_either_machine(grown: Grown) -> None:
    for guest in (grown.first, grown.second):
        told = json.loads(guest.ask("ostrov doctor --json").stdout)
        broken = [finding for finding in told["findings"] if finding["status"] in {"fail", "error"}]
        assert broken == [], (guest.name, broken)


def test_no_client_that_was_shown_as_saved_is_lost_with_the_first_machine(grown: Grown) -> None:
    first, second, reader = grown.first, grown.second, grown.reader
    with grown.open() as browser, Clerk(browser, grown.token) as clerk:
        until(lambda: len(clerk.saved) > 30, "thirty clients", seconds=60)
        first.power_off()
        lost_at, before = time.monotonic(), len(clerk.saved)
        refused, promoted = reader.follow(PAGE, LOSS)
        figures.record(promotion_seconds=promoted.seconds, refusal_to_promote_seconds=refused.seconds)
        until(lambda: len(clerk.saved) > before + 30, "clients after the promotion", seconds=60)
        figures.record(loss_to_next_saved_client_seconds=clerk.at[before] - lost_at)
        assert set(clerk.saved) <= kept(second)

        first.boot()
        assert first.ask("systemctl is-active postgresql@17-main").stdout.strip() == "inactive", "two take writes"
        assert "rejoin.yml" in first.tell("journalctl --boot --unit postgresql@17-main --output cat")
        done = reader.follow(PAGE, RETURN)
        rejoined, agreed = done[-2:]
        figures.record(rejoin_seconds=rejoined.seconds, clients_saved_through_a_loss=len(clerk.saved))
        until(lambda: len(clerk.saved) > before + 60, "clients with both machines again", seconds=60)
    assert set(clerk.saved) <= kept(second)
    until(lambda: kept(first) == kept(second), "the same clients on both machines")
    assert psql(second, "SELECT application_name, sync_state FROM pg_stat_replication") == [f"{FIRST}|quorum"]
    changes = Played(agreed.code, agreed.output, agreed.seconds).changes
    assert changes == [], changes


def test_models_answer_again_from_the_machine_that_came_back(grown: Grown) -> None:
    words = shlex.join([grown.first.address, "ostrov-web", "key"])
    assert grown.second.tell(f"python3 -c {shlex.quote(KNOCK)} {words}").strip() == "200"
