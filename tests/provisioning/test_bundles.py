"""The page about bundles is followed: a key, two builds, what is in them, and a server that checks one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.provisioning import figures
from tests.provisioning.conftest import Make
from tests.provisioning.lab.guest import Guest
from tests.provisioning.lab.places import CHECKOUT, run
from tests.provisioning.pages import steps
from tests.provisioning.reader import DOCS, SERVER, Reader
from tests.provisioning.updating import bring

PAGE = "bundles.md"
KEY, BUILDING, CHECKING = "The key", "Building", "Checking"


@pytest.fixture(scope="module")
def guest(make: Make, converged: str) -> Iterator[Guest]:
    """An installed server."""
    guest = make("checking", converged)
    yield guest
    guest.remove()


@pytest.fixture(scope="module")
def builder(guest: Guest, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Somebody at a machine with a network and this checkout, and on a server that was brought the lab's bundle."""
    desk = tmp_path_factory.mktemp("builder")
    values = {
        "/srv/checkout": str(CHECKOUT),
        "/srv/bundles": str(desk / "bundles"),
        "/srv/ostrov-0.1.0.bundle": bring(guest, bundle),
    }
    return Reader({SERVER: guest}, desk, values).sit_down()


def test_no_section_that_tells_to_type_is_left_out() -> None:
    assert tuple(dict.fromkeys(step.section for step in steps(DOCS / PAGE))) == (KEY, BUILDING, CHECKING)


def test_whoever_follows_the_page_has_a_bundle_that_verifies(builder: Reader) -> None:
    builder.follow(PAGE, KEY)
    _, built, played = builder.follow(PAGE, BUILDING)
    figures.record(bundle_build_seconds=built.seconds, bundle_play_seconds=played.seconds)
    builder.follow(PAGE, CHECKING)
    manifest = manifest_of(builder.desk / "bundles/ostrov-0.1.1.bundle")
    assert manifest["parts"]["models"]
    assert not manifest_of(builder.desk / "bundles/ostrov-0.1.0.bundle")["parts"]["models"]


def manifest_of(bundle: Path) -> dict[str, dict[str, bool]]:
    """What a bundle says of itself."""
    told: dict[str, dict[str, bool]] = json.loads(run(["tar", "-xOf", bundle, "--occurrence=1", "manifest.json"]))
    return told
