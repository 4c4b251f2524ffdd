"""Hybrid retrieval: words, fragments and vectors, filtered by the asker's rights and fused in one statement.

Each way of searching gives a list of chunks, already filtered; reciprocal rank fusion (k = 60) joins them by record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    Float,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from webapp.ai.search import snippets
from webapp.ai.search.models import Chunk
from webapp.ai.search.query import Query, read
from webapp.ai.search.scope import Within, allowed
from webapp.ai.search.vectors import QuestionVector
from webapp.kit.access import Actor
from webapp.kit.searchable import SearchSource

K = 60  # reciprocal rank fusion: 1 / (K + place)
CANDIDATES = 60  # what each way of searching may bring to the fusion
MATCHES_RANKED = 1500  # a very common word is ranked over this many matches, not over all of them
EXACT_BELOW = 20_000  # visible text chunks up to which vectors are compared one by one: complete, and fast enough
SIMILARITY_FLOOR = 0.80  # below it the embedding model is only guessing
LONGEST_LIST = 100
# What is read of a chunk: without its vector and word lists, which are far larger than its text.
SHOWN = (
    Chunk.id, Chunk.entity, Chunk.entity_id, Chunk.field, Chunk.kind, Chunk.title, Chunk.body, Chunk.second, Chunk.page,
)  # fmt: skip


@dataclass(frozen=True)
class Hit:
    """One record (or one piece of it, for passages) that was found; `similarity` only when a vector brought it."""

    type: str
    id: int
    field: str
    kind: str
    title: str
    body: str
    snippet: str  # safe HTML: the text with <mark> around what matched
    second: float | None
    page: int | None
    score: float
    similarity: float | None
    by_words: bool


@dataclass(frozen=True)
class Search:
    """What to search for and how.

    `any_word` lets a chunk match with one of the words, as questions need; `vector` adds meaning to the words.
    """

    query: Query
    kinds: Collection[str] = ()
    within: Within | None = None
    vector: QuestionVector | None = None
    any_word: bool = False
    fragments: bool = True
    limit: int = 20
    pieces: int = 1  # how many chunks of one record may be returned
    ranked: int = MATCHES_RANKED


def search(session: Session, actor: Actor, sources: Mapping[str, SearchSource], wanted: Search) -> list[Hit]:
    """The best records (or pieces) that the actor may see, best first."""
    if not wanted.query.text:
        return []
    keep = allowed(actor, sources, kinds=wanted.kinds, within=wanted.within)
    lists = [_by_words(wanted, keep)]
    if wanted.fragments and wanted.query.long_fragments:
        lists.append(_by_fragments(wanted, keep))
    if wanted.vector is not None:
        lists.append(_by_vector(wanted.vector, keep, exact=prepare_vectors(session, keep)))
    hits = [_hit(row, wanted.query) for row in session.execute(_fused(lists, wanted))]
    return _withhold_titles(session, actor, hits)


def found(session: Session, actor: Actor, sources: Mapping[str, SearchSource], question: str, **how: Any) -> list[Hit]:
    """Search for a text as typed; `how` are fields of `Search`."""
    return search(session, actor, sources, Search(read(question), **how))


def prepare_vectors(session: Session, keep: ColumnElement[bool], below: int = EXACT_BELOW) -> bool:
    """Whether to compare all visible vectors one by one; if not, the transaction is set for the HNSW index.

    A rights filter that leaves few rows starves the index of results, so it is used only where many rows are visible.
    """
    some = select(literal(1).label("one")).where(Chunk.kind == "text", keep).limit(below + 1).subquery()
    if int(session.scalar(select(func.count()).select_from(some)) or 0) <= below:
        return True
    session.execute(
        text(
            "SELECT set_config('hnsw.ef_search', '200', true), "
            "set_config('hnsw.iterative_scan', 'relaxed_order', true), "
            "set_config('hnsw.max_scan_tuples', '200000', true)"
        )
    )
    return False


def tsquery(question: str, *, any_word: bool) -> ColumnElement[Any]:
    """The question for full text; with `any_word` one common stem is enough.

    PostgreSQL's `russian` stems English words as English, too. The `english` one would keep Russian stop words, and
    every text with an "и" or a "на" would match.
    """
    if not any_word:
        return func.websearch_to_tsquery(text("'russian'"), question)
    every = cast(func.plainto_tsquery(text("'russian'"), question), Text)
    return cast(func.replace(every, "&", "|"), TSQUERY)


def _by_words(wanted: Search, keep: ColumnElement[bool]) -> Select[Any]:
    asked = tsquery(wanted.query.text, any_word=wanted.any_word)
    weight: ColumnElement[Any] = func.ts_rank_cd(Chunk.words, asked, 1)
    if wanted.any_word:
        weight = weight + case((Chunk.words.op("@@")(tsquery(wanted.query.text, any_word=False)), 10.0), else_=0.0)
    matches = (
        select(Chunk.id, Chunk.entity, Chunk.entity_id, weight.label("weight"))
        .where(Chunk.words.op("@@")(asked), keep)
        .limit(wanted.ranked * (4 if wanted.any_word else 1))
        .subquery()
    )
    return _placed(matches, matches.c.weight.desc(), "words")


def _folded(column: Any) -> ColumnElement[str]:
    return func.replace(func.lower(column), "ё", "е")


def _by_fragments(wanted: Search, keep: ColumnElement[bool]) -> Select[Any]:
    """Name and contact pieces that hold a fragment, beside a title or body that holds all the others."""
    query = wanted.query
    whole = _folded(Chunk.title.concat(" ").concat(Chunk.body))
    drivers = [
        and_(
            Chunk.grams.op("@>")(func.ostrov_grams(cast(f, Text), type_=ARRAY(Text))),
            func.strpos(_folded(Chunk.body), f) > 0,
        )
        for f in query.long_fragments
    ]
    every = and_(*[func.strpos(whole, f) > 0 for f in query.fragments])
    phrase = " ".join(query.fragments)
    title = _folded(Chunk.title)
    # First titles that start with the phrase, then titles that hold it, then the rest; short titles before long ones.
    weight = case((func.starts_with(title, phrase), 0), (func.strpos(title, phrase) > 0, 1), else_=2)
    matches = (
        select(
            Chunk.id, Chunk.entity, Chunk.entity_id, weight.label("weight"), func.length(Chunk.title).label("length")
        )
        .where(or_(*drivers), Chunk.grams.is_not(None), every, keep)
        .limit(wanted.ranked)
        .subquery()
    )
    return _placed(matches, matches.c.weight, "fragments", matches.c.length)


def _by_vector(vector: QuestionVector, keep: ColumnElement[bool], *, exact: bool) -> Select[Any]:
    """The nearest text; adding zero to the distance keeps the planner off the approximate index."""
    vectors = vector.index.vectors
    distance = vectors.c.embedding.cosine_distance(list(vector.values))
    near = (
        select(Chunk.id, Chunk.entity, Chunk.entity_id, distance.label("weight"))
        .join(vectors, vectors.c.chunk_id == Chunk.id)
        .where(Chunk.kind == "text", vectors.c.embedding.is_not(None), keep)
        .order_by(distance + cast(0, Float) if exact else distance)
        .limit(CANDIDATES)
        .subquery()
    )
    kept = select(near).where(near.c.weight <= 1 - SIMILARITY_FLOOR).subquery()
    return _placed(kept, kept.c.weight, "vectors")


def _placed(matches: Any, *order: Any) -> Select[Any]:
    """The best matches of one way of searching, each with its place; the second of `order` is the way's name."""
    first, way, *rest = order
    place = func.row_number().over(order_by=[first, *rest, matches.c.id])
    distance = matches.c.weight if way == "vectors" else cast(None, Float)
    columns = (matches.c.id, matches.c.entity, matches.c.entity_id, place.label("place"), literal(way).label("way"))
    return select(*columns, distance.label("distance")).order_by(first, *rest, matches.c.id).limit(CANDIDATES)


