"""Servers for the tests: one is installed from nothing, and all others begin as a snapshot of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from testinfra.host import Host

from tests.provisioning import figures
from tests.provisioning.lab import bundles, layers, playbooks, ready
from tests.provisioning.lab.guest import Guest, guests
from tests.provisioning.lab.inspection import look_at
from tests.provisioning.lab.places import CHECKOUT, READY
from tests.provisioning.pages import steps
from tests.provisioning.reader import BEFORE, DOCS, INSTALL, INSTALLING, Reader, customer

LOGS = CHECKOUT / "build/appliance"
GIVEN = os.environ.get("OSTROV_LAB_CONVERGED")
"""A kept snapshot of a server that is installed already: the tests of the installation itself are skipped then."""

Make = Callable[..., Guest]
FIRST = ("test_install", "test_server")
"""Files that look at the fresh server, before it is kept as a snapshot and people work on it."""
LONG = ("test_interrupted", "test_playbooks", "test_grow", "test_grow_three")
"""Half an hour and more: OSTROV_TEST_LONG=0 leaves them out."""
LAST = ("test_update", *LONG)
"""What is broken in the installation itself is told before these."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs a server is marked `appliance`: it runs by `make test-appliance` only."""
    items.sort(key=_turn)
    needing = {"lab", "installation", "appliance", "server", "converged", "make"}
    for item in items:
        if needing & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.appliance)
            item.add_marker(pytest.mark.timeout(2400))
            if item.path.stem in LONG and os.environ.get("OSTROV_TEST_LONG") == "0":
                item.add_marker(pytest.mark.skip("OSTROV_TEST_LONG=0"))


def _turn(item: pytest.Item) -> int:
    """When the tests of a file run; the sort keeps all else as it is."""
    name = item.path.stem
    return FIRST.index(name) if name in FIRST else len(FIRST) + 1 + (LAST.index(name) + 1 if name in LAST else 0)


@dataclass(frozen=True)
class Installation:
    """A server that was bare, and how its installation went."""

    guest: Guest
    first: playbooks.Played | None
    bundle: Path
    person: Reader
    """Who installed it, with the controller's files."""


@pytest.fixture(scope="session")
def lab() -> Iterator[None]:
    """A lab on this machine, without what a killed run of these tests has left."""
    reason = ready.why_not()
    if reason:
        pytest.skip(f"No server can be booted here: {reason}")
    ready.prepare()
    _clear(lambda pid: not Path(f"/proc/{pid}").exists())
    yield
    _clear(lambda pid: pid == os.getpid())


def _clear(whose: Callable[[int], bool]) -> None:
    """Guests and snapshots are named for the process of the tests that made them."""
    for guest in guests():
        if guest.name.startswith("t-") and whose(int(guest.name.split("-")[1])):
            guest.remove()
    for name in layers.kept():
        if name.startswith("t-") and whose(int(name.split("-")[1])):
            layers.Snapshot(name).forget()


@pytest.fixture(scope="session")
def make(lab: None) -> Make:
    """Make servers; they are gone when the tests end. `make(name, snapshot, extra...)` boots one."""

    def boot(name: str, snapshot: str = READY, *extra: str) -> Guest:
        guest = Guest(f"t-{os.getpid()}-{name}")
        guest.remove()
        guest.create(snapshot, extra)
        guest.boot()
        return guest

    return boot


@pytest.fixture(scope="session")
def bundle(lab: None) -> Path:
    """The release under test, as a company receives it."""
    return bundles.built()


@pytest.fixture(scope="session")
def installation(make: Make, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A bare server made into the appliance, offline, by somebody who follows docs/install.md."""
    guest = make("appliance", GIVEN or READY)
    person = customer(guest, bundle, tmp_path_factory.mktemp("desk"))
    person.follow(INSTALL, *BEFORE)
    if GIVEN:
        return Installation(guest, None, bundle, person)
    (step,) = (step for step in steps(DOCS / INSTALL) if step.section == INSTALLING)
    done = person.attempt(step)
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / "install.log").write_text(done.output)
    figures.record(bare_to_ready_seconds=done.seconds)
    return Installation(guest, playbooks.Played(done.code, done.output, done.seconds), bundle, person)


@pytest.fixture(scope="session")
def appliance(installation: Installation) -> Guest:
    """The installed server, running. Tests leave it as they find it."""
    if installation.first:
        installation.first.succeeded()
    return installation.guest


@pytest.fixture(scope="session")
def server(appliance: Guest) -> Host:
    """The installed server, to look at."""
    return look_at(appliance)


@pytest.fixture(scope="session")
def converged(request: pytest.FixtureRequest, lab: None) -> str:
    """The installed server as a snapshot, for tests that change or break theirs."""
    if GIVEN:
        return GIVEN
    appliance: Guest = request.getfixturevalue("appliance")
    name = f"t-{os.getpid()}-converged"
    appliance.keep(name)
    began = time.monotonic()
    appliance.boot()
    figures.record(boot_seconds=time.monotonic() - began)
    return name
