"""Importing a file: rows are read, turned into records and sent as they come, whatever the size of the file.

A bad row is reported by line and field and kept among the rejects; the good ones around it are taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from appliance.adapters.mapping import MappingFile, RowFaults, convert
from appliance.adapters.reading import Shape, rows, shape_of
from appliance.adapters.records import Fault, Record, Row
from appliance.adapters.rejects import Rejects, place_of
from appliance.adapters.sending import BATCH
from appliance.contract.exchange import ItemResult

FAULTS_SHOWN = 100
OUTCOMES = ("created", "updated", "unchanged", "refused")


class Sender(Protocol):
    """Takes records and tells what became of each, in order."""

    def send(self, records: Sequence[Record]) -> list[ItemResult]:
        """Send one batch."""


@dataclass
class Report:
    """What an import has done."""

    file: str
    encoding: str
    format: str
    read: int = 0
    skipped: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    entities: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    rejects_file: Path | None = None

    def refuse(self, faults: Sequence[Fault]) -> None:
        """Count a row that was not taken; the first faults are kept to be shown, all of them stand in the rejects."""
        self.outcomes["refused"] += 1
        self.faults += faults[: max(0, FAULTS_SHOWN - len(self.faults))]

    def summary(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "file": self.file,
            "encoding": self.encoding,
            "format": self.format,
            "read": self.read,
            "skipped": self.skipped,
            **{name: self.outcomes[name] for name in OUTCOMES},
            "entities": dict(sorted(self.entities.items())),
            "faults": [fault.summary() for fault in self.faults],
            "rejects": str(self.rejects_file) if self.rejects_file else None,
        }


def import_file(
    path: Path,
    mapping: MappingFile,
    sender: Sender | None,
    *,
    encoding: str = "",
    delimiter: str = "",
    rejects: Path | None = None,
    progress: Callable[[int], None] = lambda _count: None,
) -> Report:
    """Import a file; without a `sender` it is only read and checked. Raises AdapterError when it cannot go on."""
    shape = shape_of(path, _header_test(mapping), encoding=encoding, delimiter=delimiter)
    report = Report(path.name, shape.encoding, shape.format)
    with Rejects(rejects or place_of(path, shape), shape) as kept:
        for batch in _batches(_records(path, shape, mapping, report, kept), BATCH):
            _send(batch, sender, report, kept)
            progress(report.read)
        report.rejects_file = kept.path if kept.count else None
    return report


def _header_test(mapping: MappingFile) -> Callable[[Sequence[str]], bool]:
    return lambda columns: bool(mapping.for_columns(columns))


def _records(
    path: Path, shape: Shape, mapping: MappingFile, report: Report, rejects: Rejects
) -> Iterator[tuple[Row, Record]]:
    kinds = mapping.for_columns(shape.columns) if shape.columns else mapping.records
    for row in rows(path, shape):
        report.read += 1
        if isinstance(row, Fault):
            report.refuse([row])
            rejects.add(None, [row])
            continue
        try:
            record = convert(mapping, kinds, row)
        except RowFaults as error:
            faults = [Fault(row.line, name, reason) for name, reason in error.faults.items()]
            report.refuse(faults)
            rejects.add(row, faults)
            continue
        if record is None:
            report.skipped += 1
        else:
            yield row, record


def _batches(found: Iterator[tuple[Row, Record]], size: int) -> Iterator[list[tuple[Row, Record]]]:
    while batch := list(islice(found, size)):
        yield batch


def _send(batch: Sequence[tuple[Row, Record]], sender: Sender | None, report: Report, rejects: Rejects) -> None:
    report.entities.update(record.entity for _row, record in batch)
    if sender is None:
        return
    for (row, _record), result in zip(batch, sender.send([record for _row, record in batch]), strict=True):
        if result.outcome == "refused":
            fault = Fault(row.line, result.field or "", result.detail)
            report.refuse([fault])
            rejects.add(row, [fault])
        else:
            report.outcomes[result.outcome] += 1
