"""Bank cards: 13 to 19 digits that pass the Luhn check, and 15 or 16 that are called a card."""

from __future__ import annotations

import re

from stdnum import luhn

from inference.anonymise.context import digits_of, mentioned, named
from inference.anonymise.spans import Found

NUMBER = re.compile(
    r"\d(?<![\d.,/-]\d)(?<!\d \d)(?:\d{3}(?P<sign>[ -]{1,2})\d{4}(?P=sign)\d{4}(?P=sign)\d{1,4}(?:(?P=sign)\d{1,3})?"
    r"|(?<=3)\d{3}[ -]\d{6}[ -]\d{5}|\d{12,18})(?![\d/]|[ -.]\d)"
)
MISTYPED_LENGTHS = range(15, 17)
REFUSED_NAMES = frozenset({"other", "inn", "ogrn", "account", "contract_number"})


def find(text: str) -> list[Found]:
    """Every card number, mistyped ones too where a card is named; where an order or the like is named before, only one written in groups of four."""
    found: list[Found] = []
    for match in NUMBER.finditer(text):
        digits = digits_of(match.group())
        if not 13 <= len(digits) <= 19:
            continue
        name = named(text, match.start())
        mistyped = name == "card" and len(digits) in MISTYPED_LENGTHS
        if not mistyped and not (digits[0] in "23456" and luhn.is_valid(digits)):
            continue
        if (
            name in REFUSED_NAMES
            and not mentioned(text, match.start(), "card")
            and not (match["sign"] and name != "account")
        ):
            continue
        found.append(Found(match.start(), match.end(), "bank_card", 80, digits))
    return found
