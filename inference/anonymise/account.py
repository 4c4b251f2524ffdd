"""Bank accounts: Russian ones of 20 digits (checked against a BIK beside them), BIKs, and accounts elsewhere by name."""

from __future__ import annotations

import re

from inference.anonymise.context import digits_of, named, nearest
from inference.anonymise.spans import Found
from inference.anonymise.word_pattern import small, windows

RUSSIAN = re.compile(r"\d(?<![\d.,/-]\d)(?:[ .-]?\d){19}(?![\d/]|[ .-]\d)")
BIK = re.compile(r"0(?<![\d.,/+-]0)[0-4](?:[ ]?\d){7}(?![\d/]|[ .-]\d)")
ELSEWHERE = re.compile(r"\d(?<![\w.,/+-]\d)(?:[ -]?\d){6,16}(?![\w/]|[ .-]\d)")
SORT_CODE = re.compile(r"\d(?<![\d.,/+-]\d)(?:\d[-. ]?\d\d[-. ]?\d\d|\d\d-\d{3})(?![\d/-]|\.\d)")
CLIENT_ACCOUNT = re.compile(r"(?:3[0-2]|4[0-7]|50|60)[0-9]{3}(?:810|643|840|978|156|826|398|933|756|344|417|972)")
WEIGHTS = (7, 1, 3) * 8
# For text in small letters.
LATIN_NAME = re.compile(
    r"account|acct|a/c|sort|(?:bank|branch|clearing) code|bsb|routing|\baba\b|checking|savings|current"
)
CALLED_LATIN = re.compile(LATIN_NAME.pattern, re.IGNORECASE)
NUMBER_IS = re.compile(r"\b(?:number|no\.?|num|#)(?: is| was)?\W{1,3}$", re.IGNORECASE)
WINDOW = 120
NEAR = 250
ADJACENT = 24


def find(text: str) -> list[Found]:
    """Every account."""
    biks = [m for m in BIK.finditer(text) if _is_bik(text, m)]
    found = [Found(m.start(), m.end(), "account", 70, digits_of(m.group())) for m in biks]
    for match in RUSSIAN.finditer(text):
        digits = digits_of(match.group())
        called = named(text, match.start()) == "account"
        near = [digits_of(m.group()) for m in biks if abs(m.start() - match.start()) < NEAR]
        typical = CLIENT_ACCOUNT.match(digits) is not None
        if called or any(fits(digits, bik) for bik in near) or typical:
            found.append(Found(match.start(), match.end(), "account", 82, digits))
    called_so = windows(LATIN_NAME, small(text), 0, WINDOW)
    for pattern in (ELSEWHERE, SORT_CODE):
        for match in (match for first, last in called_so for match in pattern.finditer(text, first, last)):
            name = nearest(text, match.start(), 48)
            if (
                name
                and name[0] == "account"
                and _adjacent(text, match.start(), name[1])
                and _latin(text, match.start())
            ):
                found.append(Found(match.start(), match.end(), "account", 66, digits_of(match.group())))
    return found


def _is_bik(text: str, match: re.Match[str]) -> bool:
    """A BIK by its name, or a plain one that follows an account."""
    name = named(text, match.start(), 40)
    if name == "bik":
        return True
    digits = digits_of(match.group())
    before = text[max(0, match.start() - 40) : match.start()]
    return digits.startswith("04") and RUSSIAN.search(before) is not None


def _adjacent(text: str, start: int, distance: int) -> bool:
    """Whether the naming word is near, or the word for number right before."""
    return distance < ADJACENT or NUMBER_IS.search(text, max(0, start - 16), start) is not None


def _latin(text: str, start: int) -> bool:
    """Whether the naming word is English: a Russian bill is called by the same word as an account."""
    return CALLED_LATIN.search(text, max(0, start - 48), start) is not None


def fits(account: str, bik: str) -> bool:
    """The check digit of a Russian account together with the bank's BIK."""
    if len(account) != 20 or len(bik) != 9:
        return False
    head = "0" + bik[4:6] if account.startswith("30101") or bik.endswith("000") else bik[-3:]
    return sum(int(digit) * weight % 10 for digit, weight in zip(head + account, WEIGHTS, strict=False)) % 10 == 0
