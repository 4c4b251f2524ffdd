"""Vectors of questions (remembered, with a short time-out) and of stored text (filled in by the worker)."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

import structlog
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from webapp.ai.gateway import BadOutput, BadRecording, ModelUnavailable
from webapp.ai.search.models import Chunk
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.db import transaction

log = structlog.get_logger()

QUESTION_TIMEOUT_SECONDS = 1.5
REST_AFTER_FAILURE_SECONDS = 5.0
REMEMBERED_QUESTIONS = 512
BATCH = 32
LONGEST_PASSAGE = 2000
LOCK_KEY = 7_303_014  # advisory lock: one worker embeds at a time


class Embedder(Protocol):
    """The part of the gateway's client that makes vectors."""

    def embed(
        self, texts: Sequence[str], *, query: bool = False, timeout_seconds: float | None = None
    ) -> list[list[float]]:
        """One vector a text; raises ModelUnavailable."""


class QuestionVectors:
    """Vectors of questions: the last few hundred are remembered, and a dead engine is not asked again at once."""

    def __init__(self, embedder: Embedder) -> None:
        """`embedder` is the gateway's client."""
        self._embedder = embedder
        self._known: OrderedDict[str, list[float]] = OrderedDict()
        self._rest_until = 0.0
        self._lock = Lock()

    def of(self, question: str) -> list[float] | None:
        """The vector of a question, None when the engine cannot give it in time."""
        with self._lock:
            if question in self._known:
                self._known.move_to_end(question)
                return self._known[question]
            if time.monotonic() < self._rest_until:
                return None
        try:
            vector = self._embedder.embed([question], query=True, timeout_seconds=QUESTION_TIMEOUT_SECONDS)[0]
        except (ModelUnavailable, BadOutput, BadRecording) as error:
            log.warning("search.vector_unavailable", error=type(error).__name__)
            self._rest_until = time.monotonic() + REST_AFTER_FAILURE_SECONDS
            return None
        with self._lock:
            self._known[question] = vector
            while len(self._known) > REMEMBERED_QUESTIONS:
                self._known.popitem(last=False)
        return vector


@lru_cache(maxsize=8)
def question_vectors(embedder: Embedder) -> QuestionVectors:
    """The one memory of question vectors that goes with a gateway's client."""
    return QuestionVectors(embedder)


def _pending(session: Session, batch: int) -> list[Any]:
    """Text without a vector, the newest first: what has just been said is asked about first."""
    statement = select(Chunk.id, Chunk.title, Chunk.body).where(Chunk.embedding.is_(None), Chunk.kind == "text")
    return list(session.execute(statement.order_by(Chunk.id.desc()).limit(batch)))


def _calls_in_work(session: Session) -> bool:
    """Whether a recording is being heard right now: it needs the processor more than the backlog does."""
    busy = text(
        "SELECT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE queue_name IN ('speech', 'ai') AND status = 'doing')"
    )
    return bool(session.scalar(busy))


def embed_pending(sessions: sessionmaker[Session], embedder: Embedder, batch: int = BATCH) -> int:
    """Give one batch of stored text its vectors; answers how many it was (0: nothing to do, or not now).

    No transaction is open while the model works. A piece rewritten meanwhile has a new id and is taken next time.
    """
    with sessions() as holder:
        # A session-level lock lives on its connection, so the connection is held for the whole batch.
        connection = holder.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY}):
            return 0
        try:
            rows = [] if _calls_in_work(holder) else _pending(holder, batch)
            if not rows:
                return 0
            passages = [f"{row.title}\n{row.body}"[:LONGEST_PASSAGE] for row in rows]
            vectors = embedder.embed(passages)
            _store(sessions, [row.id for row in rows], vectors)
            return len(rows)
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})


def _store(sessions: sessionmaker[Session], ids: Sequence[int], vectors: Sequence[Sequence[float]]) -> None:
    with transaction(sessions) as session:
        begin(session, SYSTEM)
        statement = update(Chunk.__table__).where(Chunk.__table__.c.id == bindparam("chunk"))  # type: ignore[arg-type]
        session.connection().execute(
            statement.values(embedding=bindparam("vector"), embedding_model=bindparam("model")),
            [{"chunk": i, "vector": v, "model": "embed"} for i, v in zip(ids, vectors, strict=True)],
        )


def backlog(session: Session) -> bool:
    """Whether some stored text still waits for its vector."""
    statement = select(Chunk.id).where(Chunk.embedding.is_(None), Chunk.kind == "text").limit(1)
    return session.scalar(statement) is not None
