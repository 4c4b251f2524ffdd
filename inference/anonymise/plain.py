"""The text as recognisers read it: no invisible characters, plain digits and dashes; places lead back to the input."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from typing import Final

INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
)
MARKS: Final = "\u0300-\u036f\u0483-\u0487\u20d0-\u20ff"
UNUSUAL = re.compile(f"[^\\W\\d_]?[{MARKS}]+|[{INVISIBLE}]+|[\U0001d7ce-\U0001d7ff]")
# What every one of those has; one class is searched many times faster.
HINT = re.compile(f"[{MARKS}{INVISIBLE}\U0001d7ce-\U0001d7ff]")
SIMPLE: Final = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-"),
    **dict.fromkeys(
        map(ord, "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"),
        " ",
    ),
    **dict.fromkeys(map(ord, "’‘ʼ＇`´"), "'"),
    ord("＠"): "@",
    ord("＋"): "+",
    ord("\x00"): " ",
    ord("．"): ".",
}
DIGITS = {
    code: str(unicodedata.digit(chr(code)))
    for first in (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0xFF10)
    for code in range(first, first + 10)
}
TABLE: Final = SIMPLE | DIGITS


class Plain:
    """A text for recognisers, `text`, and the way back from its places to those of the input."""

    def __init__(self, original: str) -> None:
        """Read the input; every step is linear in its length."""
        self._starts: list[int] = [0]
        self._moved: list[int] = [0]
        text = original.translate(TABLE)
        self.text = self._without_unusual(text) if HINT.search(text) else text

    def _without_unusual(self, text: str) -> str:
        """Drop what cannot be seen and join letters with their marks."""
        pieces: list[str] = []
        place = length = 0
        for match in UNUSUAL.finditer(text):
            pieces.append(text[place : match.start()])
            length += match.start() - place
            kept = _composed(match.group())
            pieces.append(kept)
            length += len(kept)
            place = match.end()
            self._starts.append(length)
            self._moved.append(place - length)
        pieces.append(text[place:])
        return "".join(pieces)

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Where `start:end` of the plain text stands in the input; marks after the last letter are part of it."""
        return self._back(start), self._back(end - 1) + 1 if end > start else self._back(start)

    def _back(self, place: int) -> int:
        return place + self._moved[bisect_right(self._starts, place) - 1]


def _composed(cluster: str) -> str:
    """A letter with its marks as one character, without the marks where no such character exists."""
    letter = cluster[:1]
    if len(cluster) == 1:
        return unicodedata.normalize("NFKC", cluster) if "\U0001d7ce" <= letter <= "\U0001d7ff" else ""
    if not letter.isalpha():
        return ""
    whole = unicodedata.normalize("NFC", cluster[:2])
    return whole if len(whole) == 1 else letter
