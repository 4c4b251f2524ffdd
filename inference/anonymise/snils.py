"""SNILS, the Russian pension insurance number: 11 digits, the last two a check."""

from __future__ import annotations

import re

from inference.anonymise.context import digits_of, mentioned, named_after
from inference.anonymise.spans import Found

NUMBER = re.compile(
    r"\d(?<![\d.,+-]\d)(?<!\d \d)\d\d(?: - |[ -])?\d{3}(?: - |[ -])?\d{3}(?: - |[ -])?\d\d(?![\d]|[.-]\d)"
)
USUAL = re.compile(r"\d{3}([ -])\d{3}\1\d{3}[ -]\d\d")
LAST_UNCHECKED = 1_001_998


def find(text: str) -> list[Found]:
    """Every number that is called a SNILS, and unnamed ones in the usual groups whose check is right."""
    found: list[Found] = []
    for match in NUMBER.finditer(text):
        digits = digits_of(match.group())
        called = mentioned(text, match.start(), "snils") or named_after(text, match.end(), "snils")
        if called or (USUAL.fullmatch(match.group()) and is_valid(digits)):
            found.append(Found(match.start(), match.end(), "snils", 79, digits))
    return found


def is_valid(digits: str) -> bool:
    """Whether the last two digits check the first nine."""
    if int(digits[:9]) <= LAST_UNCHECKED:
        return True
    total = sum(int(digit) * (9 - place) for place, digit in enumerate(digits[:9]))
    return total % 101 % 100 == int(digits[9:])
