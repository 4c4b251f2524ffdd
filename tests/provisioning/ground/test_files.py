"""The module that brings many files into their state: it changes what differs, all of it or nothing."""

from __future__ import annotations

import getpass
import grp
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[3] / "provisioning/library"
ME = {"owner": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}


def bring(*entries, code=0, options=()):
    """The module's answer about entries, as Ansible gives it."""
    files = [{**ME, **{key: str(value) for key, value in entry.items()}} for entry in entries]
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("ansible"), "localhost", "-i", "localhost,", "-c", "local"),
            *("-e", f"ansible_python_interpreter={sys.executable}", "-M", LIBRARY, "-m", "ostrov_files"),
            *("-a", json.dumps({"files": files}), *options),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
            "LC_ALL": "C.UTF-8",
        },
    )
    assert (done.returncode == 0) == (code == 0), done.stdout + done.stderr
    answer = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("=> {") + 3 :])[0]
    return {**answer, "shown": done.stdout}


@pytest.fixture
def layout(tmp_path):
    """A folder, a file in it, a file that is only made once."""
    return [
        {"path": tmp_path / "etc", "state": "directory", "mode": "0750"},
        {"path": tmp_path / "etc/main.conf", "content": "a = 1\n", "mode": "0640"},
        {"path": tmp_path / "etc/once.conf", "content": "first\n", "state": "once"},
    ]


def mode(path):
    """Permission bits, octal."""
    return oct(path.stat().st_mode & 0o7777)


def test_files_come_into_their_state_and_a_second_run_changes_nothing(tmp_path, layout):
    first = bring(*layout)
    assert first["paths"] == [str(entry["path"]) for entry in layout]
    assert (tmp_path / "etc/main.conf").read_text() == "a = 1\n"
    assert [mode(entry["path"]) for entry in layout] == ["0o750", "0o640", "0o644"]
    assert bring(*layout)["changed"] is False


def test_only_what_differs_is_changed_and_shown(tmp_path, layout):
    bring(*layout)
    (tmp_path / "etc/main.conf").write_text("a = 2\n")
    (tmp_path / "etc/once.conf").write_text("changed by a program\n")
    (tmp_path / "etc").chmod(0o700)
    again = bring(*layout, options=["--diff"])
    assert again["paths"] == [str(tmp_path / "etc"), str(tmp_path / "etc/main.conf")]
    assert "-a = 2\n+a = 1\n" in again["shown"]
    assert (tmp_path / "etc/once.conf").read_text() == "changed by a program\n"


def test_a_dry_run_tells_and_touches_nothing(tmp_path, layout):
    told = bring(*layout, options=["--check"])
    assert told["paths"] == [str(entry["path"]) for entry in layout]
    assert list(tmp_path.iterdir()) == []


def test_contents_that_are_refused_leave_every_file_as_it_was(tmp_path, layout):
    bring(*layout)
    layout[1]["content"] = "a = 3\n"
    refused = {"path": tmp_path / "etc/broken.sh", "content": "if\n", "validate": "sh -n %s"}
    said = bring(*layout, refused, code=2)
    assert "broken.sh would not be accepted" in said["msg"]
    assert (tmp_path / "etc/main.conf").read_text() == "a = 1\n"
    assert sorted(path.name for path in (tmp_path / "etc").iterdir()) == ["main.conf", "once.conf"]


def test_a_file_is_taken_away_a_folder_is_not(tmp_path, layout):
    bring(*layout)
    gone = {"path": tmp_path / "etc/main.conf", "state": "absent"}
    assert bring(gone)["changed"] is True
    assert bring(gone)["changed"] is False
    assert "is a folder" in bring({"path": tmp_path / "etc", "state": "absent"}, code=2)["msg"]


def test_a_link_is_replaced_and_what_it_leads_to_is_left_alone(tmp_path):
    (tmp_path / "theirs").write_text("of another program\n")
    (tmp_path / "ours").symlink_to(tmp_path / "theirs")
    bring({"path": tmp_path / "ours", "content": "our own\n"})
    assert (tmp_path / "theirs").read_text() == "of another program\n"
    assert not (tmp_path / "ours").is_symlink()
