"""`ostrov search reindex`: how far the index has come, and what it says when the model is away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.orm import Session

from appliance.settings import WebSettings
from webapp.ai.gateway import EmbeddingModel
from webapp.ai.search import indexes
from webapp.ai.search.models import Chunk, SearchIndex
from webapp.search_commands import search


@pytest.fixture
def command(settings: WebSettings) -> Callable[..., Any]:
    environ = {"OSTROV_DATABASE_URL": settings.database_url, "OSTROV_HOME": str(settings.home)}
    environ["OSTROV_GATEWAY_URL"] = settings.gateway_url  # where nobody listens
    return lambda *arguments: CliRunner().invoke(search, ["reindex", *arguments], env=environ)


@pytest.fixture
def index(session: Session) -> Iterator[indexes.Index]:
    """An index of two texts, of which the model cannot embed one."""
    texts = [Chunk(entity="document", entity_id=n, field="text", kind="text", title="T", body="b") for n in range(2)]
    session.add_all(texts)
    session.flush()
    made = indexes.begin(session, EmbeddingModel("small", "aaa"), 3)
    indexes.store(session, made, [(texts[0].id, [1.0, 0.0, 0.0]), (texts[1].id, None)])
    session.commit()
    yield made
    session.query(Chunk).delete()
    session.execute(text(f"SELECT ostrov_vectors_drop({made.id})"))
    session.query(SearchIndex).delete()
    session.commit()


def test_without_an_index_the_command_says_what_it_waits_for(command: Callable[..., Any]) -> None:
    assert "no index yet" in command("--status").output


def test_the_status_tells_model_progress_and_what_was_skipped(
    command: Callable[..., Any], index: indexes.Index
) -> None:
    (told,) = json.loads(command("--status", "--json").output)
    assert (told["state"], told["model"], told["model_hash"], told["dimensions"]) == ("serving", "small", "aaa", 3)
    assert (told["texts"], told["done"], told["waiting"], told["skipped"]) == (2, 2, 0, 1)
    assert "2 of 2 texts, 100 %, 1 that the model cannot embed" in command("--status").output


def test_texts_that_were_skipped_wait_once_more(command: Callable[..., Any], index: indexes.Index) -> None:
    (told,) = json.loads(command("--skipped", "--json").output)
    assert (told["waiting"], told["skipped"]) == (1, 0)


def test_without_its_model_no_new_index_is_begun(
    command: Callable[..., Any], index: indexes.Index, session: Session
) -> None:
    answer = command()
    assert answer.exit_code == 1
    assert "The embedding model does not answer" in answer.output
    session.rollback()
    assert list(indexes.active(session)) == ["serving"]
