"""INN, the Russian taxpayer's number: 10 digits for firms, 12 for people."""

from __future__ import annotations

import re

from stdnum.ru import inn

from inference.anonymise.context import digits_of, mentioned, named, named_after
from inference.anonymise.spans import Found

NUMBER = re.compile(r"\d(?<![\d.,+-]\d)(?<!\d \d)(?:[ -]?\d){9}(?:[ -]?\d\d)?(?![\d]|[ .-]\d)")
PERSONAL_LENGTH = 12
TAXPAYER = re.compile(
    r"(?:контрагент|(?:налого)?плательщик|юр\.? ?лиц|организаци|фирм|поставщик|покупател|продав[ец]|counterparty|taxpayer|legal entity)\w{0,4}\W{1,3}$",
    re.IGNORECASE,
)


def find(text: str) -> list[Found]:
    """Every number that is called an INN, and unnamed ones of 12 digits whose two check digits are right."""
    found: list[Found] = []
    for match in NUMBER.finditer(text):
        digits = digits_of(match.group())
        name = named(text, match.start())
        called = (
            name == "inn"
            or (inn.is_valid(digits) and mentioned(text, match.start(), "inn"))
            or (name != "phone" and named_after(text, match.end(), "inn"))
        )
        sure = len(digits) == PERSONAL_LENGTH and match.group() == digits and not name and inn.is_valid(digits)
        told = inn.is_valid(digits) and TAXPAYER.search(text[max(0, match.start() - 28) : match.start()]) is not None
        if called or sure or (told and name in {"", "inn"}):
            found.append(Found(match.start(), match.end(), "inn", 78, digits))
    return found
