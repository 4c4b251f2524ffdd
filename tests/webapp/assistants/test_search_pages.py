"""The palette, the results page and the API of search, as people and programs meet them."""

from __future__ import annotations

import html
import json
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from webapp.ai.search.indexing import replace_parts
from webapp.app import App
from webapp.crm.documents.models import Document
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.users.models import Team, User
from webapp.kit.searchable import SearchPart

Client = Callable[[str], FlaskClient]


@pytest.fixture(scope="module", autouse=True)
def records(app: App) -> Iterator[dict[str, Any]]:
    with app.parts.sessions() as session:
        teams = {t.name: t.id for t in session.query(Team)}
        owners = {u.username: u.id for u in session.query(User)}
        sales = {"team_id": teams["Sales"], "owner_id": owners["staff"]}
        support = {"team_id": teams["Support"], "owner_id": owners["stranger"]}
        made = {
            "org": Organisation(name="ООО «Северный ветер»", phone="+78125550199", city="Мурманск", **sales),
            "anna": Person(full_name="Лебедева Анна", email="anna@veter.example", notes="Просила счёт.", **sales),
            "secret": Person(full_name="Лебедев Тайный", phone="+79990001122", notes="Бартерная сделка", **support),
            "doc": Document(
                title="Договор поставки",
                filename="d.pdf",
                media_type="application/pdf",
                sha256=uuid.uuid4().hex,
                bytes=1,
                pages=3,
                state="indexed",
                **sales,
            ),
        }
        session.add_all(made.values())
        session.flush()
        doc = made["doc"]
        parts = [SearchPart("text", "Неустойка составляет 0,1 % за каждый день просрочки.", page=3)]
        replace_parts(session, "document", doc.id, doc.title, parts, field="text")
        session.commit()
        yield {name: row.id for name, row in made.items()}


def seen(answer: Any) -> str:
    if answer.is_json:
        return json.dumps(answer.get_json(), ensure_ascii=False)
    return html.unescape(re.sub(r"</?mark>", "", answer.text))


def test_the_palette_groups_records_and_marks_what_was_typed(client_as: Client) -> None:
    answer = client_as("staff").get("/search/palette?q=лебед")
    assert "Лебедева Анна" in seen(answer)
    assert "Лебедев Тайный" not in seen(answer)
    assert "palette-item" in answer.text
    assert "/search?q=" in answer.text
    assert "<html" not in answer.text


def test_the_palette_asks_the_database_once_for_results(app: App, client_as: Client) -> None:
    client = client_as("staff")
    client.get("/search/palette?q=лебед")
    statements: list[str] = []

    def count(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(app.parts.engine, "before_cursor_execute", count)
    client.get("/search/palette?q=лебед")
    event.remove(app.parts.engine, "before_cursor_execute", count)
    assert len(statements) <= 6
    assert sum("FROM chunks" in s for s in statements) == 1


def test_the_page_shows_the_words_that_matched_and_leads_to_the_page_of_a_document(
    client_as: Client, records: dict[str, Any]
) -> None:
    answer = client_as("staff").get("/search?q=неустойка+просрочки")
    assert "<mark>Неустойка</mark>" in answer.text
    assert f"/documents/{records['doc']}#page-3" in answer.text
    assert "embedding model" in answer.text


def test_when_nothing_holds_all_words_some_are_enough_and_the_page_says_so(client_as: Client) -> None:
    answer = client_as("staff").get("/search?q=неустойка+динозавр")
    assert "Договор поставки" in seen(answer)
    assert "Nothing holds all of these words" in answer.text


def test_a_kind_narrows_the_results(client_as: Client) -> None:
    client = client_as("staff")
    assert "Лебедева Анна" not in seen(client.get("/search?q=лебед&kind=document"))
    assert "Лебедева Анна" in seen(client.get("/search?q=лебед&kind=person"))


@pytest.mark.parametrize("query", ["", "q=", "q=a&kind=nonsense", "q=x&limit=999999", "q=%25", "q=<b>x</b>"])
def test_odd_addresses_answer_a_page(client_as: Client, query: str) -> None:
    answer = client_as("staff").get(f"/search?{query}")
    assert answer.status_code == 200
    assert "<b>x</b>" not in answer.text
    assert client_as("staff").get(f"/search/palette?{query}").status_code == 200


def test_neither_strangers_nor_hidden_fields_leak_by_page_palette_or_api(client_as: Client) -> None:
    for path in ("/search?q={}", "/search/palette?q={}", "/api/v1/search?q={}"):
        for typed in ("79990001122", "бартерная", "сделка"):
            assert "Тайный" not in seen(client_as("staff").get(path.format(typed)))
        officer = client_as("officer")
        for typed in ("79990001122", "бартерная", "veter.example", "78125550199"):
            body = seen(officer.get(path.format(typed)))
            assert "Лебедев" not in body, (path, typed)
            assert "Северный" not in body
        named = seen(officer.get(path.format("лебед")))
        assert "Тайный" in named
        assert "79990001122" not in named


def test_the_api_answers_the_contract(client_as: Client, records: dict[str, Any]) -> None:
    body = client_as("staff").get("/api/v1/search?q=анна").get_json()
    assert body["degraded"] is True
    (first, *_rest) = body["items"]
    assert first["type"] == "person"
    assert first["id"] == records["anna"]
    assert first["url"] == f"/people/{records['anna']}"
    page = client_as("staff").get("/api/v1/search?q=неустойка").get_json()["items"][0]
    assert (page["type"], page["page"]) == ("document", 3)
    assert client_as("staff").get("/api/v1/search?q=a&limit=1000").status_code == 422


def test_search_needs_a_person(app: App) -> None:
    assert app.test_client().get("/api/v1/search?q=анна").status_code == 401
    assert app.test_client().get("/search?q=анна").status_code in (302, 303)


def test_search_speaks_russian(app: App, client_as: Client, session: Session) -> None:
    session.query(User).filter_by(username="colleague").update({"locale": "ru"})
    session.commit()
    assert "Ничего не найдено" in client_as("colleague").get("/search?q=абракадабра").text
