"""Words that may be parts of a name, each with a letter for its kind, in stretches that a shape can be found in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

SPACES: Final = frozenset({"", " ", "  "})


class Word(NamedTuple):
    """One word: where it stands in its sentence, and the letter of its kind."""

    start: int
    end: int
    letter: str


def runs(text: str, words: Iterable[Word], joints: frozenset[str] = SPACES) -> list[list[Word]]:
    """Words with nothing but a joint between them; one without a letter is no part of a name and parts two runs."""
    found: list[list[Word]] = []
    end: int | None = None
    for word in words:
        if not word.letter:
            end = None
            continue
        if end is not None and text[end : word.start] in joints:
            found[-1].append(word)
        else:
            found.append([word])
        end = word.end
    return found
