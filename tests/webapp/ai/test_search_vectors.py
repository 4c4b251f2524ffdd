"""Vectors: of questions, remembered; of stored text, filled in behind the scenes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from webapp.ai.gateway import ModelUnavailable
from webapp.ai.search.models import EMBEDDING_SIZE, Chunk
from webapp.ai.search.vectors import QuestionVectors, backlog, embed_pending
from webapp.app import App


class Embedder:
    """Counts what it is asked; `down` makes it unavailable."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.down = False

    def embed(self, texts: Sequence[str], **_how: Any) -> list[list[float]]:
        self.asked.append(list(texts))
        if self.down:
            raise ModelUnavailable("off")
        return [[1.0] + [0.0] * (EMBEDDING_SIZE - 1) for _ in texts]


@pytest.fixture
def pieces(session: Session) -> Iterator[None]:
    session.add_all(
        Chunk(entity="document", entity_id=n, field="text", kind="text", title="Contract", body=f"Clause {n}")
        for n in range(5)
    )
    session.add(Chunk(entity="document", entity_id=1, field="title", kind="name", title="Contract", body="Contract"))
    session.commit()
    yield
    session.query(Chunk).delete()
    session.commit()


def test_stored_text_gets_its_vectors_in_batches_the_newest_first(app: App, session: Session, pieces: None) -> None:
    embedder = Embedder()
    assert embed_pending(app.parts.sessions, embedder, batch=3) == 3
    assert embedder.asked[0][0] == "Contract\nClause 4"
    assert backlog(session) is True
    assert embed_pending(app.parts.sessions, embedder, batch=3) == 2
    assert embed_pending(app.parts.sessions, embedder, batch=3) == 0
    session.rollback()
    assert backlog(session) is False
    assert session.query(Chunk).filter(Chunk.embedding.is_not(None)).count() == 5


def test_a_model_that_is_away_loses_nothing(app: App, session: Session, pieces: None) -> None:
    embedder = Embedder()
    embedder.down = True
    with pytest.raises(ModelUnavailable):
        embed_pending(app.parts.sessions, embedder)
    embedder.down = False
    assert embed_pending(app.parts.sessions, embedder) == 5


def test_the_backlog_waits_while_a_call_is_heard(app: App, session: Session, pieces: None) -> None:
    job = "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) VALUES ('ai', 'deliver', '{}', 'doing')"
    session.execute(text(job))
    session.commit()
    assert embed_pending(app.parts.sessions, Embedder()) == 0
    session.execute(text("DELETE FROM procrastinate_jobs"))
    session.commit()
    assert embed_pending(app.parts.sessions, Embedder()) == 5


def test_a_question_is_asked_once_and_a_dead_model_is_left_alone_for_a_while() -> None:
    embedder = Embedder()
    vectors = QuestionVectors(embedder)
    assert vectors.of("When?") == vectors.of("When?")
    assert len(embedder.asked) == 1
    embedder.down = True
    assert vectors.of("Who?") is None
    assert vectors.of("Why?") is None
    assert len(embedder.asked) == 2
    assert vectors.of("When?") is not None
