"""The indexes of vectors: one table a model, built behind the scenes, switched to at once when it is complete.

Vectors of two models cannot be compared. So each index carries the model that made it, and a question is embedded by
the model of the index that serves. Where no engine has that model any more, search goes by words until the new index is
complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pgvector.sqlalchemy import Vector
from sqlalchemy import BigInteger, TableClause, column, delete, func, insert, select, table, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from webapp.ai.gateway import EmbeddingModel
from webapp.ai.search.models import Chunk, SearchIndex, WaitingChunk
from webapp.kit.clock import now

BUILDING, SERVING, RETIRED = "building", "serving", "retired"
# Searches that began before a switch still read the old table; it is dropped when they have long ended.
REST_BEFORE_DROP = timedelta(minutes=5)


@dataclass(frozen=True)
class Index:
    """One index of vectors."""

    id: int
    model: str
    model_hash: str
    dimensions: int
    state: str
    started_at: datetime

    @property
    def vectors(self) -> TableClause:
        """Its table; a vector that is NULL belongs to a text that the model cannot embed."""
        return table(f"vectors_{self.id}", column("chunk_id", BigInteger), column("embedding", Vector(self.dimensions)))

    def made_by(self, model: EmbeddingModel) -> bool:
        """Whether this model made the vectors; a hash that is not known on one side does not tell models apart."""
        same_weights = not (self.model_hash and model.hash) or self.model_hash == model.hash
        return self.model == model.name and same_weights


@dataclass(frozen=True)
class Status:
    """How far an index has come, in pieces of text."""

    index: Index
    total: int
    waiting: int
    skipped: int


def active(session: Session) -> dict[str, Index]:
    """The index that serves and the one that is built, by state."""
    rows = session.scalars(select(SearchIndex).where(SearchIndex.state.in_((BUILDING, SERVING))))
    return {row.state: _index(row) for row in rows}


def serving(session: Session) -> Index | None:
    """The index that answers questions."""
    row = session.scalars(select(SearchIndex).where(SearchIndex.state == SERVING)).first()
    return _index(row) if row else None


def _index(row: SearchIndex) -> Index:
    return Index(row.id, row.model, row.model_hash, row.dimensions, row.state, row.started_at)


def wanted(session: Session, model: EmbeddingModel) -> bool:
    """Whether an index of this model has yet to be begun. One of a model that is no longer used is given up."""
    found = active(session)
    serves, built = found.get(SERVING), found.get(BUILDING)
    if serves is not None and serves.made_by(model):
        if not serves.model_hash and model.hash:
            known = update(SearchIndex).where(SearchIndex.id == serves.id).values(model_hash=model.hash)
            session.execute(known)
        if built is not None and not built.made_by(model):
            _retire(session, built)
        return False
    return built is None or not built.made_by(model)


def begin(session: Session, model: EmbeddingModel, dimensions: int) -> Index:
    """Begin an index: every text waits for its vector. The first one of all serves from its first vector on."""
    found = active(session)
    if BUILDING in found:
        _retire(session, found[BUILDING])
    state = BUILDING if SERVING in found else SERVING
    row = SearchIndex(model=model.name, model_hash=model.hash, dimensions=dimensions, state=state)
    session.add(row)
    session.flush()
    session.execute(select(func.ostrov_vectors_create(row.id, dimensions)))
    session.refresh(row)
    enqueue_missing(session, _index(row))
    return _index(row)


def enqueue_missing(session: Session, index: Index) -> int:
    """Let every text wait that has no vector and does not wait yet; answers how many there are.

    The trigger does the same for new text; this finds what was written while the index was begun.
    """
    vectors = index.vectors
    missing = (
        select(text(str(index.id)), Chunk.id)
        .outerjoin(vectors, vectors.c.chunk_id == Chunk.id)
        .where(Chunk.kind == "text", vectors.c.chunk_id.is_(None))
    )
    waiting = upsert(WaitingChunk).from_select(["index_id", "chunk_id"], missing).on_conflict_do_nothing()
    session.execute(waiting)
    return waiting_for(session, index)


def waiting_for(session: Session, index: Index) -> int:
    """How many texts wait for their vector."""
    return session.scalar(select(func.count()).where(WaitingChunk.index_id == index.id)) or 0


def pending(session: Session, index: Index, batch: int) -> list[Any]:
    """Text that waits for its vector, the newest first: what has just been said is asked about first."""
    statement = select(Chunk.id, Chunk.title, Chunk.body).join(WaitingChunk, WaitingChunk.chunk_id == Chunk.id)
    statement = statement.where(WaitingChunk.index_id == index.id).order_by(WaitingChunk.chunk_id.desc())
    return list(session.execute(statement.limit(batch)))


def store(session: Session, index: Index, found: Sequence[tuple[int, Sequence[float] | None]]) -> None:
    """Keep vectors by the id of their text (None: it cannot be embedded); texts that have gone meanwhile are left."""
    ids = [number for number, _ in found]
    here = set(session.scalars(select(Chunk.id).where(Chunk.id.in_(ids)).with_for_update(read=True, key_share=True)))
    rows = [{"chunk_id": number, "embedding": vector} for number, vector in found if number in here]
    if rows:
        placed = upsert(index.vectors)
        again = placed.on_conflict_do_update(index_elements=["chunk_id"], set_={"embedding": placed.excluded.embedding})
        session.execute(again, rows)
    session.execute(delete(WaitingChunk).where(WaitingChunk.index_id == index.id, WaitingChunk.chunk_id.in_(ids)))


def complete(session: Session, index: Index) -> bool:
    """Let a new index serve if no text waits any more: in one transaction, so that a search sees the old or the new."""
    if enqueue_missing(session, index):
        return False
    old = serving(session)
    if old is not None:
        _retire(session, old)
    done = update(SearchIndex).where(SearchIndex.id == index.id)
    session.execute(done.values(state=SERVING, completed_at=now()))
    return True


def _retire(session: Session, index: Index) -> None:
    gone = update(SearchIndex).where(SearchIndex.id == index.id).values(state=RETIRED, completed_at=now())
    session.execute(gone)
    session.execute(delete(WaitingChunk).where(WaitingChunk.index_id == index.id))


def drop_retired(session: Session) -> int:
    """Drop the vectors of indexes that no search can be reading any more; answers how many there were."""
    old = select(SearchIndex).where(SearchIndex.state == RETIRED, SearchIndex.completed_at < now() - REST_BEFORE_DROP)
    found = list(session.scalars(old))
    for row in found:
        session.execute(select(func.ostrov_vectors_drop(row.id)))
        session.delete(row)
    return len(found)


def retry_skipped(session: Session, index: Index) -> int:
    """Let the texts that could not be embedded wait once more; answers how many there are."""
    vectors = index.vectors
    ids = list(session.scalars(delete(vectors).where(vectors.c.embedding.is_(None)).returning(vectors.c.chunk_id)))
    if ids:
        rows = [{"index_id": index.id, "chunk_id": number} for number in ids]
        session.execute(insert(WaitingChunk), rows)
    return len(ids)


def status(session: Session) -> list[Status]:
    """How far the indexes have come, the one that serves first."""
    total = session.scalar(select(func.count()).select_from(Chunk).where(Chunk.kind == "text")) or 0
    found = []
    for _state, index in sorted(active(session).items(), reverse=True):
        vectors = index.vectors
        skipped = session.scalar(select(func.count()).select_from(vectors).where(vectors.c.embedding.is_(None))) or 0
        found.append(Status(index, total, waiting_for(session, index), skipped))
    return found
