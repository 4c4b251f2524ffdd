"""International bank account numbers."""

from __future__ import annotations

import re

from stdnum import iban

from inference.anonymise.spans import Found

NUMBER = re.compile(r"[A-Za-z](?<!\w[A-Za-z])[A-Za-z]\d{2}(?:[ -]?[A-Za-z0-9]{2,4}){2,8}(?:[ -][A-Za-z0-9])?(?![\w])")
NAMED = re.compile(r"iban\W{1,4}(?:\w+\W{1,3}){0,2}$", re.IGNORECASE)
GROUP_END = re.compile(r"[A-Za-z0-9](?=[ -]|$)")
UPPER_GROUPS = re.compile(r"[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?!\w)")


def find(text: str) -> list[Found]:
    """Every number that passes its check, and what is called an IBAN and has the shape of one."""
    found: list[Found] = []
    for match in NUMBER.finditer(text):
        ends = [match.start() + m.end() for m in GROUP_END.finditer(match.group())]
        end = next((end for end in reversed(ends) if iban.is_valid(text[match.start() : end], check_country=False)), 0)
        if not end and NAMED.search(text[max(0, match.start() - 40) : match.start()]):
            shape = UPPER_GROUPS.match(text, match.start())
            end = shape.end() if shape else 0
        if end:
            key = re.sub(r"[ -]", "", text[match.start() : end]).upper()
            found.append(Found(match.start(), end, "iban", 88, key))
    return found
