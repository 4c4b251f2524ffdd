"""What the anonymiser finds: classes of personal data, spans in a text, values that the CRM knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

Language = Literal["ru", "en"]
CLASSES: Final = (
    "person",
    "organisation",
    "phone",
    "email",
    "address",
    "bank_card",
    "account",
    "iban",
    "passport",
    "inn",
    "snils",
    "ogrn",
    "driver_licence",
    "contract_number",
    "birth_date",
    "handle",
)


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of personal data: characters `start:end` of the input. Its text is kept out of repr()."""

    start: int
    end: int
    kind: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KnownValue:
    """Something that the CRM knows: `kind` is a class, such as person or phone. Its text is kept out of repr()."""

    kind: str
    text: str = field(repr=False)

    def __post_init__(self) -> None:
        if self.kind not in CLASSES:
            message = f"KnownValue.kind must be one of {', '.join(CLASSES)}, not {self.kind!r}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Found:
    """What a recogniser reports. Of two that overlap the higher `rank` wins, then the longer.

    `key` is what makes it the same value as another find, `surface` the form to restore; empty where the text tells.
    """

    start: int
    end: int
    kind: str
    rank: int = 50
    key: str = field(default="", repr=False)
    surface: str = field(default="", repr=False)
