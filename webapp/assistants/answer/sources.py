"""What the assistant reads: pieces of records that the asker may open, each with the place that it leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from webapp.kit.searchable import SearchSource


@dataclass(frozen=True)
class Source:
    """A passage for the model. `seconds` maps places in the text to seconds of a call: (offset, second), in order."""

    type: str
    id: int
    title: str
    text: str
    second: float | None = None
    page: int | None = None
    seconds: tuple[tuple[int, float], ...] = field(default=())

    @property
    def key(self) -> str:
        """The record, as the audit names it."""
        return f"{self.type}:{self.id}"

    def second_of(self, quote: str) -> float | None:
        """The second at which a quote of this passage is said; the passage's own when it is not found."""
        at = self.text.find(quote)
        before = [second for offset, second in self.seconds if offset <= at] if at >= 0 else []
        return before[-1] if before else self.second


def passages(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """The sources as the answering module takes them; `ref` is the place in the list, from one."""
    return [
        {"ref": str(n), "type": s.type, "id": str(s.id), "title": s.title, "text": s.text, "second": s.second}
        for n, s in enumerate(sources, 1)
    ]


def address(kinds: Mapping[str, SearchSource], type_: str, id_: int, second: float | None, page: int | None) -> str:
    """The page of a record, at the second of a call or the page of a document."""
    url = kinds[type_].url(id_)
    if second is not None:
        return f"{url}?t={second:.1f}"
    return f"{url}#page-{page}" if page is not None else url


@dataclass(frozen=True)
class Cited:
    """One claim's evidence as it is shown: `n` is its number in the answer."""

    n: int
    type: str
    id: int
    title: str
    quote: str
    second: float | None
    page: int | None
    url: str
    icon: str


def cited(
    citations: Sequence[Mapping[str, Any]], sources: Sequence[Source], kinds: Mapping[str, SearchSource]
) -> list[Cited]:
    """The citations of an answer, in its order; one that names no passage of ours is left out."""
    found: list[Cited] = []
    for n, citation in enumerate(citations, 1):
        ref = str(citation.get("ref", ""))
        if not ref.isdecimal() or not 1 <= int(ref) <= len(sources):
            continue
        source = sources[int(ref) - 1]
        quote = str(citation.get("quote", ""))
        second = source.second_of(quote)
        url = address(kinds, source.type, source.id, second, source.page)
        icon = kinds[source.type].icon
        found.append(Cited(n, source.type, source.id, source.title, quote, second, source.page, url, icon))
    return found
