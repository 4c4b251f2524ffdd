"""The one table in which everything findable is found."""

from __future__ import annotations

from typing import Any

from pgvector.sqlalchemy import Vector
from sqlalchemy import BigInteger, Computed, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base

EMBEDDING_SIZE = 384


class Chunk(Base):
    """A findable piece of a record.

    `words` joins the Russian and the English stems; `grams` are trigrams of name and contact pieces, so that a fragment
    uses a GIN index without any extension; `embedding` is filled in by a job, for text pieces alone.
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