def _withhold_titles(session: Session, actor: Actor, hits: list[Hit]) -> list[Hit]:
    """Empty the titles that are made of a field which the actor may not see; asks only where a role hides fields."""
    hidden = {hit.type: actor.hidden_fields(hit.type) for hit in hits}
    touched = [(hit.type, hit.id) for hit in hits if hidden[hit.type]]
    if not touched:
        return hits
    fields = {field for names in hidden.values() for field in names}
    bodies = select(Chunk.entity, Chunk.entity_id, Chunk.field, Chunk.body).where(
        tuple_(Chunk.entity, Chunk.entity_id).in_(touched), Chunk.field.in_(fields)
    )
    unseen = [row for row in session.execute(bodies) if row.field in hidden[row.entity]]
    secret = {
        (hit.type, hit.id)
        for hit in hits
        for row in unseen
        if (row.entity, row.entity_id) == (hit.type, hit.id) and hit.title in row.body
    }
    return [replace(hit, title="") if (hit.type, hit.id) in secret else hit for hit in hits]


def _share(place: Any) -> ColumnElement[float]:
    return func.sum(1.0 / (K + cast(place, Float)))


def _fused(lists: list[Select[Any]], wanted: Search) -> Select[Any]:
    """Join the lists: records by the sum over the ways of searching, and of each record its best pieces."""
    every = union_all(*[select(one.subquery()) for one in lists]).cte("candidates")
    best_places = (
        select(every.c.entity, every.c.entity_id, func.min(every.c.place).label("place"))
        .group_by(every.c.entity, every.c.entity_id, every.c.way)
        .cte("best_places")
    )
    records = (
        select(best_places.c.entity, best_places.c.entity_id, _share(best_places.c.place).label("score"))
        .group_by(best_places.c.entity, best_places.c.entity_id)
        .cte("records")
    )
    return _pieces(every, records, wanted)


