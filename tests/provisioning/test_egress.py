"""Nothing gets out: tried from inside, with a listener outside that does answer when the rules are taken away."""

from __future__ import annotations

import json
import shlex
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.provisioning.conftest import Make
from tests.provisioning.lab import network
from tests.provisioning.lab.guest import Guest

PORT = 8443
CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), 2).close()
    print("connected")
except OSError as refused:
    print(f"refused: {refused}")
"""


@pytest.fixture(scope="module")
def outside(lab: None) -> Iterator[None]:
    """Somebody beyond the LAN who takes every call, over IPv4 and IPv6."""
    network.make_lan()
    with (
        network.on_lan(),
        closing(socket.create_server(("::", PORT), family=socket.AF_INET6, dualstack_ipv6=True)) as door,
    ):

        def take_calls() -> None:
            try:
                while True:
                    door.accept()[0].close()
            except OSError:
                return

        threading.Thread(target=take_calls, daemon=True).start()
        yield
        door.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def trial(make: Make, converged: str, outside: None) -> Iterator[Guest]:
    """A server whose rules may be taken away."""
    guest = make("egress", converged)
    yield guest
    guest.remove()


def attempt(guest: Guest, address: str, *, wrapped: str = "{}") -> str:
    """What a program on the server gets that calls an address outside."""
    return guest.tell(wrapped.format(f"python3 -c {shlex.quote(CONNECT)} {address} {PORT}"))


def denied(guest: Guest) -> int:
    """Packets that were refused on their way out."""
    listed = json.loads(guest.tell("nft -j list counters"))["nftables"]
    counters = {entry["counter"]["name"]: entry["counter"]["packets"] for entry in listed if "counter" in entry}
    return sum(packets for name, packets in counters.items() if name.startswith("egress_denied"))


@pytest.mark.parametrize("address", [network.OUTSIDE, network.OUTSIDE6, network.STAFF])
def test_a_call_to_the_outside_is_refused_at_once_and_counted(trial: Guest, address: str) -> None:
    before = denied(trial)
    assert "refused" in attempt(trial, address)
    assert denied(trial) > before


def test_names_are_asked_of_nobody(trial: Guest) -> None:
    looked_up = trial.ask("getent ahosts example.com")
    assert looked_up.returncode != 0


def test_who_tried_is_written_down(trial: Guest) -> None:
    attempt(trial, network.OUTSIDE, wrapped="runuser -u ostrov-worker -- {}")
    number = trial.tell("id -u ostrov-worker").strip()
    line = f"DST={network.OUTSIDE} .*UID={number}"
    found = trial.ask(f"for n in 1 2 3 4 5 6; do grep -h '{line}' /var/log/ostrov-egress.log && break; sleep 1; done")
    assert f"DPT={PORT}" in found.stdout


def test_the_staff_and_the_services_of_the_server_itself_are_reached(trial: Guest) -> None:
    before = denied(trial)
    with network.on_lan():
        socket.create_connection((trial.address, 443), 5).close()
    assert "connected" in trial.tell(f"python3 -c {shlex.quote(CONNECT)} 127.0.0.1 8090")
    assert denied(trial) == before


def test_from_the_lan_only_ssh_and_the_crm_answer(trial: Guest) -> None:
    with network.on_lan():
        answering = [port for port in (22, 80, 443, 5432, 8080, 8090, 8091, 8092, 8093, 9090) if _answers(trial, port)]
    assert answering == [22, 80, 443]


def _answers(guest: Guest, port: int) -> bool:
    try:
        socket.create_connection((guest.address, port), 1).close()
    except OSError:
        return False
    return True


def test_without_the_rules_the_call_gets_through_and_the_units_own_fence_still_holds(trial: Guest) -> None:
    """The positive control: it is our rules that refuse, and systemd's filter stands behind them."""
    trial.tell("nft flush ruleset")
    for address in (network.OUTSIDE, network.OUTSIDE6):
        assert "connected" in attempt(trial, address), address
    for unit in ("ostrov-worker", "ostrov-gateway", "ostrov-llm", "ostrov-embed", "ostrov-speech"):
        inside = f"sh -c 'echo $$ >/sys/fs/cgroup/system.slice/{unit}.service/cgroup.procs; exec \"$@\"' sh {{}}"
        assert "refused" in attempt(trial, network.OUTSIDE, wrapped=inside), unit
