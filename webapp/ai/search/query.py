"""What was typed into a search box, read: words for full text, fragments for names, digits for phones."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_QUERY = 400
MOST_WORDS = 8
GRAM = 3
PHONE_DIGITS = 4
NATIONAL_DIGITS = 7  # from here on a leading 8 or 7 is the way to dial, not a part of the number

_PUNCTUATION = "«»„“”\"'()[]{}<>,.;:!?…—–-*/\\"


@dataclass(frozen=True)
class Query:
    """A question as typed (`text`) and the folded pieces that a name, an e-mail or a phone must contain."""

    text: str
    fragments: tuple[str, ...]

    @property
    def long_fragments(self) -> tuple[str, ...]:
        """The pieces that are long enough for the trigram index."""
        return tuple(f for f in self.fragments if len(f) >= GRAM)


def fold(text: str) -> str:
    """Lower case, single spaces, ё as е: the same as `ostrov_grams` folds."""
    return re.sub(r"\s+", " ", text).strip().lower().replace("ё", "е")


def read(text: str) -> Query:
    """Read what was typed; a text without anything to look for gives an empty `text`."""
    kept = re.sub(r"\s+", " ", text.replace("\x00", " ")).strip()[:LONGEST_QUERY]
    digits = re.sub(r"\D", "", kept)
    if len(digits) >= PHONE_DIGITS and not re.search(r"[^\W\d_]|@", kept):
        return Query(kept, (_national(digits),))
    words = (word.strip(_PUNCTUATION) for word in fold(kept).split(" "))
    return Query(kept, tuple(dict.fromkeys(w for w in words if w))[:MOST_WORDS])


def _national(digits: str) -> str:
    """Digits without the way to dial: 8 916 ... and +7 916 ... find the same number."""
    return digits[1:] if len(digits) >= NATIONAL_DIGITS and digits[0] in "78" else digits
