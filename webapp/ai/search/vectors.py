"""Vectors of questions (remembered, with a short time-out) and of stored text (filled in by the worker)."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Protocol

import structlog
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from webapp.ai.gateway import (
    BadOutput,
    BadRecording,
    Embedded,
    EmbeddingModel,
    FeatureOff,
    ModelBusy,
    ModelUnavailable,
    ModelUnknown,
)
from webapp.ai.search import indexes
from webapp.ai.search.indexes import Index
from webapp.ai.search.models import WaitingChunk
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.db import transaction

log = structlog.get_logger()

QUESTION_TIMEOUT_SECONDS = 1.5
REST_AFTER_FAILURE_SECONDS = 5.0
MODEL_KNOWN_SECONDS = 10.0
REMEMBERED_QUESTIONS = 512
BATCH = 32
LONGEST_PASSAGE = 2000
LOCK_KEY = 7_303_014  # advisory lock: one worker embeds at a time
PROBE = "ostrov"
SURELY_DOWN = 3  # so many texts in a row that fail, each asked alone: it is the model, not the texts


class Embedder(Protocol):
    """The part of the gateway's client that makes vectors."""

    def embed(
        self, texts: Sequence[str], *, query: bool = False, model: str = ..., timeout_seconds: float | None = None
    ) -> Embedded:
        """One vector a text; raises ModelUnavailable."""

    def embedding_model(self) -> EmbeddingModel | None:
        """Which model makes vectors now; raises ModelUnavailable."""

    def __hash__(self) -> int:
        """It is a key of the memory of question vectors."""


@dataclass(frozen=True)
class QuestionVector:
    """The vector of a question, made by the model of the index that it is looked up in."""

    index: Index
    values: Sequence[float]


class QuestionVectors:
    """Vectors of questions: the last few hundred are remembered, and a dead engine is not asked again at once."""

    def __init__(self, embedder: Embedder) -> None:
        """`embedder` is the gateway's client."""
        self._embedder = embedder
        self._known: OrderedDict[tuple[int, str], list[float]] = OrderedDict()
        self._rest_until = 0.0
        self._model: tuple[float, EmbeddingModel | None] = (0.0, None)
        self._lock = Lock()

    def of(self, question: str, index: Index | None) -> list[float] | None:
        """The vector of a question for an index, None when its model cannot give it in time."""
        if index is None:
            return None
        key = (index.id, question)
        with self._lock:
            if time.monotonic() < self._rest_until and key not in self._known:
                return None
        try:
            if not self._fits(index):
                return None
            with self._lock:
                if key in self._known:
                    self._known.move_to_end(key)
                    return self._known[key]
            vector = self._asked(question, index)
        except (ModelUnavailable, BadOutput, BadRecording) as error:
            log.warning("search.vector_unavailable", error=type(error).__name__)
            self._rest_until = time.monotonic() + REST_AFTER_FAILURE_SECONDS
            return None
        if vector is not None:
            self._remember(key, vector)
        return vector

    def _fits(self, index: Index) -> bool:
        """Whether what is served under the index's name has its weights; another model is asked for by that name."""
        seen, model = self._model
        if time.monotonic() - seen > MODEL_KNOWN_SECONDS:
            model = self._embedder.embedding_model()
            self._model = (time.monotonic(), model)
        return model is None or model.name != index.model or index.made_by(model)

    def _asked(self, question: str, index: Index) -> list[float] | None:
        answer = self._embedder.embed(
            [question], query=True, model=index.model, timeout_seconds=QUESTION_TIMEOUT_SECONDS
        )
        (vector,) = answer.vectors
        return vector if _usable(vector, index) else None

    def _remember(self, key: tuple[int, str], vector: list[float]) -> None:
        with self._lock:
            self._known[key] = vector
            while len(self._known) > REMEMBERED_QUESTIONS:
                self._known.popitem(last=False)


@lru_cache(maxsize=8)
def question_vectors(embedder: Embedder) -> QuestionVectors:
    """The one memory of question vectors that goes with a gateway's client."""
    return QuestionVectors(embedder)


def question_vector(session: Session, embedder: Embedder, question: str) -> QuestionVector | None:
    """The vector of a question for the index that serves; None when search has to go by words alone."""
    index = indexes.serving(session)
    values = question_vectors(embedder).of(question, index)
    return None if index is None or values is None else QuestionVector(index, values)


def _usable(vector: Sequence[float], index: Index) -> bool:
    """Whether a vector fits its index: its dimensions, finite numbers, and a direction."""
    return len(vector) == index.dimensions and all(map(math.isfinite, vector)) and any(vector)


