"""Children start in groups of their own, are remembered by start time, die with their parent."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from appliance.demo.processes import end_orphan, recall, remember, start_child, tail

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def wait_for(condition, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_an_orphan_is_ended_with_its_group(tmp_path: Path):
    script = f"import subprocess, time; print(subprocess.Popen({SLEEP!r}).pid, flush=True); time.sleep(60)"
    child = start_child([sys.executable, "-c", script], os.environ, tmp_path / "log", tmp_path / "pid")
    assert wait_for(lambda: (tmp_path / "log").read_text().strip())
    grandchild = int((tmp_path / "log").read_text())
    assert end_orphan(tmp_path / "pid")
    child.wait()
    assert wait_for(lambda: not psutil.pid_exists(grandchild))
    assert not (tmp_path / "pid").exists()


def test_a_stranger_with_the_same_number_is_never_ended(tmp_path: Path):
    stranger = subprocess.Popen(SLEEP)
    try:
        remember(stranger.pid, tmp_path / "pid")
        record = json.loads((tmp_path / "pid").read_text())
        (tmp_path / "pid").write_text(json.dumps({**record, "started": record["started"] - 100}))
        assert recall(tmp_path / "pid") is None
        assert not end_orphan(tmp_path / "pid")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_child_dies_when_its_parent_is_killed(tmp_path: Path):
    script = f"""
import os, pathlib, time
from appliance.demo.processes import start_child
here = pathlib.Path({str(tmp_path)!r})
child = start_child({SLEEP!r}, os.environ, here / "log", here / "pid")
print(child.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert wait_for(lambda: child.cmdline() == SLEEP)  # it has asked the kernel for the signal by then
        parent.send_signal(signal.SIGKILL)
    assert wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_child_can_be_stopped_when_its_parent_ignores_signals(tmp_path: Path):
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        child = start_child(SLEEP, os.environ, tmp_path / "log", tmp_path / "pid")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert wait_for(lambda: psutil.Process(child.pid).cmdline() == SLEEP)
    child.terminate()
    assert child.wait(10) == -signal.SIGTERM


def test_the_end_of_a_log_leaves_out_empty_lines(tmp_path: Path):
    (tmp_path / "log").write_text("one\n\ntwo\n\n\nthree\n")
    assert tail(tmp_path / "log", 2) == "two\nthree"
    assert tail(tmp_path / "absent") == ""
