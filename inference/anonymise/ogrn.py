"""OGRN and OGRNIP, Russian registration numbers of firms (13 digits) and of sole traders (15)."""

from __future__ import annotations

import re

from stdnum.ru import ogrn

from inference.anonymise.context import digits_of, mentioned, named, named_after
from inference.anonymise.spans import Found

NUMBER = re.compile(r"\d(?<![\d.,+-]\d)(?<!\d \d)(?:[ -]?\d){12}(?:[ -]?\d\d)?(?![\d]|[ .-]\d)")
FIRST_YEAR, LAST_YEAR = 2, 40


def find(text: str) -> list[Found]:
    """Every number that is called an OGRN, and unnamed ones with a right check digit and a possible year."""
    found: list[Found] = []
    for match in NUMBER.finditer(text):
        digits = digits_of(match.group())
        name = named(text, match.start())
        called = (
            name == "ogrn"
            or (ogrn.is_valid(digits) and mentioned(text, match.start(), "ogrn"))
            or named_after(text, match.end(), "ogrn")
        )
        year_fits = FIRST_YEAR <= int(digits[1:3]) <= LAST_YEAR
        sure = not name and match.group() == digits and digits[0] in "1235" and year_fits and ogrn.is_valid(digits)
        if called or sure:
            found.append(Found(match.start(), match.end(), "ogrn", 81, digits))
    return found
