"""After a reboot, and after a power loss, everything is there again by itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.provisioning import figures
from tests.provisioning.conftest import Make
from tests.provisioning.lab.browser import Browser
from tests.provisioning.lab.guest import Guest

UNITS = "systemctl list-units 'ostrov*' nginx.service 'postgresql@*' --no-legend --plain --state=active | sort"


def ready(guest: Guest, *, seconds: float = 120) -> float:
    """Seconds until the CRM opens for the staff and the models answer."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if guest.ask("test -f /etc/ostrov/pki/ca.crt").returncode == 0:
            try:
                with Browser(guest) as browser:
                    if browser.get("/sign-in").status_code == 200:
                        return time.monotonic() - began
            except (OSError, httpx.HTTPError):
                pass
        time.sleep(0.3)
    raise AssertionError(f"the CRM has not opened in {seconds:.0f} s")


@pytest.fixture(scope="module")
def guest(make: Make, converged: str) -> Iterator[Guest]:
    """A server that may lose its power."""
    guest = make("again", converged)
    ready(guest)
    yield guest
    guest.remove()


@pytest.mark.parametrize("how", ["reboot", "power loss"])
def test_everything_comes_back_by_itself(guest: Guest, how: str) -> None:
    before = guest.tell(UNITS)
    rules = guest.tell("nft -s -j list table inet ostrov")
    began = time.monotonic()
    if how == "reboot":
        guest.reboot()
    else:
        guest.power_off()
        guest.boot()
    ready(guest)
    figures.record(**{f"{how.replace(' ', '_')}_to_ready_seconds": time.monotonic() - began})
    assert guest.tell(UNITS) == before
    assert guest.tell("systemctl list-units --failed --no-legend --plain") == ""
    assert hooks(guest.tell("nft -s -j list table inet ostrov")) == hooks(rules)


def hooks(rules: str) -> list[dict[str, object]]:
    """Chains and rules without the numbers that the kernel gives them."""
    entries = [entry for entry in json.loads(rules)["nftables"] if "chain" in entry or "rule" in entry]
    return [{kind: {**value, "handle": 0} for kind, value in entry.items()} for entry in entries]
