"""Runs on a server: waits until the journal of an update says that a step was begun or done, then runs a command.

`python3 striking.py EVENT STEP COMMAND`; the command finds the process of the update as `$UPDATE`. Lines that were
there before do not count. `/run/fault-armed` appears when it waits, `/run/fault-done` when the command has ended.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

JOURNALS = Path("/var/lib/ostrov/release/journal")
ARMED, DONE = Path("/run/fault-armed"), Path("/run/fault-done")
VERBS = (b"\0update\0apply\0", b"\0update\0resume", b"\0rollback\0")


def lengths() -> dict[Path, int]:
    """How long each journal is."""
    return {path: path.stat().st_size for path in JOURNALS.glob("*.jsonl")}


def said(known: dict[Path, int], event: str, step: str) -> bool:
    """Whether a journal has got such a line."""
    for path, length in lengths().items():
        start = known.get(path, 0)
        if length > start:
            lines = path.read_bytes()[start:].split(b"\n")[:-1]
            if any((line["event"], line["step"]) == (event, step) for line in map(json.loads, lines)):
                return True
    return False


def update() -> str:
    """The process that carries an update out."""
    for number in sorted(int(path.name) for path in Path("/proc").glob("[0-9]*")):
        try:
            words = Path(f"/proc/{number}/cmdline").read_bytes()
        except OSError:
            continue  # it has just ended
        if words.startswith(b"/opt/ostrov/") and any(verb in words for verb in VERBS):
            return str(number)
    return ""


def main() -> None:
    """Wait and strike."""
    event, step, command = sys.argv[1:]
    DONE.unlink(missing_ok=True)
    known = lengths()
    ARMED.touch()
    while not said(known, event, step):
        time.sleep(0.0005)
    subprocess.run(["/bin/sh", "-c", command], check=False, env={**os.environ, "UPDATE": update()})
    DONE.touch()


if __name__ == "__main__":
    main()
