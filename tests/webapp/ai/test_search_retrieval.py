"""Hybrid retrieval on the real table: what is found, in which order, and what nobody without the right finds."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from webapp.ai.gateway import EmbeddingModel
from webapp.ai.search import indexes
from webapp.ai.search.indexes import Index
from webapp.ai.search.models import EMBEDDING_SIZE, Chunk
from webapp.ai.search.query import read
from webapp.ai.search.retrieval import Hit, Search, found, prepare_vectors, search
from webapp.ai.search.scope import allowed
from webapp.ai.search.vectors import QuestionVector
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.users.models import Team, User
from webapp.kit.access import SYSTEM, Actor, Level, Scope, reach
from webapp.kit.searchable import SearchSource


def _source(model: Any) -> SearchSource:
    def visible(actor: Actor) -> Any:
        return None if actor.scope(model.__entity__) is Scope.ALL else select(model.id).where(reach(actor, model))

    return SearchSource(model.__entity__, model.__entity__, "file", visible, lambda i: f"/{model.__entity__}/{i}")


SOURCES = {m.__entity__: _source(m) for m in (Organisation, Person)}


@pytest.fixture
def index(session: Session) -> Index:
    """An index of vectors that serves, rolled back after the test."""
    return indexes.begin(session, EmbeddingModel("twin", "hash"), EMBEDDING_SIZE)


@pytest.fixture
def records(session: Session) -> Iterator[dict[str, Any]]:
    """Two clients of Sales and one of Support, rolled back after the test."""
    teams = {t.name: t.id for t in session.query(Team)}
    owners = {u.username: u.id for u in session.query(User)}
    sales = {"team_id": teams["Sales"], "owner_id": owners["staff"]}
    support = {"team_id": teams["Support"], "owner_id": owners["stranger"]}
    made: dict[str, Any] = {
        "volna": Organisation(name="ООО «Волна»", phone="+74951234567", city="Казань", notes="Ждут скидку.", **sales),
        "anna": Person(
            full_name="Королёва Анна", phone="+79161234567", email="anna@volna.example", notes="Любит чай.", **sales
        ),
        "hidden": Person(full_name="Королёв Семён", phone="+79035550011", notes="Secret discount of 40 %.", **support),
    }
    session.add_all(made.values())
    session.flush()
    yield made
    session.rollback()


def names(hits: list[Hit]) -> list[str]:
    return [hit.title for hit in hits]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("корол", "Королёва Анна"),
        ("анна корол", "Королёва Анна"),
        ("КОРОЛЁВА", "Королёва Анна"),
        ("volna.ex", "Королёва Анна"),
        ("8 (916) 123-45", "Королёва Анна"),
        ("+7 916 123 45 67", "Королёва Анна"),
        ("1234567", "ООО «Волна»"),
        ("волн", "ООО «Волна»"),
        ("скидка", "ООО «Волна»"),
        ("чай", "Королёва Анна"),
        ("анна 916", "Королёва Анна"),
    ],
)
def test_a_fragment_a_word_or_a_phone_finds_the_record(
    session: Session, actor: Callable[[str], Actor], records: dict[str, Any], typed: str, title: str
) -> None:
    assert title in names(found(session, actor("staff"), SOURCES, typed))


def test_records_of_another_team_are_not_found(
    session: Session, actor: Callable[[str], Actor], records: dict[str, Any]
) -> None:
    assert names(found(session, actor("stranger"), SOURCES, "корол")) == ["Королёв Семён"]
    assert names(found(session, actor("staff"), SOURCES, "корол")) == ["Королёва Анна"]
    assert found(session, actor("staff"), SOURCES, "secret discount") == []
    assert set(names(found(session, actor("head"), SOURCES, "корол"))) == {"Королёва Анна", "Королёв Семён"}


def test_a_hidden_field_is_not_found_by_any_way(
    session: Session, actor: Callable[[str], Actor], records: dict[str, Any], index: Index
) -> None:
    officer = actor("officer")
    for typed in ("79161234567", "volna.ex", "чай", "скидка", "secret"):
        assert found(session, officer, SOURCES, typed, any_word=True) == [], typed
    near = QuestionVector(index, [1.0] + [0.0] * (EMBEDDING_SIZE - 1))
    texts = session.scalars(select(Chunk.id).where(Chunk.kind == "text")).all()
    indexes.store(session, index, [(number, near.values) for number in texts])
    assert found(session, officer, SOURCES, "zzz", vector=near) == []
    assert names(found(session, actor("staff"), SOURCES, "zzz", vector=near)) != []
    assert "Королёва Анна" in names(found(session, officer, SOURCES, "корол"))


def test_an_actor_without_the_entity_finds_nothing(session: Session, records: dict[str, Any]) -> None:
    nobody = Actor(id=1, username="x", name="x")
    assert found(session, nobody, SOURCES, "корол") == []


def test_a_title_made_of_a_hidden_field_is_withheld(session: Session, records: dict[str, Any]) -> None:
    grants = {("person", "view"): Scope.ALL}
    blind = Actor(id=1, username="x", name="x", grants=grants, fields={("person", "full_name"): Level.HIDDEN})
    hits = found(session, blind, SOURCES, "чай")
    assert [hit.title for hit in hits] == [""]


def test_marks_are_put_around_what_matched_and_everything_else_is_escaped(
    session: Session, actor: Callable[[str], Actor], records: dict[str, Any]
) -> None:
    records["anna"].notes = "<script>alert(1)</script> любит чай & кофе"
    session.flush()
    (hit,) = found(session, actor("staff"), SOURCES, "чай")
    assert "<mark>чай</mark>" in hit.snippet
    assert "<script>" not in hit.snippet
    (hit,) = found(session, actor("staff"), SOURCES, "916123")
    assert hit.snippet == "+7<mark>916123</mark>4567"


def test_stop_words_of_either_language_bring_nothing(
    session: Session, actor: Callable[[str], Actor], records: dict[str, Any]
) -> None:
    records["anna"].notes = "Встреча на заводе и the visit of a factory"
    session.flush()
    assert found(session, actor("staff"), SOURCES, "полёт на Луну и обратно", any_word=True) == []
    assert found(session, actor("staff"), SOURCES, "the colour of a swallow", any_word=True) == []
    assert found(session, actor("staff"), SOURCES, "factories", any_word=True) != []


@pytest.mark.parametrize("typed", ["", "   ", "%", "' OR 1=1 --", "a", "\x00", "!!!", "(((", "a & | !", "x" * 5000])
def test_strange_input_answers_without_an_error(
    session: Session, actor: Callable[[str], Actor], records: dict[str, Any], typed: str
) -> None:
    assert isinstance(found(session, actor("staff"), SOURCES, typed, any_word=True), list)


def test_a_percent_sign_is_a_letter_like_any_other(
    session: Session, actor: Callable[[str], Actor], records: dict[str, Any]
) -> None:
    assert found(session, actor("head"), SOURCES, "кор%ва") == []


def test_the_search_is_one_statement(session: Session, actor: Callable[[str], Actor], records: dict[str, Any]) -> None:
    statements: list[str] = []
    staff = actor("staff")
    event.listen(session.get_bind(), "before_cursor_execute", lambda *a: statements.append(a[2]))
    found(session, staff, SOURCES, "корол")
    assert len(statements) == 1


def _unit(seed: int) -> list[float]:
    chance = random.Random(seed)
    values = [chance.gauss(0, 1) for _ in range(EMBEDDING_SIZE)]
    length = math.sqrt(sum(v * v for v in values))
    return [v / length for v in values]


def _near(vector: list[float], seed: int, noise: float) -> list[float]:
    other = _unit(seed)
    mixed = [a + noise * b for a, b in zip(vector, other, strict=True)]
    length = math.sqrt(sum(v * v for v in mixed))
    return [v / length for v in mixed]


def test_the_vector_path_keeps_its_recall_under_a_rights_filter_of_one_percent(
    session: Session, actor: Callable[[str], Actor], index: Index
) -> None:
    teams = {t.name: t.id for t in session.query(Team)}
    staff = actor("staff")
    question = _unit(1)
    people = [
        Person(full_name=f"Person {n}", team_id=teams["Sales"] if n % 100 == 0 else teams["Support"])
        for n in range(4000)
    ]
    session.add_all(people)
    session.flush()
    rows = [
        {"e": "person", "i": p.id, "t": p.full_name, "b": f"note {n}", "v": str(_near(question, n + 10, 0.7))}
        for n, p in enumerate(people)
    ]
    session.connection().execute(
        text(
            "WITH made AS (INSERT INTO chunks (entity, entity_id, field, kind, title, body) "
            "VALUES (:e, :i, 'notes', 'text', :t, :b) RETURNING id) "
            f"INSERT INTO vectors_{index.id} SELECT id, (:v)::vector FROM made"
        ),
        rows,
    )
    session.execute(text("ANALYZE chunks"))
    session.execute(text(f"ANALYZE vectors_{index.id}"))
    vectors = index.vectors
    distance = vectors.c.embedding.cosine_distance(question)
    mine = select(Person.id).where(Person.team_id == staff.team_id)
    true = list(
        session.scalars(
            select(Chunk.entity_id)
            .join(vectors, vectors.c.chunk_id == Chunk.id)
            .where(Chunk.entity_id.in_(mine), Chunk.kind == "text")
            .order_by(distance + 0)
            .limit(10)
        )
    )
    hits = search(session, staff, SOURCES, Search(read("zzzz"), vector=QuestionVector(index, question), limit=10))
    assert len(set(true) & {h.id for h in hits}) / 10 >= 0.95
    head = allowed(actor("head"), SOURCES)
    assert prepare_vectors(session, head, below=100) is False
    assert session.scalar(text("SHOW hnsw.ef_search")) == "200"
    session.rollback()


def test_a_changed_name_is_followed_by_the_pieces_that_stay(session: Session, records: dict[str, Any]) -> None:
    anna = records["anna"]
    session.add(Chunk(entity="person", entity_id=anna.id, field="transcript", kind="text", title="old", body="words"))
    anna.full_name = "Анна Новая"
    session.flush()
    titles = set(session.scalars(select(Chunk.title).where(Chunk.entity == "person", Chunk.entity_id == anna.id)))
    assert titles == {"Анна Новая"}


def test_the_system_finds_everything(session: Session, records: dict[str, Any]) -> None:
    assert len(found(session, SYSTEM, SOURCES, "корол")) == 2
