"""Driver's licences, found by their name."""

from __future__ import annotations

import re

from inference.anonymise.context import digits_of, nearest
from inference.anonymise.spans import Found
from inference.anonymise.word_pattern import small, windows

RUSSIAN = re.compile(
    r"\d(?<![\w.,/+-]\d)\d ?(?:\d\d|[А-Яа-я]{2}|[A-Za-z]{2})[ ,]{0,2}(?:№|N|номер|number|no\.?)? ?(?:\d{6}|\d{3} \d{3})(?![\w/]|[.-]\d)",
    re.IGNORECASE,
)
BRITISH = re.compile(r"(?<!\w)[A-Za-z9]{5} ?\d{6} ?[A-Za-z9]{2} ?\d[A-Za-z]{2}(?: ?\d\d)?(?!\w)")
ELSEWHERE = re.compile(r"(?<![\w.,/+-])(?:[A-Za-z]{1,3}[ -]?)?\d[\dA-Za-z]+(?:[ -]?\d[\dA-Za-z]*){0,4}(?![\w/]|[.-]\d)")
ENGLISH_NAME = re.compile(
    r"(?:driv(?:er|ing)(?:'?s)?(?:'| )?lic(?:en[cs]e|\.)|(?:operator|chauffeur)'?s? lic(?:en[cs]e|\.)|(?<![a-z])c?dl|driver id|licen[cs]e (?:number|no\.?|#))\W{1,4}"
    r"(?:(?:is|was|number|no|num|id|from|the|issued|in|of|with|on|file|as|shows|reads|valid|class|[A-Z]{2}|[A-Z][a-z]+)\W{1,3}){0,6}$",
    re.IGNORECASE,
)
BRITISH_NAME = re.compile(r"licen[cs]e|\blic\b|\bdvla\b|\bdl\b", re.IGNORECASE)
ENGLISH_GATE = re.compile(r"driv|lic(?:en|\.)|dl|dvla")
WINDOW = 150
LEAST_DIGITS = 5


def find(text: str) -> list[Found]:
    """Every licence number."""
    found: list[Found] = []
    for match in RUSSIAN.finditer(text):
        name = nearest(text, match.start(), 80)
        if name and name[0] == "driver_licence":
            found.append(
                Found(match.start(), match.end(), "driver_licence", 77, match.group().replace(" ", "").upper())
            )
    called_so = windows(ENGLISH_GATE, small(text), 0, WINDOW)
    for pattern, rank in ((BRITISH, 77), (ELSEWHERE, 73)):
        for match in (match for first, last in called_so for match in pattern.finditer(text, first, last)):
            enough = len(digits_of(match.group())) >= LEAST_DIGITS
            before = text[max(0, match.start() - 72) : match.start()]
            called = BRITISH_NAME.search(before) if pattern is BRITISH else None
            if enough and (called or ENGLISH_NAME.search(before)):
                key = re.sub(r"[ -]", "", match.group()).upper()
                found.append(Found(match.start(), match.end(), "driver_licence", rank, key))
    return found
