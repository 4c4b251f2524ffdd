"""Before a database starts it asks the others: one that was promoted meanwhile keeps it from answering beside it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.provisioning.units.rendering import render

OTHERS = ["192.0.2.11", "192.0.2.12"]
# Stands for `runuser -u postgres -- psql … "host=ADDRESS …"`: what each address would say is in a file of its name.
ASKED = """#!/bin/sh
for word; do :; done
address=${word#host=}
exec cat "SAID/${address%% *}"
"""


def guard(folder: Path, said: dict[str, str], *, follows: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the guard where the other databases say so; one that is not named cannot be reached."""
    data, answers, programs = folder / "data", folder / "said", folder / "bin"
    for place in (data, answers, programs):
        place.mkdir()
    for address, answer in said.items():
        (answers / address).write_text(answer + "\n")
    if follows:
        (data / "standby.signal").touch()
    twin = programs / "runuser"
    twin.write_text(ASKED.replace("SAID", str(answers)))
    twin.chmod(0o755)
    given = {"postgresql_replica_others": OTHERS, "__postgresql_replica_data": str(data)}
    script = folder / "guard"
    script.write_text(render("postgresql_replica", "database-guard.j2", given))
    path = f"{programs}:/usr/bin:/bin"
    return subprocess.run(["sh", str(script)], env={"PATH": path}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, 0),
        ({OTHERS[0]: "f", OTHERS[1]: "f"}, 0),
        ({OTHERS[0]: "t", OTHERS[1]: "f"}, 1),
        ({OTHERS[1]: "t"}, 1),
    ],
    ids=["nobody can be asked", "both follow", "the first takes writes", "the second takes writes"],
)
def test_a_database_starts_unless_another_takes_writes(tmp_path: Path, said: dict[str, str], code: int) -> None:
    done = guard(tmp_path, said)
    assert done.returncode == code
    assert ("rejoin.yml" in done.stderr) == bool(code)


def test_one_that_follows_always_starts(tmp_path: Path) -> None:
    assert guard(tmp_path, {OTHERS[0]: "t"}, follows=True).returncode == 0
