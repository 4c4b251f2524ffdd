"""The shapes of a date: in digits, with a month's name, spoken."""

from __future__ import annotations

from typing import Final

from inference.anonymise.word_pattern import one_of
from inference.text.date_words import MONTHS
from inference.text.number_words import CARDINALS, ORDINALS

_MONTH: Final = one_of(MONTHS) + r"\b\.?"
_ORDINAL: Final = one_of(ORDINALS)
_CARDINAL: Final = one_of(word for word in CARDINALS if len(word) > 2)
_ROUND: Final = one_of(
    "сорокового пятидесятого шестидесятого семидесятого восьмидесятого девяностого двухтысячного".split()
)
_SAID_DAY: Final = rf"(?:(?:двадцать|тридцать|twenty|thirty)[ -])?{_ORDINAL}"
_SAID_YEAR: Final = rf"(?:(?:{_CARDINAL}|and|oh)[ -]){{1,4}}(?:{_ORDINAL}|{_CARDINAL}|{_ROUND})"
SAID_YEAR: Final = rf"(?:{_SAID_YEAR}|{_ROUND})"
_YEAR: Final = r"(?:(?:19|20)\d\d|'?\d\d(?!\d))"
_THEN_YEAR: Final = rf"(?:,?\s(?:{_SAID_YEAR}|{_ROUND}|(?:19|20)\d\d)\b)?"
NUMERIC: Final = (
    r"(?:(?<![\d.])\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:\d{4}|\d{2})(?!\d)"
    r"|(?<!\d)(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2}(?!\d))"
)
DAY_MONTH: Final = rf"«?\b\d{{1,2}}»?(?:-?(?:го|st|nd|rd|th|е))?\s(?:of\s)?{_MONTH}(?:,?\s{_YEAR}\b)?"
MONTH_DAY: Final = rf"\b{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s(?:19|20)\d\d\b)?"
SPOKEN: Final = rf"\b(?:the\s)?{_SAID_DAY}\s(?:of\s)?{_MONTH}{_THEN_YEAR}"
SPOKEN_MONTH_FIRST: Final = rf"\b{_MONTH}\s(?:the\s)?{_SAID_DAY}{_THEN_YEAR}"
DATE: Final = rf"(?:{NUMERIC}|{DAY_MONTH}|{MONTH_DAY}|{SPOKEN}|{SPOKEN_MONTH_FIRST})(?:\s?(?:года?\b|г\.))?"
BARE_YEAR: Final = rf"\b(?:(?:19|20)\d\d\b|{_SAID_YEAR})"
