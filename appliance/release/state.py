"""What a server remembers of releases: the highest version from each key, which never falls, and its history."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from appliance.release.sbom import Change
from appliance.release.verifying import State, read_state, version_key

FORMAT: Final = 1


@dataclass(frozen=True)
class HistoryEntry:
    """One thing that was done to the installed release: who, when, what, and which packages it changed."""

    at: datetime
    who: str
    action: str
    outcome: str
    before: str | None
    after: str | None
    key_id: str | None = None
    changes: tuple[Change, ...] = field(default=())
    details: Mapping[str, Any] = field(default_factory=dict)


def record_installed(path: Path, version: str, key_id: str) -> State:
    """Remember what is installed now; the highest version of its key only rises. Raises Misconfigured."""
    before = read_state(path)
    highest = dict(before.highest)
    highest[key_id] = max(version, highest.get(key_id, version), key=version_key)
    state = State(version, highest)
    _replace(path, json.dumps({"format": FORMAT, "installed": version, "highest": highest}, indent=1) + "\n")
    return state


def _replace(path: Path, text: str) -> None:
    """Write a file in one step that outlives a loss of power."""
    path.parent.mkdir(parents=True, exist_ok=True)
    work = path.with_name(f".{path.name}.partial")
    with work.open("w", encoding="utf-8") as sink:
        sink.write(text)
        sink.flush()
        os.fsync(sink.fileno())
    work.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append_history(path: Path, entry: HistoryEntry) -> None:
    """Add one line to the history; a line that a loss of power cut short does not spoil the next."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({**asdict(entry), "at": entry.at.isoformat()}, ensure_ascii=False, default=dict)
    with path.open("a+b") as sink:
        sink.seek(0, os.SEEK_END)
        if sink.tell():
            sink.seek(-1, os.SEEK_END)
            if sink.read(1) != b"\n":
                sink.write(b"\n")
        sink.write(line.encode() + b"\n")
        sink.flush()
        os.fsync(sink.fileno())


def history(path: Path) -> Iterator[dict[str, Any]]:
    """Go through the history, oldest first; lines that were cut short are left out."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue
