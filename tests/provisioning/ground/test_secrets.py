"""Secrets on the server: made once, known to root alone, and encrypted for the keepers of their escrow."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FILES = Path(__file__).resolve().parents[3] / "provisioning/roles/secrets/files"


def run(program, *arguments):
    """Run one of the role's programs as the playbook does: from standard input."""
    with (FILES / program).open() as source:
        done = subprocess.run(
            [sys.executable, "-", *map(str, arguments)], stdin=source, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def test_missing_secrets_are_made_and_named_but_never_shown(tmp_path):
    assert run("secret_files.py", tmp_path, "gateway_key:32", "secret_key:16") == ["gateway_key", "secret_key"]
    assert len((tmp_path / "gateway_key").read_text().strip()) == 64
    assert len((tmp_path / "secret_key").read_text().strip()) == 32
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o400}


def test_a_secret_that_is_there_is_kept(tmp_path):
    (tmp_path / "gateway_key").write_text("brought from another host\n")
    (tmp_path / "gateway_key").chmod(0o400)
    assert run("secret_files.py", tmp_path, "gateway_key:32") == []
    assert (tmp_path / "gateway_key").read_text() == "brought from another host\n"


def test_an_empty_secret_is_a_missing_one(tmp_path):
    (tmp_path / "gateway_key").touch()
    assert run("secret_files.py", tmp_path, "gateway_key:32") == ["gateway_key"]


def test_a_secret_that_others_could_read_gets_its_mode_back(tmp_path):
    run("secret_files.py", tmp_path, "gateway_key:32")
    before = (tmp_path / "gateway_key").read_text()
    (tmp_path / "gateway_key").chmod(0o644)
    assert run("secret_files.py", tmp_path, "gateway_key:32") == ["gateway_key (mode)"]
    assert ((tmp_path / "gateway_key").stat().st_mode & 0o777, (tmp_path / "gateway_key").read_text()) == (
        0o400,
        before,
    )


def test_rotation_makes_named_secrets_anew_and_no_others(tmp_path):
    run("secret_files.py", tmp_path, "gateway_key:32", "secret_key:32")
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert run("secret_files.py", "--anew", tmp_path, "gateway_key:32") == ["gateway_key"]
    after = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert after["gateway_key"] != before["gateway_key"]
    assert after["secret_key"] == before["secret_key"]


def test_what_a_crash_left_is_overwritten(tmp_path):
    (tmp_path / ".gateway_key.new").write_text("half")
    assert run("secret_files.py", tmp_path, "gateway_key:32") == ["gateway_key"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gateway_key"]


@pytest.mark.skipif(not (shutil.which("age") and shutil.which("ssh-keygen")), reason="age is not installed here")
def test_the_escrow_copy_opens_with_the_keepers_key_and_is_made_anew_only_when_something_changed(tmp_path):
    secrets, copies = tmp_path / "secrets", tmp_path / "copies"
    secrets.mkdir()
    copies.mkdir()
    run("secret_files.py", secrets, "gateway_key:32")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "keeper"], check=True)
    keeper = (tmp_path / "keeper.pub").read_text().strip()
    assert len(run("escrow.py", copies, secrets, "--to", keeper)) == 1
    assert run("escrow.py", copies, secrets, "--to", keeper) == []
    plain = subprocess.run(
        ["age", "--decrypt", "-i", tmp_path / "keeper", copies / "secrets.tar.age"], capture_output=True, check=True
    ).stdout
    assert (secrets / "gateway_key").read_bytes() in plain
    run("secret_files.py", "--anew", secrets, "gateway_key:32")
    assert len(run("escrow.py", copies, secrets, "--to", keeper)) == 1
    assert (copies / "secrets.tar.age").stat().st_mode & 0o777 == 0o400