def _pieces(every: CTE, records: CTE, wanted: Search) -> Select[Any]:
    scored = (
        select(
            every.c.id,
            every.c.entity,
            every.c.entity_id,
            _share(every.c.place).label("share"),
            func.min(every.c.distance).label("distance"),
            func.bool_or(every.c.way != "vectors").label("by_words"),
        )
        .group_by(every.c.id, every.c.entity, every.c.entity_id)
        .cte("pieces")
    )
    nth = func.row_number().over(
        partition_by=[scored.c.entity, scored.c.entity_id], order_by=[scored.c.share.desc(), scored.c.id]
    )
    ranked = select(scored, nth.label("nth")).cte("ranked")
    score = (records.c.score + ranked.c.share / 100).label("score")
    chosen = (
        select(ranked.c.id, score, ranked.c.share, ranked.c.distance, ranked.c.by_words)
        .join(records, and_(records.c.entity == ranked.c.entity, records.c.entity_id == ranked.c.entity_id))
        .where(ranked.c.nth <= wanted.pieces)
        .order_by(*([ranked.c.share.desc()] if wanted.pieces > 1 else [score.desc()]), ranked.c.id)
        .limit(min(wanted.limit, LONGEST_LIST))
        .cte("chosen")
    )
    order = chosen.c.share if wanted.pieces > 1 else chosen.c.score
    headline = snippets.headline(Chunk.body, tsquery(wanted.query.text, any_word=True))
    return (
        select(*SHOWN, chosen.c.score, chosen.c.distance, chosen.c.by_words, headline.label("headline"))
        .join(chosen, chosen.c.id == Chunk.id)
        .order_by(order.desc(), Chunk.id)
    )


def _hit(row: Any, query: Query) -> Hit:
    body = snippets.shown(row.kind, row.body)
    return Hit(
        type=row.entity,
        id=row.entity_id,
        field=row.field,
        kind=row.kind,
        title=row.title,
        body=body,
        snippet=snippets.safe(row.headline if row.kind == "text" else body, query, row.kind),
        second=row.second,
        page=row.page,
        score=float(row.score),
        similarity=None if row.distance is None else 1 - float(row.distance),
        by_words=bool(row.by_words),
    )
