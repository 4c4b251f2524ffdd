"""From a question to the passages that may answer it: retrieval with the asker's rights, then the facts behind it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.ai.search.models import Chunk
from webapp.ai.search.query import read
from webapp.ai.search.retrieval import SIMILARITY_FLOOR, Hit, Search, search
from webapp.ai.search.vectors import QuestionVector
from webapp.assistants.answer import facts
from webapp.assistants.answer.facts import Client
from webapp.assistants.answer.sources import Source
from webapp.kit.access import Actor
from webapp.kit.searchable import SearchSource

TEXT_PIECES = 24
PIECES_OF_ONE_RECORD = 4
NAMED_CLIENTS = 3
MOST_PASSAGES = 24
NEIGHBOUR_SECONDS = 25.0  # an answer often stands in the sentence after the one that matched
NEIGHBOURHOOD_CHARACTERS = 900
NAMES = {"organisation": "name", "person": "full_name"}
TOLD = ("organisation", "person", "deal", "task")


@dataclass(frozen=True)
class Asked:
    """A question, whose client it is about (if it is asked on a client's card), and its vector if there is one."""

    question: str
    client: Client | None = None
    vector: QuestionVector | None = None


def collect(session: Session, actor: Actor, kinds: Mapping[str, SearchSource], asked: Asked) -> list[Source]:
    """The passages for a question, best first: what matches, and the facts of the clients that it names."""
    limits = facts.within(asked.client) if asked.client else None
    wanted = Search(
        read(asked.question),
        within=limits,
        vector=asked.vector,
        any_word=True,
        fragments=False,
        limit=TEXT_PIECES,
        pieces=PIECES_OF_ONE_RECORD,
    )
    hits = [hit for hit in search(session, actor, kinds, wanted) if _close(hit)]
    clients = [asked.client] if asked.client else _named(hits)
    ids: dict[str, list[int]] = {}
    for client in clients:
        for kind, record_ids in ({client[0]: [client[1]]} | facts.related(session, actor, client)).items():
            ids.setdefault(kind, []).extend(record_ids)
    for hit in hits:
        if hit.type in TOLD:
            ids.setdefault(hit.type, []).append(hit.id)
    told = facts.told(session, actor, {kind: set(found) for kind, found in ids.items()})
    pieces = _texts(session, actor, hits)
    talks = [source for client in clients for source in facts.recent(session, actor, client)]
    near = [told[hit.type, hit.id] for hit in hits if (hit.type, hit.id) in told]
    gathered = [*_interleaved(pieces, near), *told.values(), *talks]
    return _unique([source for source in gathered if source.type in kinds])


def _close(hit: Hit) -> bool:
    return hit.by_words or (hit.similarity or 0.0) >= SIMILARITY_FLOOR


def _named(hits: Sequence[Hit]) -> list[Client]:
    """The clients whose very name stands in the question."""
    named = [(hit.type, hit.id) for hit in hits if hit.by_words and NAMES.get(hit.type) == hit.field]
    return list(dict.fromkeys(named))[:NAMED_CLIENTS]


def _interleaved(first: Sequence[Source], second: Sequence[Source]) -> list[Source]:
    """Two rankings as one: the best of each in turn."""
    longest = max(len(first), len(second))
    return [one[n] for n in range(longest) for one in (first, second) if n < len(one)]


def _unique(sources: Sequence[Source]) -> list[Source]:
    kept = {(s.type, s.id, s.text): s for s in reversed(sources) if s.text.strip()}
    found = [s for s in dict.fromkeys(sources) if kept.get((s.type, s.id, s.text)) == s]
    return found[:MOST_PASSAGES]


def _texts(session: Session, actor: Actor, hits: Sequence[Hit]) -> list[Source]:
    """Pieces of conversations and documents; facts of other records are told in sentences instead."""
    talks = [hit for hit in hits if hit.type == "communication"]
    whole = facts.conversations(session, actor, {hit.id for hit in talks}) if talks else {}
    around = _neighbours(session, talks)
    found: list[Source] = []
    for hit in hits:
        if hit.type == "communication" and hit.id in whole:
            spoken = _widened(hit, around) if hit.kind == "text" else whole[hit.id]
            found.append(replace(spoken, title=whole[hit.id].title))
        elif hit.type not in TOLD and hit.type != "communication":
            found.append(Source(hit.type, hit.id, hit.title, hit.body, page=hit.page))
    return found


Neighbours = Mapping[tuple[int, str], Sequence[Any]]


def _neighbours(session: Session, hits: Collection[Hit]) -> Neighbours:
    """The pieces of the same transcripts; they are of records and fields that the actor was found to see."""
    spoken = {(hit.id, hit.field) for hit in hits if hit.second is not None}
    if not spoken:
        return {}
    statement = select(Chunk.entity_id, Chunk.field, Chunk.second, Chunk.body).where(
        Chunk.entity == "communication",
        Chunk.entity_id.in_({id_ for id_, _field in spoken}),
        Chunk.field.in_({field for _id, field in spoken}),
        Chunk.second.is_not(None),
    )
    around: dict[tuple[int, str], list[Any]] = {}
    for row in session.execute(statement.order_by(Chunk.second, Chunk.id)):
        if (row.entity_id, row.field) in spoken:
            around.setdefault((row.entity_id, row.field), []).append(row)
    return around


def _widened(hit: Hit, around: Neighbours) -> Source:
    """A piece of a transcript with what was said just before and after it, and the second of each part."""
    if hit.second is None:
        return Source(hit.type, hit.id, hit.title, hit.body)
    near = [r for r in around.get((hit.id, hit.field), ()) if abs(r.second - hit.second) <= NEIGHBOUR_SECONDS]
    text, seconds = "", []
    for row in near:
        if len(text) + len(row.body) > NEIGHBOURHOOD_CHARACTERS and text and row.second > hit.second:
            break
        text += "\n" if text else ""
        seconds.append((len(text), float(row.second)))
        text += row.body
    return Source(hit.type, hit.id, hit.title, text or hit.body, second=hit.second, seconds=tuple(seconds))
