"""Evaluations for people and machines, side by side; those of former versions are kept for comparison."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from inference.modules.base import Module

SHOWN_ERRORS = 60
ROW = ("at", "cases", "way", "model", "version", "prompt_version")
COMPARED = (
    "unsupported_per_100", "left_empty_share", "left_empty_rightly_share", "wer", "p50_ms", "p95_ms",
    "prompt_tokens", "completion_tokens", "failed",
)  # fmt: skip


@dataclass(frozen=True)
class Evaluated:
    """The figures of one evaluation, and of what: `way` is `module`, `bare` or `code alone`."""

    way: str
    model: str
    version: str
    prompt_version: str
    figures: Mapping[str, Any]
    at: str = ""

    @property
    def label(self) -> str:
        """The head of its column."""
        kept = f" kept {self.at[:10]}" if self.at else ""
        name = {"module": self.version, "bare": "bare", "code alone": f"{self.version} code alone"}[self.way]
        return f"{name} {self.model}{kept}".strip()

    def as_json(self) -> dict[str, Any]:
        """The evaluation with its figures on top."""
        about = {"way": self.way, "model": self.model, "version": self.version, "prompt_version": self.prompt_version}
        return {**about, "label": self.label, **self.figures}


def cases_hash(cases: Iterable[Mapping[str, Any]]) -> str:
    """The SHA-256 of a set of cases: figures over different cases are not compared."""
    lines = sorted(json.dumps(dict(case), sort_keys=True, ensure_ascii=False) for case in cases)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class Kept:
    """The evaluations made on this machine, one JSON object a line."""

    def __init__(self, home: Path, module: Module, cases: str) -> None:
        """`cases` is the hash of the set of cases."""
        self._path = home / "evaluations" / f"{module.manifest.name}.jsonl"
        self._cases = cases

    def add(self, evaluated: Iterable[Evaluated]) -> None:
        """Keep evaluations for later comparisons."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            for one in evaluated:
                figures = {name: value for name, value in one.figures.items() if name != "errors"}
                row = {**one.as_json(), "at": at, "cases": self._cases}
                kept = {name: row[name] for name in ROW} | {"figures": figures}
                file.write(json.dumps(kept, ensure_ascii=False) + "\n")

    def find(self, version: str, way: str, model: str) -> Evaluated | None:
        """The newest evaluation of a version over the same cases, with the same model where there is one."""
        rows = [row for row in self._rows() if (row["version"], row["way"]) == (version, way)]
        rows.sort(key=lambda row: (row["model"] == model, row["at"]))
        return _evaluated(rows[-1]) if rows else None

    def versions(self) -> list[str]:
        """The versions that were evaluated over these cases."""
        return sorted({row["version"] for row in self._rows()})

    def _rows(self) -> list[dict[str, Any]]:
        if not self._path.is_file():
            return []
        rows = (json.loads(line) for line in self._path.read_text("utf-8").splitlines() if line.endswith("}"))
        return [row for row in rows if row["cases"] == self._cases]


def _evaluated(row: Mapping[str, Any]) -> Evaluated:
    return Evaluated(**{name: row[name] for name in ("way", "model", "version", "prompt_version", "figures", "at")})


def rows_of(figures: Mapping[str, Any]) -> dict[str, float]:
    """The figures that are compared, flat, by the name that a table shows."""
    found: dict[str, float | None] = {f"F1 {name}": row["f1"] for name, row in figures["fields"].items()}
    found |= {"F1 micro": figures["micro"]["f1"], "F1 macro": figures["macro_f1"]}
    found |= {f"micro {name}": figures["micro"][name] for name in ("precision", "recall")}
    found |= {f"macro F1 over classes of {name}": row["macro_f1"] for name, row in figures["classes"].items()}
    found |= {name.replace("_", " "): value for name, value in (figures["answers"] or {}).items()}
    found |= {name.replace("_", " "): figures[name] for name in COMPARED}
    return {name: value for name, value in found.items() if value is not None}


def deltas(first: Evaluated, other: Evaluated) -> dict[str, float]:
    """The figures of the first less those of the other, where both have them."""
    left, right = rows_of(first.figures), rows_of(other.figures)
    return {name: round(left[name] - right[name], 3) for name in left if name in right}


def as_json(evaluated: Sequence[Evaluated]) -> dict[str, Any]:
    """The first evaluation, and the others with how far the first is from them."""
    first, *others = evaluated
    return {**first.as_json(), "compared": [{**other.as_json(), "delta": deltas(first, other)} for other in others]}


def side_by_side(evaluated: Sequence[Evaluated]) -> str:
    """A table with a column for each evaluation, and for each but the first how far the first is from it."""
    first, *others = evaluated
    tables = [rows_of(one.figures) for one in evaluated]
    names = list(dict.fromkeys(name for table in tables for name in table))
    heads = [one.label for one in evaluated] + ["delta" if len(others) == 1 else f"- {other.label}" for other in others]
    widths = [max(12, len(head) + 2) for head in heads]
    wide = max(map(len, names)) + 1
    lines = [" " * wide + "".join(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True))]
    for name in names:
        cells = [_number(table.get(name)) for table in tables]
        cells += [_number(deltas(first, other).get(name), sign=True) for other in others]
        lines.append(f"{name:<{wide}}" + "".join(f"{cell:>{w}}" for cell, w in zip(cells, widths, strict=True)))
    return "\n".join([*lines, f"cases {first.figures['cases']}"])


def _number(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "-"
    shown = f"{value:+.3f}" if sign else f"{value:.3f}"
    return shown.rstrip("0").rstrip(".") if float(value).is_integer() else shown


def table(one: Evaluated) -> str:
    """The figures of one evaluation for people, with what was wrong."""
    figures = one.figures
    lines = [f"{'field':<14}{'precision':>10}{'recall':>8}{'F1':>7}{'right':>7}{'wrong':>7}{'missed':>8}"]
    lines += [_row(name, row) for name, row in (*figures["fields"].items(), ("all (micro)", figures["micro"]))]
    lines += [f"macro F1 over fields {figures['macro_f1']}"]
    lines += [f"macro F1 over classes of {name} {row['macro_f1']}" for name, row in figures["classes"].items()]
    if answers := figures["answers"]:
        lines += [f"{name.replace('_', ' ')} {value}" for name, value in answers.items() if value is not None]
    lines += [
        f"cases {figures['cases']}, failed {figures['failed']}, values {figures['values']}",
        f"values without support per 100: {figures['unsupported_per_100']}",
        f"fields left empty {figures['left_empty']} (share {figures['left_empty_share']})",
        f"of these rightly {figures['left_empty_rightly']}, wrongly {figures['left_empty_wrongly']}",
        *([f"word error rate {figures['wer']}"] if figures["wer"] is not None else []),
        f"a case took {figures['p50_ms']} ms (p50), {figures['p95_ms']} ms (p95); all {figures['seconds']} s",
        f"tokens read {figures['prompt_tokens']}, written {figures['completion_tokens']}",
        *figures["errors"][:SHOWN_ERRORS],
    ]
    return "\n".join([one.label, *lines])


def _row(name: str, row: Mapping[str, Any]) -> str:
    ratios = f"{row['precision']:>10.3f}{row['recall']:>8.3f}{row['f1']:>7.3f}"
    return f"{name:<14}{ratios}{row['right']:>7}{row['wrong']:>7}{row['missed']:>8}"
