"""A long recording in pieces: cut where it is quiet, heard one by one, with times from the very start."""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np

from inference.speech.audio import ENVELOPE_SAMPLES, RATE, Recording, loudness
from inference.speech.turns import Segment, Word

SHORTEST_PIECE_SECONDS = 30.0
LEEWAY = 0.25  # the cut may lie a quarter of the wished length before or after it
QUIET_BLOCKS = 8  # a pause is looked for in steps of 50 ms, over 0.4 s
KEPT_BYTES = 1 << 30
HASHED_BYTES = 1 << 20


@dataclass(frozen=True)
class Window:
    """A piece of a recording, in seconds from its start; `last` when nothing follows."""

    start: float
    end: float
    last: bool


def choose(recording: Recording, start: float, length: float) -> Window:
    """The piece that begins at `start` and is about `length` seconds long, cut at the quietest moment near its end."""
    duration = recording.duration
    length = max(length, SHORTEST_PIECE_SECONDS)
    if duration - start <= length * (1 + 2 * LEEWAY):
        return Window(min(start, duration), duration, last=True)
    low, high = start + length * (1 - LEEWAY), start + length * (1 + LEEWAY)
    return Window(start, _quietest(recording, low, high), last=False)


def _quietest(recording: Recording, low: float, high: float) -> float:
    """The middle of the quietest 0.4 s between two moments, over all channels; in whole hundredths of a second."""
    first, last = int(low * RATE), int(high * RATE)
    blocks = np.max([loudness(channel[first:last]) for channel in recording.samples], axis=0)
    smooth = np.convolve(blocks, np.ones(QUIET_BLOCKS) / QUIET_BLOCKS, mode="valid")
    middle = (int(np.argmin(smooth)) + QUIET_BLOCKS / 2) * ENVELOPE_SAMPLES / RATE
    return round(low + middle, 2)


def cut(recording: Recording, window: Window) -> Recording:
    """The sound of a window alone; that the end of the file is missing is said of the last piece."""
    samples = recording.samples[:, int(window.start * RATE) : math.ceil(window.end * RATE)]
    return Recording(samples, damaged=recording.damaged and window.last)


def shifted(segments: Iterable[Segment], seconds: float) -> list[Segment]:
    """Segments with their times, and those of their words, counted from so many seconds earlier."""
    return [
        replace(
            segment,
            start=round(segment.start + seconds, 2),
            end=round(segment.end + seconds, 2),
            words=tuple(_shifted(word, seconds) for word in segment.words),
        )
        for segment in segments
    ]


def _shifted(word: Word, seconds: float) -> Word:
    return replace(word, start=round(word.start + seconds, 2), end=round(word.end + seconds, 2))


def digest(file: BinaryIO) -> str:
    """The hash of a file's content; the file is at its beginning again afterwards."""
    found = hashlib.sha256()
    while piece := file.read(HASHED_BYTES):
        found.update(piece)
    file.seek(0)
    return found.hexdigest()


class Decoded:
    """Recordings whose next piece will be asked for soon, so that hours of sound are not decoded for each piece."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: OrderedDict[str, Recording] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> Recording | None:
        """The recording with this content, if it is still here."""
        with self._lock:
            return self._kept.get(key)

    def keep(self, key: str, recording: Recording) -> None:
        """Keep a recording; those that were kept longest make room."""
        with self._lock:
            self._kept[key] = recording
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and sum(one.samples.nbytes for one in self._kept.values()) > KEPT_BYTES:
                self._kept.popitem(last=False)

    def drop(self, key: str) -> None:
        """Forget a recording."""
        with self._lock:
            self._kept.pop(key, None)
