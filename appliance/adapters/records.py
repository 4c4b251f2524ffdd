"""What adapters pass on: rows as they were read, records as the contract wants them, and faults by line and field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class AdapterError(Exception):
    """The work cannot begin or go on; the message is one sentence, `remedy` says what to do."""

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence)
        self.remedy = remedy


class Unfit(ValueError):
    """A value does not fit; the message says what is wrong with it and how to mend it."""


@dataclass(frozen=True)
class Row:
    """One record of a source: where it stands (a line from 1, or a place in a list) and its cells by name."""

    line: int
    cells: Mapping[str, Any]


@dataclass(frozen=True)
class Fault:
    """Why a record was not taken; `line` is where it stands in the source."""

    line: int
    field: str
    reason: str

    def summary(self) -> dict[str, Any]:
        """The fault as JSON."""
        return {"line": self.line, "field": self.field, "reason": self.reason}


@dataclass(frozen=True)
class Record:
    """A record ready to be sent: its kind, its key in the source, its fields, and the keys of what it belongs to."""

    entity: str
    key: str
    values: Mapping[str, Any]
    links: Mapping[str, str] = field(default_factory=dict)

    def item(self) -> dict[str, Any]:
        """The record as the contract's exchange takes it."""
        return {"entity": self.entity, "key": self.key, "values": dict(self.values), "links": dict(self.links)}
