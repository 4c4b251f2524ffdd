"""Handles and personal pages in messengers and networks."""

from __future__ import annotations

import re

from inference.anonymise.spans import Found
from inference.anonymise.word_pattern import small, windows

HANDLE = re.compile(r"@(?<![\w@./+-]@)[A-Za-z][A-Za-z0-9_.]{2,31}(?<!\.)(?![\w@])")
STROKE = re.compile(r"/")
REACH = 128
PAGE = re.compile(
    r"(?<![\w.])(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me|vk\.com|vk\.ru|ok\.ru|facebook\.com|fb\.com|instagram\.com|linkedin\.com/in"
    r"|x\.com|twitter\.com|wa\.me|github\.com)/[\w.%+-]{2,64}(?<!\.)"
)
SKYPE = re.compile(
    r"(?<!\w)(?:skype|скайп|телеграм|telegram|телега)\s?[:-]\s?(?P<name>[a-z][\w.:-]{3,31}(?<![.:]))(?![\w@])"
)


def find(text: str) -> list[Found]:
    """Every handle, page of a person, and named account of a messenger."""
    low = small(text)
    found = [Found(m.start(), m.end(), "handle", 58) for m in HANDLE.finditer(text)]
    for first, last in windows(STROKE, low, REACH, REACH):
        found += (Found(m.start(), m.end(), "handle", 58) for m in PAGE.finditer(low, first, last))
    return found + [Found(m.start("name"), m.end("name"), "handle", 57) for m in SKYPE.finditer(low)]
