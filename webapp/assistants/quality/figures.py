"""Figures of modules, summed up from the gateway's rows (one a version and day)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

Row = Mapping[str, Any]
COUNTS = ("runs", "ok", "repaired", "degraded", "failed", "abstained", "proposals")
DECIDED = ("accepted", "edited", "kept", "rejected", "undone")
SPENT = ("engine_seconds", "prompt_tokens", "completion_tokens")
VERSION = ("module", "module_version", "prompt_version", "model")


@dataclass(frozen=True)
class Figures:
    """The figures of a group of rows. Shares are 0 to 1 and None where there is nothing to divide by; times in ms."""

    sums: Mapping[str, float]
    edit_distance: float | None
    p50_ms: float | None
    p95_ms: float | None

    @property
    def runs(self) -> int:
        """How often the module ran."""
        return int(self.sums["runs"])

    @property
    def decided(self) -> int:
        """How many values people have decided about."""
        return int(sum(self.sums[name] for name in DECIDED))

    def share(self, *names: str, of: str = "decided") -> float | None:
        """The share of some counts in what was decided, or in the runs."""
        whole = self.decided if of == "decided" else self.sums[of]
        return sum(self.sums[name] for name in names) / whole if whole else None

    @property
    def acceptance(self) -> float | None:
        """The share of decided values that people took, as they were or edited."""
        return self.share("accepted", "edited")

    def plain(self) -> dict[str, Any]:
        """The same for the API."""
        rates = {
            "decided": self.decided,
            "acceptance": self.acceptance,
            "reject_rate": self.share("rejected"),
            "undo_rate": self.share("undone"),
            "abstention": self.share("abstained", of="runs"),
            "edit_distance": self.edit_distance,
            "p50_ms": self.p50_ms,
            "p95_ms": self.p95_ms,
        }
        return {**{name: _whole(value) for name, value in self.sums.items()}, **rates}


def _whole(value: float) -> float | int:
    return int(value) if float(value).is_integer() else round(value, 3)


def total(rows: Iterable[Row]) -> Figures:
    """The figures of some rows together.

    The median is the mean of the rows' medians weighted by runs; the 95th percentile is the worst of theirs, because
    percentiles cannot be added up.
    """
    found = list(rows)
    sums = {name: float(sum(row.get(name) or 0 for row in found)) for name in (*COUNTS, *DECIDED, *SPENT)}
    slowest = [row["p95_ms"] for row in found if row.get("p95_ms") is not None]
    return Figures(
        sums,
        _mean(found, "edit_distance", "edited"),
        _mean(found, "p50_ms", "runs"),
        max(slowest) if slowest else None,
    )


def _mean(rows: Sequence[Row], name: str, weight: str) -> float | None:
    """The mean of a figure weighted by a count, over the rows that have both."""
    pairs = [(row[name], row.get(weight) or 0) for row in rows if row.get(name) is not None]
    whole = sum(count for _value, count in pairs)
    return sum(value * count for value, count in pairs) / whole if whole else None


def grouped(rows: Iterable[Row], *keys: str) -> list[tuple[tuple[str, ...], Figures]]:
    """The figures of each group, in the order in which the groups appear."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(str(row.get(key) or "") for key in keys), []).append(row)
    return [(key, total(found)) for key, found in groups.items()]


def daily(rows: Iterable[Row], since: date, until: date) -> list[tuple[date, Figures]]:
    """The figures of every day from `since` to `until`, also of those on which nothing happened."""
    by_day: dict[str, list[Row]] = {}
    for row in rows:
        by_day.setdefault(str(row["day"])[:10], []).append(row)
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    return [(day, total(by_day.get(day.isoformat(), ()))) for day in days]
