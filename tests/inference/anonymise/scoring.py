"""Recall and precision by class on the labelled sentences of this folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inference.anonymise import CLASSES, Masker

DATA = Path(__file__).parent / "data"
LANGUAGES = ("ru", "en")
PARTS = ("dev", "held-out")


@dataclass(frozen=True)
class Sentence:
    """A labelled sentence: `spans` are (start, end, class)."""

    text: str
    part: str
    spans: tuple[tuple[int, int, str], ...]


@dataclass
class Score:
    """Counts by class: labelled, of these masked whole, reported, of these right."""

    labelled: Counter[str] = field(default_factory=Counter)
    masked: Counter[str] = field(default_factory=Counter)
    reported: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)

    def recall(self, kind: str) -> float:
        """Share of the labelled spans of a class that were masked to the last letter, under that class."""
        return self.masked[kind] / self.labelled[kind] if self.labelled[kind] else 1.0

    def precision(self, kind: str) -> float:
        """Share of the reported spans of a class that touch a labelled one of it."""
        return self.right[kind] / self.reported[kind] if self.reported[kind] else 1.0


def sentences(language: str, parts: Iterable[str] = PARTS) -> Iterator[Sentence]:
    """The labelled sentences of a language."""
    wanted = set(parts)
    for line in (DATA / f"{language}.jsonl").read_text(encoding="utf-8").splitlines():
        found: dict[str, Any] = json.loads(line)
        if found["part"] in wanted:
            spans = tuple((span["start"], span["end"], span["class"]) for span in found["spans"])
            yield Sentence(found["text"], found["part"], spans)


def score(language: str, parts: Iterable[str] = PARTS, *, told: str | None = None) -> Score:
    """Mask every sentence by itself and count; `told` is the language that the masker is told, else it guesses."""
    total = Score()
    for sentence in sentences(language, parts):
        found = Masker(told or "auto").mask(sentence.text).spans
        _count(total, sentence, [(span.start, span.end, span.kind) for span in found if span.kind in CLASSES[:15]])
    return total


def _count(total: Score, sentence: Sentence, found: list[tuple[int, int, str]]) -> None:
    for start, end, kind in sentence.spans:
        total.labelled[kind] += 1
        whole = _covered(sentence.text, start, end, [span for span in found if span[2] == kind])
        total.masked[kind] += whole
        if not whole:
            total.errors.append(f"missed {kind} {sentence.text[start:end]!r} in {sentence.text!r}")
    for start, end, kind in found:
        total.reported[kind] += 1
        right = any(kind == other and start < last and first < end for first, last, other in sentence.spans)
        total.right[kind] += right
        if not right:
            total.errors.append(f"wrong {kind} {sentence.text[start:end]!r} in {sentence.text!r}")


def _covered(text: str, start: int, end: int, found: list[tuple[int, int, str]]) -> bool:
    """Whether every letter and digit between two places is in a span."""
    places = (place for place in range(start, end) if text[place].isalnum())
    return all(any(first <= place < last for first, last, _ in found) for place in places)
