"""The request edge: what cannot be stored or found is refused by name, in the API and on pages alike."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.webapp.assistants.call_card.conftest import TokenClient
from webapp.web import guard

Fixture = Callable[..., Any]
ENTITIES = ("organisations", "people", "deals", "products", "communications", "documents")
TOO_LARGE = ("2147483648", "9223372036854775808", "99999999999999999999999")


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.fixture
def api(client_as: Fixture) -> Any:
    return TokenClient(client_as("staff"), "staff")


@pytest.fixture
def browser(client_as: Fixture) -> Any:
    return client_as("staff")


@pytest.mark.parametrize("number", TOO_LARGE)
@pytest.mark.parametrize("entity", ENTITIES)
def test_nothing_is_at_the_address_of_a_number_that_no_record_can_have(api, browser, entity, number):
    answer = api.get(f"/api/v1/{entity}/{number}")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert browser.get(f"/{entity}/{number}").status_code == 404


@pytest.mark.parametrize(
    "after",
    [
        cursor("a", "b"),
        cursor({}, {}),
        cursor(1, 2),
        cursor("\x00", 1),
        cursor("2026", 1.5),
        cursor("2026-01-01T00:00:00+00:00", 2**63),
        cursor(),
        "!",
        "é",
    ],
)
@pytest.mark.parametrize("entity", ENTITIES)
def test_a_cursor_that_we_did_not_make_is_refused(api, browser, entity, after):
    answer = api.get(f"/api/v1/{entity}", query_string={"after": after})
    assert answer.status_code == 422
    assert browser.get(f"/{entity}", query_string={"after": after}).status_code == 422


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_nul_character_is_refused_by_name_wherever_it_stands(api, browser, entity):
    asked = api.get(f"/api/v1/{entity}?q=a%00b")
    assert (asked.status_code, asked.json["field"]) == (422, "q")
    assert browser.get(f"/{entity}?q=a%00b").status_code == 422
    sent = api.post(f"/api/v1/{entity}", json={"title": ["fine", {"deep": "a\x00b"}]})
    assert (sent.status_code, sent.json["field"]) == (422, "deep")


def test_a_nul_character_in_a_form_is_refused_by_name(api, browser):
    sent = api.post("/api/v1/communications", data={"kind": "note", "body": "a\x00b"})
    assert (sent.status_code, sent.json["field"]) == (422, "body")
    assert browser.post("/organisations/new", data={"name": "a\x00b"}).status_code in (404, 405, 422)


def test_json_without_end_is_bad_input(api):
    deep = b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    sent = api.post("/api/v1/organisations", data=deep, content_type="application/json")
    assert (sent.status_code, sent.json["field"]) == (422, "body")


@pytest.mark.parametrize("path", ["deals?stage_id=", "tasks?person_id=", "communications?organisation_id="])
def test_a_filter_by_a_number_that_no_record_can_have_is_refused(api, path):
    assert api.get(f"/api/v1/{path}99999999999").status_code == 422


def test_what_only_the_database_finds_too_large_is_still_bad_input(browser):
    assert browser.get("/deals?stage=99999999999").status_code in (200, 422)


@pytest.mark.parametrize("due", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_at_the_edge_of_the_calendar_is_refused(api, due):
    sent = api.post("/api/v1/tasks", json={"title": "Call back", "due_at": due})
    assert (sent.status_code, sent.json["field"]) == (422, "due_at")


def test_an_unknown_address_and_a_wrong_method_are_problems(api):
    for answer, status in ((api.get("/api/v1/nothing"), 404), (api.put("/api/v1/deals"), 405)):
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_a_token_that_nobody_has_is_a_problem(app):
    answer = app.test_client().get("/api/v1/deals", headers={"Authorization": "Bearer ost_garbage"})
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/api/v1/organisations", "/api/v1/nothing"])
def test_a_body_that_nobody_asked_for_is_read_all_the_same(app, path):
    body = io.BytesIO(b"x" * 5000)
    app.test_client().post(path, input_stream=body, content_length=5000, content_type="text/plain")
    assert body.tell() == 5000


def test_an_endless_body_that_nobody_asked_for_closes_the_connection(app):
    size = 3 * guard.LONGEST_REST_BYTES
    body = io.BytesIO(b"x" * size)
    answer = app.test_client().post(
        "/api/v1/nothing", input_stream=body, content_length=size, content_type="text/plain"
    )
    assert answer.headers["Connection"] == "close"
    assert body.tell() < size
