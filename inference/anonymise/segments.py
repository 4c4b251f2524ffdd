"""Sentences of a text, each with its language and with how it treats capitals."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from inference.anonymise.spans import Language

Casing = Literal["cased", "first", "lower", "upper"]
END = re.compile(r"(?:[.!?…]+[\"»”)\]]*|[.!?…]+\s?[)(]*)\s+(?=[\"«“(\[]?[A-ZА-ЯЁ0-9—-])|\s*\n+\s*|\s*[;|]\s+|\t+")
ABBREVIATED = re.compile(
    r"(?:^|[\s(«\".])(?:[A-ZА-ЯЁ]|г|ул|д|кв|корп|стр|оф|им|пр|пер|пос|обл|тел|моб|доб|т|руб|тыс|млн|см|гр|др|проф|акад|ст|инж|зам|дир|рег|св|р|с|п|б|г-н"
    r"|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|Inc|Ltd|Co|Corp|No|vs|etc|dept|approx|ext|Apt|Ave|Rd|Blvd)\.$"
)
UPPER = re.compile(r"[A-ZА-ЯЁ]")
LOWER = re.compile(r"[a-zа-яё]")
CYRILLIC = re.compile(r"[А-Яа-яЁё]")
LATIN = re.compile(r"[A-Za-z]")
SHOUTED_WORD = re.compile(r"(?<![\w])[A-ZА-ЯЁ]{2,}(?![\w])")
LONGEST: Final = 400
LEAST_SHOUTED: Final = 3
SHARE_OF_SMALL: Final = 0.25


@dataclass(frozen=True, slots=True)
class Segment:
    """About one sentence: where it starts, its text, the language of most of its letters, its capitals."""

    start: int
    text: str
    language: Language
    casing: Casing


def segments(text: str, language: Language, *, mixed: bool) -> Iterator[Segment]:
    """Cut a text into sentences; with `mixed` each sentence has the language of its own letters."""
    for start, end in _cuts(text):
        part = text[start:end]
        yield Segment(start, part, language_of(part, language) if mixed else language, _casing(part))


def language_of(text: str, otherwise: Language = "en") -> Language:
    """The language that most letters belong to."""
    cyrillic, latin = len(CYRILLIC.findall(text)), len(LATIN.findall(text))
    if cyrillic == latin:
        return otherwise
    return "ru" if cyrillic > latin else "en"


def _cuts(text: str) -> Iterator[tuple[int, int]]:
    """Where sentences start and end; very long ones are cut at a space."""
    start = 0
    for match in END.finditer(text):
        stop = "\n" not in match.group() and match.group()[0] == "."
        if stop and ABBREVIATED.search(text[max(start, match.start() - 6) : match.start() + 1]):
            continue
        yield from _pieces(text, start, match.end())
        start = match.end()
    yield from _pieces(text, start, len(text))


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > LONGEST:
        cut = text.rfind(" ", start + LONGEST // 2, start + LONGEST) + 1 or start + LONGEST
        yield start, cut
        start = cut
    if end > start:
        yield start, end


def _casing(part: str) -> Casing:
    """Whether capitals say something: "first" has one at its beginning alone."""
    uppers = UPPER.findall(part)
    if not uppers:
        return "lower"
    if len(uppers) == 1 and UPPER.match(part.lstrip('"«“(- ')):
        return "first"
    shouted = SHOUTED_WORD.findall(part)
    if len(shouted) >= LEAST_SHOUTED and len(LOWER.findall(part)) < SHARE_OF_SMALL * sum(map(len, shouted)):
        return "upper"
    return "cased"
