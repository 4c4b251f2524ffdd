"""Child processes: started in a group of their own, remembered on disk, ended for certain."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

LAUNCHER = Path(__file__).with_name("launch.py")
SAME_START_SECONDS = 1.5
LOG_LIMIT_BYTES = 20_000_000


def start_child(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    pid_file: Path,
    parent_death_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a program in its own process group with its output in a log; it gets a signal when we die.

    Call it from the main thread only: Linux means the thread, not the process, when it says parent.
    """
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(parent_death_signal))]
    with log.open("ab") as output:
        child = subprocess.Popen(
            [*launcher, *command],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    remember(child.pid, pid_file)
    return child


def remember(pid: int, pid_file: Path) -> None:
    """Write down a process with its start time, which tells it from a later process with the same number."""
    try:
        started = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    pid_file.write_text(json.dumps({"pid": pid, "started": started}))


def recall(pid_file: Path) -> psutil.Process | None:
    """Return the process that a file remembers when that very process still runs."""
    try:
        record = json.loads(pid_file.read_text())
        process = psutil.Process(int(record["pid"]))
        same = abs(process.create_time() - float(record["started"])) < SAME_START_SECONDS
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
        return None


def end_orphan(pid_file: Path, seconds: float = 10.0) -> bool:
    """End a process that an earlier, killed demo left behind, with its whole group; tell whether there was one."""
    process = recall(pid_file)
    pid_file.unlink(missing_ok=True)
    if process is None:
        return False
    signal_group(process.pid, signal.SIGTERM)
    try:
        process.wait(seconds)
    except psutil.TimeoutExpired:
        signal_group(process.pid, signal.SIGKILL)
        process.wait(seconds)
    return True


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to the group that a child leads; a group that is gone is fine."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def tail(log: Path, lines: int = 8) -> str:
    """Return the last lines of a log that say something."""
    try:
        with log.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - 8192))
            text = stream.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


def wait_until_gone(pids: Sequence[int], seconds: float) -> list[int]:
    """Wait for processes to end; return those that did not in time."""
    deadline = time.monotonic() + seconds
    left = list(pids)
    while left and time.monotonic() < deadline:
        left = [pid for pid in left if psutil.pid_exists(pid)]
        time.sleep(0.05)
    return left
