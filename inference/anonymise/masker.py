"""`Masker`: masks the texts of one run with the same placeholders and puts the values back into the answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NoReturn

from inference.anonymise.detect import Detector
from inference.anonymise.keys import Keys
from inference.anonymise.known import KnownFinder
from inference.anonymise.plain import Plain
from inference.anonymise.spans import CLASSES, Found, KnownValue, Language, Span
from inference.anonymise.vault import LITERAL, PLACEHOLDER, Restorer, Vault

LITERAL_RANK: Final = 1000
MOST_TEXTS: Final = 64


@dataclass(frozen=True, slots=True)
class Masked:
    """A masked text, and the spans of the input that were replaced, in order."""

    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A text before and after, and where each placeholder of it stands: start, end, start and end in the original."""

    masked: str = field(repr=False)
    text: str = field(repr=False)
    marks: tuple[tuple[int, int, int, int], ...] = field(repr=False)

    def original_of(self, quote: str) -> str | None:
        """The words of the original that a quote of the masked text stands for; None when it is no quote of it."""
        start = self.masked.find(quote)
        while start >= 0:
            ends = self._back(start), self._back(start + len(quote))
            if None not in ends:
                return self.text[ends[0] : ends[1]]
            start = self.masked.find(quote, start + 1)
        return None

    def _back(self, place: int) -> int | None:
        """The same place in the original; None inside a placeholder."""
        shift = 0
        for start, end, original_start, original_end in self.marks:
            if place <= start:
                break
            if place < end:
                return None
            shift += (original_end - original_start) - (end - start)
        return place + shift


def _inside_json(value: str) -> str:
    """A value as it stands between the quotes of a JSON string."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


class Masker:
    """Masks personal data of one run: the same value is the same placeholder in every text of the run."""

    name: Final = "masked"

    def __init__(
        self,
        language: Language | Literal["auto"] = "auto",
        known: Sequence[KnownValue] = (),
        classes: frozenset[str] | None = None,
    ) -> None:
        """`known` is masked before anything is recognised; `classes` limits what is masked, all when None."""
        if language not in {"ru", "en", "auto"}:
            message = f"language must be ru, en or auto, not {language!r}"
            raise ValueError(message)
        unknown = sorted((classes or frozenset()) - set(CLASSES))
        if unknown:
            message = f"classes holds {', '.join(unknown)}; the classes are {', '.join(CLASSES)}"
            raise ValueError(message)
        self._language = language
        wanted = frozenset(CLASSES) if classes is None else classes
        self._known = KnownFinder([value for value in known if value.kind in wanted])
        self._detector = Detector(None if language == "auto" else language, wanted)
        self._vault = Vault()
        self._keys = Keys()
        self._seen: list[_Seen] = []

    def __repr__(self) -> str:
        return f"<Masker {self._language}: {self._vault!r}>"

    def __reduce__(self) -> NoReturn:
        message = "the map behind placeholders never leaves its process"
        raise TypeError(message)

    def mask(self, text: str) -> Masked:
        """Replace personal data by placeholders. Text that looks like a placeholder is itself replaced by one."""
        plain = Plain(text)
        found = [Found(m.start(), m.end(), LITERAL, LITERAL_RANK) for m in PLACEHOLDER.finditer(plain.text)]
        found += self._known.find(plain.text)
        found += self._detector.find(plain.text)
        spans: list[Span] = []
        pieces: list[str] = []
        marks: list[tuple[int, int, int, int]] = []
        place = length = 0
        before = ""
        for item, name in self._named(plain.text, without_overlaps(found)):
            start, end = plain.back(item.start, item.end)
            pieces.append(text[place:start])
            before = (before + text[max(place, start - 64) : start])[-64:]
            self._vault.note(name, before, text[start:end])
            before += name
            pieces.append(name)
            length += start - place + len(name)
            marks.append((length - len(name), length, start, end))
            place = end
            if item.kind != LITERAL:
                spans.append(Span(start, end, item.kind, text[start:end]))
        masked = "".join([*pieces, text[place:]])
        if marks and len(self._seen) < MOST_TEXTS:
            self._seen.append(_Seen(masked, text, tuple(marks)))
        return Masked(masked, tuple(spans))

    def restore(self, text: str) -> str:
        """Put the values back into an answer; a masked text, or a quote of one, comes back exactly as it was.

        A placeholder that stands alone quotes nothing: it becomes the best form of its value.
        """
        if PLACEHOLDER.search(text) is None:
            return text
        quotes = any(letter.isalnum() for letter in PLACEHOLDER.sub("", text))
        originals = (seen.original_of(text) for seen in self._seen if quotes or seen.masked == text)
        return next((found for found in originals if found is not None), None) or self._vault.restore(text)

    def restorer(self, *, in_json: bool = False) -> Restorer:
        """Return what restores one answer that comes in pieces; `in_json` writes the values as JSON strings do."""
        return Restorer(self._vault, _inside_json if in_json else str)

    def placeholders(self) -> Mapping[str, str]:
        """Every placeholder given so far and the best form of its value."""
        return self._vault.surfaces()

    def _named(self, text: str, found: Iterable[Found]) -> list[tuple[Found, str]]:
        """Each find with its placeholder; whole names first, so that first names and initials find their person."""
        found = list(found)
        self._keys.begin_text()
        order = sorted(range(len(found)), key=lambda i: (-self._keys.weight(found[i], text), i))
        names = [""] * len(found)
        for i in order:
            item = found[i]
            key, surface = self._keys.of(item, text)
            names[i] = self._vault.placeholder(item.kind, key, surface)
        return list(zip(found, names, strict=True))


def without_overlaps(found: Iterable[Found]) -> list[Found]:
    """The finds that stay: of two that overlap the higher rank, then the longer, then the first."""
    kept: list[Found] = []
    for item in sorted(found, key=lambda item: (item.start, -item.end)):
        while kept and kept[-1].end > item.start and _beats(item, kept[-1]):
            kept.pop()
        if not kept or kept[-1].end <= item.start:
            kept.append(item)
    return kept


def _beats(one: Found, other: Found) -> bool:
    return (one.rank, one.end - one.start) > (other.rank, other.end - other.start)
