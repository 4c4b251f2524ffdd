"""The metrics of an evaluation. Their formulas stand in docs/modules.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import mean, quantiles
from typing import Any


@dataclass
class Count:
    """Right, wrong and missed values of one field or class."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def any(self) -> int:
        """How many values were said or proposed."""
        return self.right + self.wrong + self.missed

    @property
    def precision(self) -> float:
        """Of what was proposed, how much is right; 1 when nothing was."""
        proposed = self.right + self.wrong
        return self.right / proposed if proposed else 1.0

    @property
    def recall(self) -> float:
        """Of what was said, how much was proposed; 1 when nothing was said."""
        said = self.right + self.missed
        return self.right / said if said else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def as_json(self) -> dict[str, Any]:
        """The figures of one row."""
        ratios = {"precision": round(self.precision, 3), "recall": round(self.recall, 3), "f1": round(self.f1, 3)}
        return {**ratios, "right": self.right, "wrong": self.wrong, "missed": self.missed}


@dataclass
class Answers:
    """How questions were answered: of those that can be answered, and of those that cannot."""

    answerable: int = 0
    unanswerable: int = 0
    answered_rightly: int = 0
    abstained_rightly: int = 0
    wrong: int = 0
    answered: int = 0
    cited: int = 0

    def as_json(self) -> dict[str, Any]:
        """The rates; none where nothing was counted."""
        questions = self.answerable + self.unanswerable
        return {
            "questions": questions,
            "answerable": self.answerable,
            "answered_rate": share(self.answered_rightly, self.answerable),
            "abstained_rate": share(self.abstained_rightly, self.unanswerable),
            "wrong_rate": share(self.wrong, questions),
            "cited_rate": share(self.cited, self.answered),
        }


@dataclass
class Score:
    """What an evaluation found; `seconds` is the time of all cases together, `milliseconds` of each."""

    fields: dict[str, Count] = field(default_factory=dict)
    classes: dict[str, dict[str, Count]] = field(default_factory=dict)
    answers: Answers | None = None
    cases: int = 0
    failed: int = 0
    values: int = 0
    unsupported: int = 0
    filled: int = 0
    left_empty: int = 0
    left_empty_rightly: int = 0
    heard_words: int = 0
    misheard_words: int = 0
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    milliseconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def micro(self) -> Count:
        """All fields counted together."""
        rows = self.fields.values()
        right, wrong, missed = (sum(getattr(row, name) for row in rows) for name in ("right", "wrong", "missed"))
        return Count(right, wrong, missed)

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the fields that were said or proposed at least once."""
        return _mean_f1(self.fields)

    def as_json(self) -> dict[str, Any]:
        """The figures in a form for machines."""
        return {
            "cases": self.cases,
            "failed": self.failed,
            "fields": {name: count.as_json() for name, count in sorted(self.fields.items())},
            "micro": self.micro.as_json(),
            "macro_f1": round(self.macro_f1, 3),
            "classes": {
                name: {
                    "macro_f1": round(_mean_f1(counts), 3),
                    "by_class": {value: count.as_json() for value, count in sorted(counts.items())},
                }
                for name, counts in sorted(self.classes.items())
            },
            "answers": self.answers.as_json() if self.answers else None,
            "values": self.values,
            "unsupported": self.unsupported,
            "unsupported_per_100": round(100 * self.unsupported / max(1, self.values), 2),
            "left_empty": self.left_empty,
            "left_empty_rightly": self.left_empty_rightly,
            "left_empty_wrongly": self.left_empty - self.left_empty_rightly,
            "left_empty_share": share(self.left_empty, self.left_empty + self.filled),
            "left_empty_rightly_share": share(self.left_empty_rightly, self.left_empty),
            "wer": share(self.misheard_words, self.heard_words),
            "p50_ms": round(self._latency(50)),
            "p95_ms": round(self._latency(95)),
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "seconds": round(self.seconds, 2),
            "errors": self.errors,
        }

    def _latency(self, percent: int) -> float:
        """A percentile of the time of one case, in milliseconds."""
        if len(self.milliseconds) < 2:
            return self.milliseconds[0] if self.milliseconds else 0.0
        return quantiles(self.milliseconds, n=100, method="inclusive")[percent - 1]


def share(part: int, whole: int) -> float | None:
    """A part of a whole, from 0 to 1; None when there is no whole."""
    return round(part / whole, 3) if whole else None


def _mean_f1(counts: Mapping[str, Count]) -> float:
    met = [count.f1 for count in counts.values() if count.any]
    return mean(met) if met else 0.0
