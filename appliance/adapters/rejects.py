"""The rejects: rows that were not taken, as they were, with line, field and reason beside them.

The file can be mended in a spreadsheet and imported again as it is: its three columns more belong to no mapping.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, TextIO

from appliance.adapters.reading import Shape
from appliance.adapters.records import Fault, Row

COLUMNS = ("ostrov: line", "ostrov: field", "ostrov: reason")
FORMULA = ("=", "+", "-", "@")  # a spreadsheet would run a reason that begins so


class Rejects:
    """Writes the file with the first reject; without one there is no file."""

    def __init__(self, path: Path, shape: Shape) -> None:
        """`shape` is that of the source: the rejects are written alike, in UTF-8."""
        self.path = path
        self.count = 0
        self._shape = shape
        self._stream: TextIO | None = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)  # those of an earlier run would be taken for this one's
        return self

    def __exit__(self, *_ending: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def add(self, row: Row | None, faults: Sequence[Fault]) -> None:
        """Keep a row (None when it could not be read) with its faults."""
        stream = self._open()
        self.count += 1
        line = faults[0].line
        fields = "; ".join(dict.fromkeys(fault.field for fault in faults if fault.field))
        reasons = " ".join(f"{fault.field}: {fault.reason}" if fault.field else fault.reason for fault in faults)
        if self._writer is not None:
            cells = [str(row.cells.get(name, "")) if row else "" for name in self._shape.columns]
            self._writer.writerow([*cells, line, fields, f"'{reasons}" if reasons.startswith(FORMULA) else reasons])
            return
        kept = {"line": line, "field": fields, "reason": reasons, "record": dict(row.cells) if row else None}
        stream.write(json.dumps(kept, ensure_ascii=False) + "\n")

    def _open(self) -> TextIO:
        if self._stream is None:
            # It holds clients' data: for the eyes of its owner alone.
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            csv_like = self._shape.format == "csv"
            self._stream = os.fdopen(handle, "w", encoding="utf-8-sig" if csv_like else "utf-8", newline="")
            if csv_like:
                self._writer = csv.writer(self._stream, delimiter=self._shape.delimiter)
                self._writer.writerow([*self._shape.columns, *COLUMNS])
        return self._stream


def place_of(source: Path, shape: Shape) -> Path:
    """Where the rejects of a file stand: beside it."""
    return source.with_name(f"{source.stem}.rejects{'.csv' if shape.format == 'csv' else '.jsonl'}")
