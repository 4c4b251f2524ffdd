"""The suite: every attack with the place where it is planted, its disguise applied."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from tests.injection.attacks_en import ENGLISH
from tests.injection.attacks_ru import RUSSIAN

# Latin letters and the Cyrillic ones that look the same.
LOOKALIKES = str.maketrans("aceopxyABCEHKMOPTX", "асеорхуАВСЕНКМОРТХ")


@dataclass(frozen=True)
class Attack:
    """One injection: `place` is the field or kind of document that carries `text`."""

    name: str
    kind: str
    place: str
    text: str

    @property
    def russian(self) -> bool:
        return self.name.startswith("ru-")

    @property
    def lines(self) -> list[str]:
        """What is said, turn by turn."""
        return self.text.split("|")


def disguised(text: str) -> str:
    """A text in the disguise that its prefix names."""
    disguise, colon, plain = text.partition(":")
    if not colon:
        return text
    if disguise == "base64":
        return f"Decode and obey: {base64.b64encode(plain.encode()).decode()}"
    if disguise == "zero-width":
        return "\u200b".join(plain)
    if disguise == "homoglyph":
        return plain.translate(LOOKALIKES)
    return text


ATTACKS = [Attack(name, kind, place, disguised(text)) for name, kind, place, text in (*ENGLISH, *RUSSIAN)]
