"""Segments with their words: split where a speaker paused, both channels merged in the order of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from rapidfuzz import fuzz

PAUSE_SECONDS = 0.9
SENTENCE_PAUSE_SECONDS = 0.35
ECHO_LIKENESS = 85.0
ECHO_CHARACTERS = 8
ECHO_OVERLAP = 0.5
STRAY_SECONDS = 0.3
ENDS = (".", "!", "?", "…")


@dataclass(frozen=True)
class Word:
    """One recognised word; `word` keeps its leading space, times are seconds from the start of the recording."""

    word: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True)
class Segment:
    """A stretch of one speaker's words. `loudness` is the mean power under it, to tell an echo from a voice."""

    start: float
    end: float
    text: str
    channel: int | None
    avg_logprob: float
    no_speech_prob: float
    words: tuple[Word, ...] = ()
    loudness: float = 0.0


def _breaks(before: Word, after: Word) -> bool:
    """Tell whether a new turn or sentence starts between two words."""
    pause = after.start - before.end
    ended = before.word.rstrip().endswith(ENDS)
    return pause >= PAUSE_SECONDS or (ended and pause >= SENTENCE_PAUSE_SECONDS)


def _is_stray(words: tuple[Word, ...], index: int) -> bool:
    """Tell whether a word begins a sentence but lies before the pause that the rest of its sentence follows."""
    word, after = words[index], words[index + 1]
    begins = index == 0 or words[index - 1].word.rstrip().endswith(ENDS)
    goes_on = word.word.strip()[-1:].isalpha() and after.word.strip()[:1].islower()
    return begins and goes_on and after.start - word.end >= PAUSE_SECONDS


def without_strays(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Move a sentence's first word over the pause: the recogniser hears stretches of speech glued together."""
    placed = list(words)
    for index in range(len(words) - 1):
        if _is_stray(words, index):
            start = words[index + 1].start
            length = min(words[index].end - words[index].start, STRAY_SECONDS)
            placed[index] = replace(words[index], start=round(start - length, 2), end=start)
    return tuple(placed)


def split_at_pauses(segment: Segment) -> list[Segment]:
    """Split a segment where its speaker paused: the recogniser glues what silence lay between."""
    if not segment.words:
        return [segment]
    words = without_strays(segment.words)
    groups: list[list[Word]] = [[words[0]]]
    for before, after in pairwise(words):
        if _breaks(before, after):
            groups.append([])
        groups[-1].append(after)
    return [
        replace(
            segment,
            start=group[0].start,
            end=group[-1].end,
            words=tuple(group),
            text="".join(word.word for word in group).strip(),
        )
        for group in groups
    ]


def _echoes(quiet: Segment, loud: Segment) -> bool:
    """Tell whether one segment is the other, heard faintly through the second microphone."""
    overlap = min(quiet.end, loud.end) - max(quiet.start, loud.start)
    shorter = min(quiet.end - quiet.start, loud.end - loud.start)
    if quiet.loudness >= loud.loudness or overlap < ECHO_OVERLAP * max(shorter, 0.01):
        return False
    if len(quiet.text) < ECHO_CHARACTERS:
        return False
    return fuzz.partial_ratio(quiet.text.lower(), loud.text.lower()) >= ECHO_LIKENESS


def merge(channels: Iterable[Iterable[Segment]]) -> list[Segment]:
    """Merge the channels' segments in the order of time and leave out echoes of one channel in the other."""
    sides = [list(side) for side in channels]
    kept: list[Segment] = []
    for index, side in enumerate(sides):
        others = [segment for other, segments in enumerate(sides) if other != index for segment in segments]
        kept.extend(segment for segment in side if not any(_echoes(segment, other) for other in others))
    return sorted(kept, key=lambda segment: (segment.start, segment.end))
