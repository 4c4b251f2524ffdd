"""Vectors carry the model that made them: filled in behind the scenes, made anew when the model changes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from webapp.ai.gateway import BadRecording, Embedded, EmbeddingModel, ModelUnavailable, ModelUnknown
from webapp.ai.search import indexes
from webapp.ai.search.models import Chunk, SearchIndex
from webapp.ai.search.query import read
from webapp.ai.search.retrieval import Search, search
from webapp.ai.search.vectors import QuestionVectors, backlog, embed_pending, question_vector
from webapp.app import App
from webapp.kit.access import SYSTEM
from webapp.kit.clock import now
from webapp.kit.searchable import SearchSource

SOURCES = {"document": SearchSource("document", "document", "file", lambda _actor: None, str)}
SMALL, LARGE = EmbeddingModel("small", "aaa"), EmbeddingModel("large", "bbb")
DIMENSIONS = {"small": 3, "large": 5}


class Engines:
    """Embedding engines: those that are served, by name; a text is embedded by the first letters that it holds."""

    def __init__(self) -> None:
        self.used: EmbeddingModel | None = SMALL
        self.served = {"small", "large"}
        self.asked: list[tuple[str, list[str]]] = []
        self.down = False
        self.refuses: set[str] = set()  # texts that the engine answers with an error of the text
        self.chokes: set[str] = set()  # texts on which the engine fails as if it were down

    def embed(self, texts: Sequence[str], *, model: str = "embed", **_how: Any) -> Embedded:
        name = (self.used.name if self.used else "") if model == "embed" else model
        self.asked.append((name, list(texts)))
        if self.down:
            raise ModelUnavailable("off")
        if name not in self.served:
            raise ModelUnknown(name)
        if any(word in text for text in texts for word in self.refuses):
            raise BadRecording("this text cannot be embedded")
        if any(word in text for text in texts for word in self.chokes):
            raise ModelUnavailable("inner error")
        return Embedded([self.vector(text, DIMENSIONS[name]) for text in texts], name)

    def embedding_model(self) -> EmbeddingModel | None:
        if self.down:
            raise ModelUnavailable("off")
        return self.used

    @staticmethod
    def vector(text: str, dimensions: int) -> list[float]:
        """Texts about pumps point one way, all others another."""
        about_pumps = "pump" in text.lower() or "motor" in text.lower()
        return [1.0 if about_pumps else 0.0, 0.0 if about_pumps else 1.0] + [0.0] * (dimensions - 2)


@pytest.fixture
def engines() -> Engines:
    return Engines()


@pytest.fixture
def pieces(session: Session) -> Iterator[None]:
    session.add_all(piece(n, f"Clause {n}") for n in range(5))
    session.add(Chunk(entity="document", entity_id=1, field="title", kind="name", title="Contract", body="Contract"))
    session.commit()
    yield
    session.rollback()
    session.query(Chunk).delete()
    for index_id in session.scalars(text("SELECT id FROM search_indexes")).all():
        session.execute(text(f"SELECT ostrov_vectors_drop({index_id})"))
    session.query(SearchIndex).delete()
    session.commit()


def piece(number: int, body: str) -> Chunk:
    return Chunk(entity="document", entity_id=number, field="text", kind="text", title="Contract", body=body)


def fill(app: App, engines: Engines, batch: int = 32) -> int:
    """Embed until nothing is left to do; answers how many texts it were."""
    total = 0
    while done := embed_pending(app.parts.sessions, engines, batch):
        total += done
    return total


def states(session: Session) -> dict[str, tuple[str, int]]:
    session.rollback()
    return {state: (index.model, index.dimensions) for state, index in indexes.active(session).items()}


def meant(session: Session, engines: Engines, question: str) -> list[int] | None:
    """What a question finds by its meaning alone; None when it cannot be embedded for the index that serves."""
    session.rollback()
    vector = question_vector(session, engines, question)
    if vector is None:
        return None
    return [hit.id for hit in search(session, SYSTEM, SOURCES, Search(read(question), vector=vector, limit=10))]


def test_stored_text_gets_its_vectors_in_batches_the_newest_first(
    app: App, session: Session, pieces: None, engines: Engines
) -> None:
    assert embed_pending(app.parts.sessions, engines, batch=3) == 3
    assert engines.asked[-1] == ("small", ["Contract\nClause 4", "Contract\nClause 3", "Contract\nClause 2"])
    session.rollback()
    assert backlog(session) is True
    assert fill(app, engines, batch=3) == 2
    session.rollback()
    assert backlog(session) is False
    assert states(session) == {"serving": ("small", 3)}


def test_new_text_waits_for_its_vector_and_deleted_text_takes_it_along(
    app: App, session: Session, pieces: None, engines: Engines
) -> None:
    fill(app, engines)
    session.add(piece(9, "Spare pumps"))
    session.commit()
    assert fill(app, engines) == 1
    assert meant(session, engines, "motor") == [9]
    session.query(Chunk).filter(Chunk.entity_id == 9).delete()
    session.commit()
    assert meant(session, engines, "motor") == []


def test_a_model_that_is_away_loses_nothing(app: App, session: Session, pieces: None, engines: Engines) -> None:
    fill(app, engines)
    session.add(piece(9, "Spare pumps"))
    session.commit()
    engines.down = True
    with pytest.raises(ModelUnavailable):
        embed_pending(app.parts.sessions, engines)
    engines.down = False
    assert fill(app, engines) == 1


def test_the_backlog_waits_while_a_call_is_heard(app: App, session: Session, pieces: None, engines: Engines) -> None:
    for queue in ("speech", "ai"):
        job = (
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) VALUES (:q, 'deliver', '{}', 'doing')"
        )
        session.execute(text(job), {"q": queue})
        session.commit()
        assert embed_pending(app.parts.sessions, engines) == 0
        session.execute(text("DELETE FROM procrastinate_jobs"))
        session.commit()
    assert fill(app, engines) == 5


def test_a_new_model_gets_its_own_index_while_the_old_one_serves_and_takes_over_at_once(
    app: App, session: Session, pieces: None, engines: Engines
) -> None:
    session.add(piece(7, "Spare pumps"))
    session.commit()
    fill(app, engines)
    engines.used = LARGE
    assert embed_pending(app.parts.sessions, engines, batch=2) == 2
    assert states(session) == {"serving": ("small", 3), "building": ("large", 5)}
    assert meant(session, engines, "motor") == [7]
    assert ("small", ["motor"]) in engines.asked
    fill(app, engines)
    assert states(session) == {"serving": ("large", 5)}
    assert meant(session, engines, "motor") == [7]
    assert engines.asked[-1] == ("large", ["motor"])


def test_text_that_is_written_while_an_index_is_built_is_in_both(
    app: App, session: Session, pieces: None, engines: Engines
) -> None:
    fill(app, engines)
    engines.used = LARGE
    embed_pending(app.parts.sessions, engines, batch=2)
    session.add(piece(9, "Spare pumps"))
    session.commit()
    assert embed_pending(app.parts.sessions, engines, batch=1) == 1
    assert meant(session, engines, "motor") == [9]
    fill(app, engines)
    assert states(session)["serving"] == ("large", 5)
    assert meant(session, engines, "motor") == [9]


def test_when_the_old_model_is_gone_search_goes_by_words_until_the_new_index_serves(
    app: App, session: Session, pieces: None, engines: Engines
) -> None:
    fill(app, engines)
    engines.used, engines.served = LARGE, {"large"}
    session.add(piece(9, "Spare pumps"))
    session.commit()
    assert embed_pending(app.parts.sessions, engines, batch=1) == 1
    assert states(session)["building"] == ("large", 5)
    assert meant(session, engines, "motor") is None
    fill(app, engines)
    assert states(session) == {"serving": ("large", 5)}
    assert meant(session, Engines(), "motor") == [9]


def test_other_weights_under_the_same_name_are_another_model(
    app: App, session: Session, pieces: None, engines: Engines
) -> None:
    fill(app, engines)
    engines.used = EmbeddingModel("small", "ccc")
    assert meant(session, engines, "motor") is None
    embed_pending(app.parts.sessions, engines, batch=1)
    assert states(session) == {"serving": ("small", 3), "building": ("small", 3)}
    fill(app, engines)
    session.rollback()
    serving = indexes.serving(session)
    assert serving is not None
    assert serving.model_hash == "ccc"


def test_a_model_that_comes_back_ends_the_building_of_another_index(
    app: App, session: Session, pieces: None, engines: Engines
) -> None:
    fill(app, engines)
    engines.used = LARGE
    embed_pending(app.parts.sessions, engines, batch=1)
    engines.used = SMALL
    assert fill(app, engines) == 0
    assert states(session) == {"serving": ("small", 3)}


def test_vectors_of_a_retired_index_are_dropped_when_no_search_can_read_them(
    app: App, session: Session, pieces: None, engines: Engines
) -> None:
    fill(app, engines)
    engines.used = LARGE
    fill(app, engines)
    session.rollback()
    assert session.query(SearchIndex).filter_by(state="retired").count() == 1
    session.execute(update(SearchIndex).where(SearchIndex.state == "retired").values(completed_at=now() - timedelta(1)))
    session.commit()
    fill(app, engines)
    session.rollback()
    assert session.query(SearchIndex).count() == 1
    tables = "SELECT count(*) FROM pg_tables WHERE tablename ~ '^vectors_[0-9]+$'"
    assert session.scalar(text(tables)) == 1


@pytest.mark.parametrize("kind", ["refuses", "chokes"])
def test_a_text_that_cannot_be_embedded_holds_nobody_up(
    app: App, session: Session, pieces: None, engines: Engines, *, kind: str
) -> None:
    getattr(engines, kind).add("Clause 3")
    assert fill(app, engines) == 5
    session.rollback()
    (status,) = indexes.status(session)
    assert (status.total, status.waiting, status.skipped) == (5, 0, 1)
    getattr(engines, kind).clear()
    with app.parts.sessions() as opened, opened.begin():
        assert indexes.retry_skipped(opened, status.index) == 1
    assert fill(app, engines) == 1
    session.rollback()
    assert indexes.status(session)[0].skipped == 0


def test_a_question_is_asked_once_and_a_dead_model_is_left_alone_for_a_while(engines: Engines) -> None:
    vectors = QuestionVectors(engines)
    index = indexes.Index(1, "small", "aaa", 3, "serving", now())
    assert vectors.of("When?", index) == vectors.of("When?", index)
    assert len(engines.asked) == 1
    engines.down = True
    assert vectors.of("Who?", index) is None
    assert vectors.of("Why?", index) is None
    assert len(engines.asked) == 2
    assert vectors.of("When?", index) is not None


def test_without_an_index_there_is_no_vector(engines: Engines) -> None:
    assert QuestionVectors(engines).of(uuid.uuid4().hex, None) is None
    assert engines.asked == []
