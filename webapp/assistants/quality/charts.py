"""Figures over time as shapes: the template draws them as SVG attributes, since the pages allow no inline styles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from webapp.assistants.quality.figures import DECIDED, Figures

WIDTH, HEIGHT = 1000, 100
GAP_SHARE = 0.22


@dataclass(frozen=True)
class Piece:
    """One rectangle of a bar; `kind` is the class that colours it."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """One day: where its bar stands, and of what it is made."""

    day: date
    x: float
    width: float
    pieces: tuple[Piece, ...]
    figures: Figures


@dataclass(frozen=True)
class Line:
    """A line through the days that have a value, as the points of an SVG polyline."""

    kind: str
    points: str


Days = Sequence[tuple[date, Figures]]


def verdicts(days: Days) -> tuple[list[Bar], int]:
    """What people decided day by day, as stacked bars; and the count at the top of the chart."""
    top = max((figures.decided for _day, figures in days), default=0)
    step = WIDTH / max(len(days), 1)
    bars = []
    for n, (day, figures) in enumerate(days):
        pieces, y = [], float(HEIGHT)
        for kind in DECIDED:
            height = figures.sums[kind] / top * HEIGHT if top else 0.0
            if height:
                y -= height
                pieces.append(Piece(kind, round(y, 2), round(height, 2)))
        x, width = round(n * step + step * GAP_SHARE / 2, 2), round(step * (1 - GAP_SHARE), 2)
        bars.append(Bar(day, x, width, tuple(pieces), figures))
    return bars, top


def latency(days: Days) -> tuple[list[Line], float]:
    """The median and the 95th percentile of the times day by day, as lines; and the seconds at the top."""
    top = max((figures.p95_ms or figures.p50_ms or 0.0 for _day, figures in days), default=0.0)
    if not top:
        return [], 0.0
    step = WIDTH / max(len(days), 1)
    lines = []
    for kind in ("p95", "p50"):
        values = [(n, getattr(figures, f"{kind}_ms")) for n, (_day, figures) in enumerate(days)]
        places = [(n * step + step / 2, HEIGHT - value / top * HEIGHT) for n, value in values if value is not None]
        if len(places) == 1:  # one day alone: a line of its width
            x, y = places[0]
            places = [(x - step / 2, y), (x + step / 2, y)]
        lines.append(Line(kind, " ".join(f"{x:.1f},{y:.2f}" for x, y in places)))
    return lines, top / 1000
