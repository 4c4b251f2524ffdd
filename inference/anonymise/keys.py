"""What makes two finds the same value, and in which form it is restored."""

from __future__ import annotations

import re
from typing import Final

from inference.anonymise.people import People, stem, whole_form
from inference.anonymise.spans import Found
from inference.text.tokens import normal

LEGAL: Final = frozenset(
    "ооо оао зао пао нао ао гк ип тд нпо нпп тоо компания фирма ltd limited llc inc incorporated corp corporation gmbh plc llp co company ooo zao ao jsc pjsc the sa ag bv".split()
)
WORD = re.compile(r"[^\W_]+")


class Keys:
    """Gives each find its key: finds of one class with one key are one placeholder."""

    def __init__(self) -> None:
        """Start with no people."""
        self._people = People()

    def begin_text(self) -> None:
        """Take note that another text begins."""
        self._people.begin_text()

    def weight(self, item: Found, text: str) -> int:
        """How much a mention tells about its value; those that tell most are named first."""
        return self._people.mention(text[item.start : item.end]).weight if item.kind == "person" else 0

    def of(self, item: Found, text: str) -> tuple[str, str]:
        """The key of a find and the form to restore."""
        surface = text[item.start : item.end]
        if item.kind == "person":
            return self._people.key(surface, item.start), item.surface or whole_form(surface)
        if item.kind == "organisation":
            return organisation_key(surface), item.surface or surface
        if item.kind == "text":
            return surface, surface
        return item.key or "".join(WORD.findall(normal(surface))), item.surface or surface


def organisation_key(surface: str) -> str:
    """The words of a firm's name without its legal form and endings."""
    words = [word for word in WORD.findall(normal(surface)) if word not in LEGAL]
    return " ".join(stem(word) for word in words) or surface.lower()
