"""The page about updates is followed: to the next release, again without a change, back, and back with the database."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.provisioning import figures
from tests.provisioning.conftest import Make
from tests.provisioning.faults import NEXT
from tests.provisioning.lab import bundles
from tests.provisioning.lab.guest import Guest
from tests.provisioning.pages import Typed, Written, steps
from tests.provisioning.reader import BEFORE, DOCS, INSTALL, SERVER, Done, Reader, customer
from tests.provisioning.test_reboot import ready
from tests.provisioning.updating import differences, picture

PAGE = "upgrade.md"
NOW = "0.1.0"
CONTROLLER, ON_SERVER, BACK, BACK_WITH_DATABASE = (
    *("From the controller", "On the server", "Going back", "Back with the database"),
)


@pytest.fixture(scope="module")
def person(make: Make, converged: str, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Somebody at a controller, with a server that was installed by the page about it, and the next bundle."""
    guest = make("playbooks", converged)
    ready(guest)
    reader = customer(guest, bundle, tmp_path_factory.mktemp("desk"))
    reader.follow(INSTALL, *BEFORE)
    given = os.environ.get("OSTROV_LAB_NEXT")
    following = Path(given) if given else bundles.built(NEXT, "--readable-by", NOW, models=())
    reader.put(following, f"/srv/ostrov/ostrov-{NEXT}.bundle")
    reader.values = {**reader.values, "1.2.0": NEXT, "1.1.0": NOW}
    return reader


@pytest.fixture(scope="module")
def server(person: Reader) -> Guest:
    """That server."""
    return person.servers[SERVER]


def typed(*words: str) -> Callable[[Typed | Written], bool]:
    """Steps in which one of these words is typed."""
    return lambda step: isinstance(step, Typed) and any(word in step.command for word in words)


def serving(server: Guest) -> str:
    """The release that serves."""
    return server.tell("readlink /opt/ostrov/current").strip().removeprefix("releases/")


def teams(server: Guest) -> set[str]:
    """What people have written."""
    return set(server.tell("runuser -u postgres -- psql -XAtqd ostrov -c 'SELECT name FROM teams'").splitlines())


def write(server: Guest, name: str) -> None:
    """Write something."""
    server.tell("runuser -u postgres -- psql -XAtqd ostrov", given=f"INSERT INTO teams (name) VALUES ('{name}')")


def upgraded(person: Reader) -> Done:
    """The page's line that updates, typed."""
    return person.follow(PAGE, CONTROLLER, only=lambda step: typed("upgrade.yml")(step) and not typed("check")(step))[
        -1
    ]


def test_no_section_that_tells_to_type_is_left_out() -> None:
    sections = dict.fromkeys(step.section for step in steps(DOCS / PAGE))
    assert tuple(sections) == (CONTROLLER, ON_SERVER, BACK, BACK_WITH_DATABASE)


def test_a_look_at_what_an_update_would_change_changes_nothing(person: Reader, server: Guest) -> None:
    before = picture(server)
    looked = person.follow(PAGE, CONTROLLER, only=typed("cd ", "verifying.py", "tar ", "--tags check"))
    assert f"{NOW} → {NEXT}" in looked[-1].output
    assert differences(before, picture(server)) == []


def test_the_server_is_brought_to_the_next_release(person: Reader, server: Guest) -> None:
    write(server, "before the update")
    done = upgraded(person)
    figures.record(upgrade_playbook_seconds=done.seconds)
    person.follow(PAGE, CONTROLLER, only=typed("sed "))
    assert serving(server) == NEXT
    ready(server)


def test_the_same_line_typed_again_changes_nothing(person: Reader) -> None:
    again = upgraded(person)
    figures.record(upgrade_playbook_again_seconds=again.seconds)
    assert "changed=0" in again.output, again.output[-6000:]


def test_the_way_back_with_the_database_wants_to_be_confirmed(person: Reader, server: Guest) -> None:
    (step,) = [one for one in steps(DOCS / PAGE) if typed("restore.yml")(one)]
    assert isinstance(step, Typed)
    refused = person.attempt(replace(step, command=step.command.replace("lose what was", "keep what was")))
    assert refused.code != 0
    assert "lose what was written since" in refused.output
    assert serving(server) == NEXT


def test_programs_and_database_go_back_to_the_moment_before_the_update(person: Reader, server: Guest) -> None:
    write(server, "after the update")
    done = person.follow(PAGE, BACK_WITH_DATABASE)[-1]
    figures.record(restore_playbook_seconds=done.seconds)
    assert serving(server) == NOW
    assert "before the update" in teams(server)
    assert "after the update" not in teams(server)
    ready(server)


def test_on_the_server_it_is_two_commands(person: Reader, server: Guest) -> None:
    told = person.follow(PAGE, ON_SERVER)[-1]
    assert serving(server) == NEXT
    assert "committed" in told.output
    ready(server)


def test_the_programs_alone_go_back_and_what_was_written_stays(person: Reader, server: Guest) -> None:
    write(server, "on the new release")
    done = person.follow(PAGE, BACK, only=typed("cd ", "rollback.yml"))[-1]
    figures.record(rollback_playbook_seconds=done.seconds)
    assert serving(server) == NOW
    assert {"before the update", "on the new release"} <= teams(server)
    ready(server)
    server.remove()
