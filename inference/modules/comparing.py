"""Whether a proposed value is the one that was said, and whether it stands in what the module was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rapidfuzz import fuzz

from inference.modules.base import Measured
from inference.text.matching import likeness
from inference.text.numbers import find_numbers
from inference.text.stems import stem
from inference.text.tokens import normal, words_of

DAY = len("2026-11-25")
NAME_LIKENESS, TEXT_SHARE = 88.0, 0.6
EXACT = Measured("exact")


def same(measured: Measured, gold: Any, value: Any) -> bool:
    """Whether a proposed value is the one that was said, by the kind of its field."""
    match measured.kind:
        case "name":
            turned = fuzz.token_sort_ratio(normal(str(gold)), normal(str(value)))
            return max(likeness(str(gold), str(value)), turned) >= NAME_LIKENESS
        case "text":
            wanted = _stems(str(gold))
            return len(wanted & _stems(str(value))) >= TEXT_SHARE * len(wanted)
        case "date":
            both_timed = "T" in str(gold) and "T" in str(value)
            return str(gold) == str(value) if both_timed else str(gold)[:DAY] == str(value)[:DAY]
        case "number":
            return _number(gold) is not None and _number(gold) == _number(value)
    return bool(gold == value) or str(gold) == str(value)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _stems(text: str) -> set[str]:
    return {stem(word) for word in words_of(text)}


class Given:
    """The texts of one input, to look for evidence in."""

    def __init__(self, value: Any) -> None:
        self._texts = list(_texts(value))
        # A transcript is read as one text: its segments, trimmed and joined by single spaces.
        self._whole = " ".join(text.strip() for key, text in self._texts if key == "text")
        self._stems: set[str] | None = None
        self._numbers: set[float] | None = None

    def holds(self, quote: str) -> bool:
        """Whether a quote stands in the input, letter by letter."""
        return bool(quote) and (quote in self._whole or any(quote in text for _, text in self._texts))

    def grounds(self, measured: Measured, value: Any) -> bool:
        """Whether the words or the number of a value that comes without a quote stand in the input at all."""
        if measured.kind in {"class", "date"}:
            return True
        if measured.kind == "number":
            if self._numbers is None:
                self._numbers = {number.value for number in find_numbers(self._whole)}
            return _number(value) in self._numbers
        if self._stems is None:
            self._stems = _stems(" ".join(text for _, text in self._texts))
        wanted = _stems(str(value))
        return bool(wanted) and len(wanted & self._stems) >= TEXT_SHARE * len(wanted)


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a JSON value with the key that it stands under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _texts(part, str(name))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part, key)
