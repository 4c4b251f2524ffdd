"""Finding records for a person: what the retrieval gives, tied to labels, icons and addresses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from webapp.ai.gateway import Gateway
from webapp.ai.search.query import read
from webapp.ai.search.retrieval import Hit, Search, search
from webapp.ai.search.vectors import question_vector
from webapp.assistants.search.context import about
from webapp.kit.access import Actor
from webapp.kit.i18n import gettext
from webapp.kit.searchable import SearchSource


class Parts(Protocol):
    """The parts of the program that searching needs."""

    @property
    def gateway(self) -> Gateway:
        """The door to the models."""

    @property
    def sources(self) -> Mapping[str, SearchSource]:
        """What can be searched, by entity."""


QUICKLY_RANKED = 400  # while somebody types, the order among more namesakes than this does not matter yet


@dataclass(frozen=True)
class Result:
    """A record that was found, ready to be shown; `snippet` is safe markup."""

    type: str
    id: int
    title: str
    about: str
    snippet: str
    plain: str
    label: str
    icon: str
    url: str
    second: float | None
    page: int | None
    score: float


@dataclass(frozen=True)
class Found:
    """What was found; `degraded` without the embedding model, `loose` when not every word matched."""

    results: list[Result]
    degraded: bool = False
    loose: bool = False


def find(session: Session, actor: Actor, sources: Mapping[str, SearchSource], question: str, *, limit: int) -> Found:
    """Quick search by words and fragments."""
    hits = search(session, actor, sources, Search(read(question), limit=limit, ranked=QUICKLY_RANKED))
    return Found(_results(session, actor, sources, hits))


def find_all(
    session: Session, actor: Actor, parts: Parts, question: str, *, kinds: Collection[str] = (), limit: int
) -> Found:
    """Search by words, fragments and meaning; when nothing holds all words, by some of them."""
    query = read(question)
    if not query.text:
        return Found([])
    vector = question_vector(session, parts.gateway, query.text)
    wanted = Search(query, kinds=kinds, vector=vector, limit=limit)
    hits = search(session, actor, parts.sources, wanted)
    loose = not any(hit.by_words for hit in hits) and len(query.fragments) > 1
    if loose:
        some = Search(query, kinds=kinds, vector=vector, any_word=True, limit=limit)
        hits = search(session, actor, parts.sources, some)
    return Found(_results(session, actor, parts.sources, hits), vector is None, loose and bool(hits))


def _results(session: Session, actor: Actor, sources: Mapping[str, SearchSource], hits: Sequence[Hit]) -> list[Result]:
    ids: dict[str, list[int]] = {}
    for hit in hits:
        ids.setdefault(hit.type, []).append(hit.id)
    lines = about(session, actor, ids)
    return [_result(sources, hit, lines.get((hit.type, hit.id), "")) for hit in hits]


def _result(sources: Mapping[str, SearchSource], hit: Hit, line: str) -> Result:
    source = sources[hit.type]
    url = source.url(hit.id)
    if hit.second is not None:
        url = f"{url}?t={hit.second:.1f}"
    elif hit.page is not None:
        url = f"{url}#page-{hit.page}"
    title = hit.title or f"{gettext(source.label)} {hit.id}"
    same = hit.body.strip() == title.strip()
    return Result(
        type=hit.type,
        id=hit.id,
        title=title,
        about=line,
        snippet="" if same else hit.snippet,
        plain=hit.body[:300],
        label=source.label,
        icon=source.icon,
        url=url,
        second=hit.second,
        page=hit.page,
        score=round(hit.score, 6),
    )
