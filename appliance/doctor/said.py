"""What is said to people: every sentence in both languages of the product, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "ru"]
LANGUAGES: tuple[Language, ...] = ("en", "ru")


@dataclass(frozen=True)
class Said:
    """One sentence in English and in Russian."""

    en: str
    ru: str

    def spoken(self, language: Language) -> str:
        """The sentence in one language."""
        return self.ru if language == "ru" else self.en

    def __add__(self, other: Said) -> Said:
        return Said(self.en + other.en, self.ru + other.ru)

    def __bool__(self) -> bool:
        return bool(self.en)


NOTHING = Said("", "")


def same(text: str) -> Said:
    """What is written the same in both languages: a command, a path, what a program printed."""
    return Said(text, text)


def listed(parts: Sequence[Said | str], most: int = 6) -> Said:
    """Several things after each other; of many only the first, and how many more there are."""
    shown = [part if isinstance(part, Said) else same(part) for part in parts[:most]]
    rest = len(parts) - len(shown)
    if rest:
        shown.append(Said(f"and {rest} more", f"и ещё {rest}"))
    return Said("; ".join(each.en for each in shown), "; ".join(each.ru for each in shown))
