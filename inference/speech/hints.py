"""Whether the names that the model was told to listen for have misled it.

Hot words help a speech model to spell names. They also make a small one deaf: with twenty of them Whisper base leaves
out whole sentences, ends a recording early, or reads the names out over the silence at the end. Both leave marks, and
a stretch that bears them is recognised once more without the names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from rapidfuzz import fuzz, process

WORDS = re.compile(r"\w+")
ALIKE = 80  # of 100: "Смирова" is the hot word "Смирнова"
UNSURE = 0.6
# Within speech, where silences are at most half a second, this long without a word is a sentence that was left out.
LOST_SECONDS = 2.5
LONGEST_WORD_SECONDS = 1.5  # a word is stretched over what was left out


class Spoken(Protocol):
    """A word with its times in seconds."""

    @property
    def start(self) -> float:
        """When it begins."""

    @property
    def end(self) -> float:
        """When it ends."""

    @property
    def probability(self) -> float:
        """How sure the model is of it, 0 to 1."""


def is_read_out(text: str, hints: str, word_probabilities: Sequence[float]) -> bool:
    """Tell whether a text only repeats the hints: every word is one, and they come twice or are doubtful."""
    said = WORDS.findall(text.casefold())
    known = WORDS.findall(hints.casefold())
    if len(said) <= 1 or not known:
        return False
    if any(process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=ALIKE) is None for word in said):
        return False
    return len(set(said)) < len(said) or sum(word_probabilities) < UNSURE * len(word_probabilities)


def longest_gap(words: Iterable[Spoken], length: float) -> float:
    """Return the longest time without a word in speech of so many seconds."""
    reached, longest = 0.0, 0.0
    for word in words:
        longest = max(longest, word.start - reached)
        reached = max(reached, min(word.end, word.start + LONGEST_WORD_SECONDS))
    return max(longest, length - reached)


def is_misled(segments: Sequence[tuple[str, Sequence[Spoken]]], length: float, hints: str) -> bool:
    """Tell whether the hints were read out, or made the model leave out speech; `length` is that of the speech."""
    words = sorted((word for _, spoken in segments for word in spoken), key=lambda word: word.start)
    if longest_gap(words, length) >= LOST_SECONDS:
        return True
    return any(is_read_out(text, hints, [word.probability for word in spoken]) for text, spoken in segments)
