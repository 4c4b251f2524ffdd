"""The one table in which everything findable is found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pgvector.sqlalchemy import Vector
from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base

EMBEDDING_SIZE = 384


class Chunk(Base):
    """A findable piece of a record.

    `words` joins the Russian and the English stems; `grams` are trigrams of name and contact pieces, so that a fragment
    uses a GIN index without any extension. Vectors lie in a table for each model (see `indexes`); `embedding` and
    `embedding_model` are those of the release before and are neither read nor written any more.
    """

    __tablename__ = "chunks"
    __table_args__ = (
        Index(None, "entity", "entity_id"),
        Index("ix_chunks_words", "words", postgresql_using="gin"),
        Index("ix_chunks_grams", "grams", postgresql_using="gin", postgresql_where=text("grams IS NOT NULL")),
        Index(
            "ix_chunks_embedding",
            "embedding",
            postgresql_using="hnsw",
            postgresql_ops={"embedding": "vector_cosine_ops"},
        ),
        # Counts the text an asker may see, and leads to it, when vectors are compared one by one.
        Index("ix_chunks_text", "entity", "entity_id", postgresql_where=text("kind = 'text'")),
        Index("ix_chunks_pending", "id", postgresql_where=text("embedding IS NULL AND kind = 'text'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    entity: Mapped[str]
    entity_id: Mapped[int]
    field: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    second: Mapped[float | None]
    page: Mapped[int | None]
    words: Mapped[Any] = mapped_column(
        TSVECTOR, Computed("to_tsvector('russian', body) || to_tsvector('english', body)", persisted=True)
    )
    grams: Mapped[list[str] | None] = mapped_column(
        ARRAY(TEXT), Computed("CASE WHEN kind = 'text' THEN NULL ELSE ostrov_grams(body) END", persisted=True)
    )
    embedding: Mapped[Any | None] = mapped_column(Vector(EMBEDDING_SIZE))
    embedding_model: Mapped[str | None]


class SearchIndex(Base):
    """The vectors of one embedding model: `building` behind the scenes, `serving` questions, or `retired`.

    The vectors themselves lie in a table of their own, `vectors_ID`, because each model has its own dimensions.
    """

    __tablename__ = "search_indexes"
    __table_args__ = (
        CheckConstraint("state IN ('building','serving','retired')", name="state_known"),
        Index(
            "ix_search_indexes_active", "state", unique=True, postgresql_where=text("state IN ('building', 'serving')")
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str]
    model_hash: Mapped[str]
    dimensions: Mapped[int]
    state: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    completed_at: Mapped[datetime | None]


class WaitingChunk(Base):
    """A piece of text that waits for its vector in an index; a trigger puts new text here."""

    __tablename__ = "vector_queue"
    __table_args__ = (Index(None, "chunk_id"),)

    index_id: Mapped[int] = mapped_column(ForeignKey("search_indexes.id", ondelete="CASCADE"), primary_key=True)
    chunk_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True)
