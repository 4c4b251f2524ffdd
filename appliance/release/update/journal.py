"""The journal of one update: a line a fact, on the disk before the fact is acted upon.

The process may die between any two lines. What was begun and not ended is found by the next start of the machine, so
every step writes its intent first, with all that is needed to take it back.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from appliance.release.update.files import sync_folder

Facts = dict[str, Any]
ENDING: Final = ".jsonl"
BALLAST_BYTES: Final = 1 << 20
BEGIN: Final = "begin"
INTENT: Final = "intent"
DONE: Final = "done"
FAILED: Final = "failed"
DECIDED: Final = "decided"
UNDOING: Final = "undoing"
UNDONE: Final = "undone"
STUCK: Final = "stuck"
END: Final = "end"


@dataclass(frozen=True)
class Record:
    """One line of a journal."""

    at: str
    event: str
    step: str
    facts: Facts


class Damaged(Exception):
    """A journal cannot be read; the message names the file and the line."""


def _nobody(_record: Record) -> None:
    """Take notice of nothing."""


class Journal:
    """Reads and extends the journal of one update."""

    def __init__(self, path: Path, notice: Callable[[Record], None] = _nobody) -> None:
        self.path = path
        self.records: list[Record] = _read(path)
        self._notice = notice

    @property
    def id(self) -> str:
        """The update's name."""
        return self.path.name.removesuffix(ENDING)

    def write(self, event: str, step: str = "", facts: Mapping[str, Any] | None = None) -> Record:
        """Add a line and return when it is on the disk."""
        record = Record(datetime.now(UTC).isoformat(timespec="milliseconds"), event, step, dict(facts or {}))
        line = {"at": record.at, "event": record.event, "step": record.step, "facts": record.facts}
        text = json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n"
        try:
            _append(self.path, text.encode())
        except OSError as error:
            if error.errno != errno.ENOSPC or not self._ballast.exists():
                raise
            self._ballast.unlink()  # a full disk must not keep an update from being taken back
            _append(self.path, text.encode())
        self.records.append(record)
        self._notice(record)
        return record

    @property
    def _ballast(self) -> Path:
        """The file that keeps room for the lines of the way back."""
        return self.path.with_name("ballast")

    def keep_room(self) -> None:
        """Occupy some room on the disk now, to be given up for the journal's own lines later."""
        with self._ballast.open("wb") as file:
            file.write(bytes(BALLAST_BYTES))
            file.flush()
            os.fsync(file.fileno())

    def release_room(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    @property
    def ended(self) -> bool:
        """Whether the update came to an end that needs nobody."""
        return any(record.event == END for record in self.records)

    @property
    def decided(self) -> bool:
        """Whether the new release was found good: from here on there is only forward."""
        return any(record.event == DECIDED for record in self.records)

    def of(self, event: str, step: str) -> Record | None:
        """The newest line of this kind about a step."""
        return next((r for r in reversed(self.records) if r.event == event and r.step == step), None)

    def facts(self, event: str, step: str = "") -> Facts:
        """The facts of the newest line of this kind about a step; none when there is no such line."""
        record = self.of(event, step)
        return dict(record.facts) if record else {}

    def intended(self) -> list[str]:
        """Names of the steps that were begun, in their order, without those that were taken back."""
        begun = [record.step for record in self.records if record.event == INTENT]
        undone = {record.step for record in self.records if record.event == UNDONE}
        return [step for step in dict.fromkeys(begun) if step not in undone]


def _append(path: Path, line: bytes) -> None:
    """Add a line to a file, whole or not at all."""
    fresh = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        length = os.fstat(handle).st_size
        try:
            written = os.write(handle, line)
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, length)
            raise
        if written != len(line):
            os.ftruncate(handle, length)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    finally:
        os.close(handle)
    if fresh:
        sync_folder(path.parent)


def _read(path: Path) -> list[Record]:
    """Read a journal; a last line that was cut by a loss of power was never acted upon, and is cut off."""
    if not path.exists():
        return []
    whole, _newline, torn = path.read_bytes().rpartition(b"\n")
    if torn:
        os.truncate(path, len(whole) + len(_newline))
    records = []
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            value = json.loads(line)
            records.append(Record(value["at"], value["event"], value["step"], value["facts"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{path}, line {number}: {error}") from error
    return records


def journals(folder: Path) -> list[Journal]:
    """All journals of a machine, oldest first."""
    return [Journal(path) for path in sorted(folder.glob("*" + ENDING))]


def open_journal(folder: Path, notice: Callable[[Record], None] = _nobody) -> Journal | None:
    """The update that was begun and did not end; None when there is none."""
    for journal in reversed(journals(folder)):
        if journal.records and not journal.ended:
            return Journal(journal.path, notice)
    return None
