"""Handles and personal pages in messengers and networks."""

from __future__ import annotations

import re

from inference.anonymise.spans import Found

HANDLE = re.compile(r"(?<![\w@./+-])@[A-Za-z][A-Za-z0-9_.]{2,31}(?<!\.)(?![\w@])")
PAGE = re.compile(
    r"(?<![\w.])(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me|vk\.com|vk\.ru|ok\.ru|facebook\.com|fb\.com|instagram\.com|linkedin\.com/in"
    r"|x\.com|twitter\.com|wa\.me|github\.com)/[\w.%+-]{2,64}(?<!\.)",
    re.IGNORECASE,
)
SKYPE = re.compile(
    r"(?<!\w)(?:skype|скайп|телеграм|telegram|телега)\s?[:-]\s?(?P<name>[a-z][\w.:-]{3,31}(?<![.:]))(?![\w@])",
    re.IGNORECASE,
)


def find(text: str) -> list[Found]:
    """Every handle, page of a person, and named account of a messenger."""
    found = [Found(m.start(), m.end(), "handle", 58) for pattern in (HANDLE, PAGE) for m in pattern.finditer(text)]
    return found + [Found(m.start("name"), m.end("name"), "handle", 57) for m in SKYPE.finditer(text)]
