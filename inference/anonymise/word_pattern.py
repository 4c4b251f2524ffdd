"""Patterns of many words that stay fast: words with a common beginning share it."""

from __future__ import annotations

import re
from collections.abc import Iterable

Branches = dict[str, "Branches"]


def small(text: str) -> str:
    """A text in small letters and as long as it was, in which patterns fit several times faster than by IGNORECASE."""
    return text.replace("İ", "I").lower()


def one_of(words: Iterable[str]) -> str:
    """A pattern that matches the longest of these words; ё and е are the same."""
    root: Branches = {}
    for word in words:
        branch = root
        for letter in word.replace("ё", "е"):
            branch = branch.setdefault(letter, {})
        branch[""] = {}
    return _pattern(root)


def _pattern(branch: Branches) -> str:
    """The pattern of what can follow."""
    rest = [_letter(letter) + _pattern(after) for letter, after in branch.items() if letter]
    if not rest:
        return ""
    joined = "(?:" + "|".join(rest) + ")"
    return joined + "?" if "" in branch else joined


def _letter(letter: str) -> str:
    return "[её]" if letter == "е" else re.escape(letter)


def windows(gate: re.Pattern[str], text: str, before: int, after: int) -> list[tuple[int, int]]:
    """The stretches of a text around the places where a cheap pattern fits, joined where they touch."""
    found: list[tuple[int, int]] = []
    for match in gate.finditer(text):
        first, last = max(0, match.start() - before), min(len(text), match.end() + after)
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found
