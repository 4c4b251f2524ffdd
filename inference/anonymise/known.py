"""Finds what the CRM knows before anything is recognised: names in every case, telephones however they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from inference.anonymise.context import digits_of
from inference.anonymise.keys import LEGAL
from inference.anonymise.people import stem
from inference.anonymise.russian_words import reading
from inference.anonymise.spans import Found, KnownValue
from inference.text.tokens import normal

WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
DIGITS = re.compile(r"(?<![\w.,])\+?\(?\d(?:[ ().-]{0,3}\d){5,15}(?!\d)")
BETWEEN_NAMES = re.compile(r"[ \u00a0]{1,2}|,? |[«\"“] ?|[ -]")
RANK: Final = 200
LEAST_LOCAL, WHOLE_PHONE = 7, 10
SEPARATOR: Final = r"[\s./-]{0,2}"
LEAST_SURNAME: Final = 4


class KnownFinder:
    """Finds the values that the CRM knows in one text after another."""

    def __init__(self, known: Sequence[KnownValue]) -> None:
        """Prepare the values."""
        self._names: dict[str, list[tuple[tuple[str, ...], KnownValue]]] = {}
        self._alone: set[str] = set()
        self._phones: dict[str, set[str]] = {}
        literals: dict[str, str] = {}
        for value in known:
            text = value.text.strip()
            if not text:
                continue
            if value.kind in {"person", "organisation"}:
                self._learn_name(value)
            elif value.kind == "phone":
                digits = digits_of(text)[-WHOLE_PHONE:]
                self._phones.setdefault(digits[-LEAST_LOCAL:], set()).add(digits)
            else:
                literals[_flexible(text)] = value.kind
        self._literals = [(re.compile(pattern, re.IGNORECASE), kind) for pattern, kind in literals.items()]

    def find(self, text: str) -> list[Found]:
        """Every place where a known value stands."""
        found = list(self._find_names(text)) if self._names else []
        found += self._find_phones(text) if self._phones else []
        found += (
            Found(m.start(), m.end(), kind, RANK) for pattern, kind in self._literals for m in pattern.finditer(text)
        )
        return found

    def _learn_name(self, value: KnownValue) -> None:
        """A name by the stems of its words, a person's in both orders and by the surname alone."""
        kind, text = value.kind, value.text.strip()
        words = [word for word in WORD.findall(normal(text)) if kind == "person" or word not in LEGAL]
        stems = tuple(stem(word) for word in words)
        if not stems:
            return
        orders = {stems}
        if kind == "person" and len(stems) > 1:
            orders |= {
                stems[1:] + stems[:1],
                stems[-1:] + stems[:-1],
                (stems[0], stems[-1]),
                (stems[-1], stems[0]),
                stems[:2],
                stems[1:],
            }
            surname = (
                max(words, key=lambda word: reading(word).surname - reading(word).first)
                if not text.isascii()
                else words[-1]
            )
            self._alone.add(stem(surname))
            orders.add((stem(surname),))
            orders = {order for order in orders if len(order) > 1 or order == (stem(surname),)}
        for order in orders:
            self._names.setdefault(order[0], []).append((order, value))

    def _find_names(self, text: str) -> Iterator[Found]:
        """Sequences of words whose stems are those of a known name."""
        words = [(match.start(), match.end(), match.group()) for match in WORD.finditer(text)]
        stems = [stem(word) for _, _, word in words]
        for index, first in enumerate(stems):
            for order, value in self._names.get(first, ()):
                last = index + len(order) - 1
                if tuple(stems[index : last + 1]) != order or not _together(text, words[index : last + 1]):
                    continue
                if (
                    len(order) == 1
                    and value.kind == "person"
                    and not _like_a_surname(words[index][2], known_alone=first in self._alone)
                ):
                    continue
                yield Found(words[index][0], words[last][1], value.kind, RANK, surface=value.text)

    def _find_phones(self, text: str) -> Iterator[Found]:
        """Runs of digits that end as a known telephone does."""
        for match in DIGITS.finditer(text):
            digits = digits_of(match.group())[-WHOLE_PHONE:]
            if any(phone.endswith(digits) or digits == phone for phone in self._phones.get(digits[-LEAST_LOCAL:], ())):
                yield Found(match.start(), match.end(), "phone", RANK, next(iter(self._phones[digits[-LEAST_LOCAL:]])))


def _together(text: str, words: Sequence[tuple[int, int, str]]) -> bool:
    """Whether nothing but a space, a comma or a quotation mark stands between words."""
    return all(len(text[one[1] : two[0]]) <= 2 and "\n\n" not in text[one[1] : two[0]] for one, two in pairwise(words))


def _like_a_surname(word: str, *, known_alone: bool) -> bool:
    """A surname by itself counts with a capital, or where the word is nothing else."""
    return not known_alone or word[0].isupper() or (len(word) >= LEAST_SURNAME and reading(word.lower()).surname > 0.5)


def _flexible(text: str) -> str:
    """A pattern for a value in which spaces and dashes may differ."""
    parts = re.findall(r"\w", text) if re.fullmatch(r"[\d\s./-]+", text) else None
    if parts is not None:
        return rf"(?<!\d){SEPARATOR.join(parts)}(?!\d)"
    words = r"\s+".join(re.escape(word) for word in text.split())
    return rf"(?<!\w){words}(?!\w)"
