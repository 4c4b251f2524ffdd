"""`Masker`: masks the texts of one run with the same placeholders and puts the values back into the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NoReturn

from inference.anonymise.detect import find, language_of
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
        self._classes = frozenset(CLASSES) if classes is None else classes
        self._known = KnownFinder([value for value in known if value.kind in self._classes])
        self._vault = Vault()
        self._keys = Keys()
        self._originals: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<Masker {self._language}: {self._vault!r}>"

    def __reduce__(self) -> NoReturn:
        message = "the map behind placeholders never leaves its process"
        raise TypeError(message)

    def mask(self, text: str) -> Masked:
        """Replace personal data by placeholders. Text that looks like a placeholder is itself replaced by one."""
        plain = Plain(text)
        language = language_of(plain.text) if self._language == "auto" else self._language
        found = [Found(m.start(), m.end(), LITERAL, LITERAL_RANK) for m in PLACEHOLDER.finditer(plain.text)]
        found += self._known.find(plain.text)
        found += (
            item for item in find(plain.text, language, mixed=self._language == "auto") if item.kind in self._classes
        )
        spans: list[Span] = []
        pieces: list[str] = []
        place = length = 0
        before = ""
        for item, name in self._named(plain.text, without_overlaps(found)):
            start, end = plain.back(item.start, item.end)
            pieces.append(text[place:start])
            before = (before + text[max(place, start - 64) : start])[-64:]
            self._vault.note(name, before, text[start:end])
            before += name
            pieces.append(name)
            place = end
            if item.kind != LITERAL:
                spans.append(Span(start, end, item.kind, text[start:end]))
        masked = "".join([*pieces, text[place:]])
        if len(self._originals) < MOST_TEXTS:
            self._originals[masked] = text
        return Masked(masked, tuple(spans))

    def restore(self, text: str) -> str:
        """Put the values back into an answer; a masked text comes back exactly as it was."""
        original = self._originals.get(text)
        return self._vault.restore(text) if original is None else original

    def restorer(self) -> Restorer:
        """Return what restores one answer that comes in pieces."""
        return Restorer(self._vault)

    def placeholders(self) -> Mapping[str, str]:
        """Every placeholder given so far and the best form of its value."""
        return self._vault.surfaces()

    def _named(self, text: str, found: Iterable[Found]) -> list[tuple[Found, str]]:
        """Each find with its placeholder; whole names first, so that first names and initials find their person."""
        found = list(found)
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
