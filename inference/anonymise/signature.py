"""Names under a letter: a line of capital words that follows "Thanks," or "С уважением,"."""

from __future__ import annotations

import re
from typing import Final

from inference.anonymise.names_en import NO_SURNAMES
from inference.anonymise.places import PLACES
from inference.anonymise.russian_words import reading
from inference.anonymise.spans import Found
from inference.anonymise.word_pattern import small, windows

_CLOSING: Final = (
    r"(?:(?:many |kind |best |warm )?(?:thanks|regards|wishes)|thank you|thx|best|cheers|sincerely|yours(?: \w+)?|br|kr"
    r"|с уважением|с наилучшими пожеланиями|всего доброго|всего наилучшего|искренне ваш\w?|с почтением|спасибо|заранее спасибо|благодарю)"
)
_WORD: Final = r"(?:[A-ZА-ЯЁÀ-Ž][\w'-]+|[A-ZА-ЯЁ]\.)"
SIGNED = re.compile(
    rf"(?:^|(?<=[\n.!] )|(?<=\n))(?i:{_CLOSING})[,.!]?[ \t]*\n+[ \t]*(?:[-–—]+[ \t]*)?(?P<name>{_WORD}(?: ?{_WORD}){{0,3}})[,.]?[ \t]*(?=\n|$)"
)
CLOSING_WORDS: Final = (
    "thank", "regards", "wishes", "thx", "best", "cheers", "sincerely", "yours", "br", "kr", "уважением", "пожеланиями", "всего", "ваш", "почтением", "спасибо", "благодарю",
)  # fmt: skip
GATE = re.compile("(?:" + "|".join(CLOSING_WORDS) + r")[\w ]{0,12}[,.!]?[ \t]*\n")
NO_PEOPLE: Final = frozenset(
    "sent team support sales accounts office regards department service group company команда отдел служба администрация компания отправлено "
    "бухгалтерия менеджер директор поддержка группа коллектив".split()
)
RANK: Final = 49


def find(text: str) -> list[Found]:
    """Every name that stands alone in the line after the end of a letter."""
    found: list[Found] = []
    low = small(text)
    if not any(word in low for word in CLOSING_WORDS):
        return found
    for match in (m for first, last in windows(GATE, low, 16, 100) for m in SIGNED.finditer(text, first, last)):
        words = match["name"].lower().split()
        if not _is_other(words):
            found.append(Found(match.start("name"), match.end("name"), "person", RANK))
    return found


def _is_other(words: list[str]) -> bool:
    """A team, a place or an ordinary word that has its capital from the beginning of the line."""
    if any(word in NO_PEOPLE or word in PLACES or word in NO_SURNAMES for word in words):
        return True
    lone = reading(words[0])
    return len(words) == 1 and lone.known and lone.first + lone.surname + lone.patronymic == 0
