"""The results of a benchmark run: a table for people, JSON for comparison."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measurement: `value` in `unit`, what it is measured against in the same run, and the goal if any."""

    name: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None


@dataclass
class Report:
    """All figures of one run, with the conditions."""

    figures: list[Figure] = field(default_factory=list)

    def add(self, figure: Figure) -> None:
        """Keep a figure and print its line at once: progress, not silence."""
        self.figures.append(figure)
        mark = {True: "yes", False: "NO", None: ""}[figure.met]
        ratio = "" if figure.ratio is None else f"{figure.ratio:.3f} x {figure.against}"
        line = f"{figure.name:<52} {figure.value:>10.2f} {figure.unit:<6} {ratio:<34} {figure.goal:<22} {mark}"
        sys.stdout.write(line.rstrip() + "\n")
        sys.stdout.flush()

    def write(self, path: Path) -> None:
        """Write the JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        conditions = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "cpus": os.cpu_count(),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "load_average": os.getloadavg(),
        }
        body = {"conditions": conditions, "figures": [asdict(figure) for figure in self.figures]}
        path.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n")


def milliseconds(action: Callable[[], object], times: int, warm_up: int = 3) -> list[float]:
    """How long an action takes, `times` times, in milliseconds, after a few runs that do not count."""
    for _ in range(warm_up):
        action()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def p50(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 do not pass."""
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
