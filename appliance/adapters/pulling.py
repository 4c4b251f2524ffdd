"""Pulling records out of another system: they are sent as they come, and the moment that was reached is remembered."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from appliance.adapters.importing import Report, Sender
from appliance.adapters.records import AdapterError, Fault, Record
from appliance.adapters.sending import BATCH


def pull(found: Iterable[Record | Fault], sender: Sender, name: str) -> Report:
    """Send the records of a system, batch by batch, in their order; what it refuses is reported by record and field."""
    report = Report(name, "utf-8", "rest")
    batch: list[Record] = []
    for one in found:
        report.read += 1
        if isinstance(one, Fault):
            report.refuse([one])
            continue
        batch.append(one)
        if len(batch) == BATCH:
            _send(batch, sender, report)
            batch = []
    if batch:
        _send(batch, sender, report)
    return report


def _send(batch: list[Record], sender: Sender, report: Report) -> None:
    report.entities.update(record.entity for record in batch)
    for record, result in zip(batch, sender.send(batch), strict=True):
        if result.outcome == "refused":
            place = record.key.rpartition(":")[2]
            line = int(place) if place.isdigit() else 0
            report.refuse([Fault(line, f"{record.key} {result.field or ''}".strip(), result.detail)])
        else:
            report.outcomes[result.outcome] += 1


def remembered(state: Path | None) -> str:
    """The moment up to which records were pulled; empty at the first time. Raises AdapterError for a broken file."""
    if state is None or not state.exists():
        return ""
    try:
        return str(json.loads(state.read_text(encoding="utf-8"))["since"])
    except (ValueError, KeyError, TypeError):
        raise AdapterError(f"{state} does not hold a moment.", "Remove it to bring everything over again.") from None


def remember(state: Path | None, moment: str) -> None:
    """Keep the moment for the next time."""
    if state is not None and moment:
        fresh = state.with_name(f"{state.name}.new")
        fresh.write_text(json.dumps({"since": moment}), encoding="utf-8")
        fresh.replace(state)