def _calls_in_work(session: Session) -> bool:
    """Whether a recording is being heard right now: it needs the processor more than the backlog does."""
    models = "queue_name IN ('speech', 'ai') AND status = 'doing'"
    busy = text(f"SELECT EXISTS (SELECT 1 FROM procrastinate_jobs WHERE {models})")  # noqa: S608 - fixed words
    return bool(session.scalar(busy))


def embed_pending(sessions: sessionmaker[Session], embedder: Embedder, batch: int = BATCH) -> int:
    """Give one batch of stored text its vectors; answers how many it was (0: nothing to do, or not now).

    Text for the index that serves comes before an index that is built. No transaction is open while the model works. A
    piece rewritten meanwhile has a new id and is taken next time.
    """
    with sessions() as holder:
        # A session-level lock lives on its connection, so the connection is held for the whole batch.
        connection = holder.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY}):
            return 0
        try:
            return 0 if _calls_in_work(holder) else _one_batch(sessions, embedder, batch)
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})


def _one_batch(sessions: sessionmaker[Session], embedder: Embedder, batch: int) -> int:
    _follow_model(sessions, embedder)
    with sessions() as session:
        found = indexes.active(session)
    for state in (indexes.SERVING, indexes.BUILDING):
        index = found.get(state)
        if index is None:
            continue
        with sessions() as session:
            rows = indexes.pending(session, index, batch)
        if not rows:
            _finish(sessions, index)
            continue
        passages = [f"{row.title}\n{row.body}"[:LONGEST_PASSAGE] for row in rows]
        try:
            vectors = _vectors(embedder, index, passages)
        except ModelUnknown:
            continue  # its model is gone; what is new is found by words until the next index serves
        with _system(sessions) as session:
            indexes.store(session, index, list(zip((row.id for row in rows), vectors, strict=True)))
        return len(rows)
    return 0


def _follow_model(sessions: sessionmaker[Session], embedder: Embedder) -> None:
    """Begin a new index when the model that makes vectors has changed."""
    try:
        model = embedder.embedding_model()
    except ModelUnavailable:
        return  # whatever waits for a vector will say so
    if model is None:
        return
    with _system(sessions) as session:
        needed = indexes.wanted(session, model)
        indexes.drop_retired(session)
    if needed:
        start_index(sessions, embedder, model)


def start_index(sessions: sessionmaker[Session], embedder: Embedder, model: EmbeddingModel) -> Index:
    """Begin an index of this model, whose dimensions a first vector tells."""
    (probe,) = embedder.embed([PROBE], model=model.name).vectors
    with _system(sessions) as session:
        index = indexes.begin(session, model, len(probe))
    log.info("index.begun", index=index.id, model=index.model, dimensions=index.dimensions, state=index.state)
    return index


def _finish(sessions: sessionmaker[Session], index: Index) -> None:
    """Let an index serve that has been built to its end."""
    if index.state != indexes.BUILDING:
        return
    with _system(sessions) as session:
        done = indexes.complete(session, index)
    if done:
        log.info("index.switched", index=index.id, model=index.model)


def _vectors(embedder: Embedder, index: Index, passages: Sequence[str]) -> list[list[float] | None]:
    """A vector for each passage, None for one that the model cannot embed: it must not hold the others up."""
    try:
        answer = embedder.embed(passages, model=index.model)
    except (ModelBusy, ModelUnknown, FeatureOff):
        raise
    except (BadOutput, BadRecording, ModelUnavailable) as error:
        return _one_by_one(embedder, index, passages, error)
    return [vector if _usable(vector, index) else None for vector in answer.vectors]


def _one_by_one(
    embedder: Embedder, index: Index, passages: Sequence[str], error: Exception
) -> list[list[float] | None]:
    """Find the passages of a failed batch that fail alone; raises the error again when the model itself is away."""
    found: list[list[float] | None] = []
    away = 0
    for passage in passages:
        vector: list[float] | None = None
        try:
            (vector,) = embedder.embed([passage], model=index.model).vectors
        except (ModelBusy, ModelUnknown, FeatureOff):
            raise
        except (BadOutput, BadRecording):
            log.warning("vectors.text_skipped", index=index.id)
        except ModelUnavailable:
            away += 1
        found.append(vector if vector is not None and _usable(vector, index) else None)
        if away >= SURELY_DOWN and not any(found):
            raise error
    if away and not any(found):
        raise error
    return found


@contextmanager
def _system(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One transaction in the name of the system."""
    with transaction(sessions) as session:
        begin(session, SYSTEM)
        yield session


def backlog(session: Session) -> bool:
    """Whether some stored text still waits for its vector."""
    return session.scalar(select(WaitingChunk.chunk_id).limit(1)) is not None
