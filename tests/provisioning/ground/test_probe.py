"""What the preflight sees of a machine: it looks at this one, which may be anything, and must not fall over."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[3] / "provisioning/roles/preflight/files/probe.py"
spec = importlib.util.spec_from_file_location("probe", PROGRAM)
probe = importlib.util.module_from_spec(spec)
spec.loader.exec_module(probe)


def test_it_answers_on_any_linux_with_one_object():
    question = {"free": {"/": 1}, "free_installed": {"/": 1}, "ports": ["1"], "profile": "gpu", "received": "/nowhere"}
    with PROGRAM.open() as source:
        done = subprocess.run(
            [sys.executable, "-", json.dumps(question)], stdin=source, capture_output=True, check=True
        )
    seen = json.loads(done.stdout)
    assert seen["memory"] > 0
    assert seen["clock"] > 1_700_000_000
    assert seen["listeners"] == {}
    assert seen["gpu"]["cards"] == [] or seen["gpu"]["cards"][0]["memory"] > 0


def test_folders_of_one_file_system_share_its_room(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    found = probe.disks({str(tmp_path / "a"): 100, str(tmp_path / "b"): 200})
    assert [(len(entry["folders"]), entry["needed"]) for entry in found] == [(2, 300)]


def test_a_command_that_is_not_there_is_no_error():
    assert probe.run("no-such-command-of-anybody") == (127, "")


def test_the_installed_release_is_the_one_that_current_leads_to(tmp_path):
    assert probe.release(tmp_path / "current") == ""
    (tmp_path / "current").symlink_to("/opt/ostrov/releases/1.2.3")
    assert probe.release(tmp_path / "current") == "1.2.3"
