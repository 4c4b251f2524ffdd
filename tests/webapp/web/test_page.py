"""Whole page or fragment, redirects, messages, errors, headers."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from webapp.web import page as pages

HTMX = {"HX-Request": "true"}


def test_htmx_gets_the_block_alone_and_others_the_whole_page(app: Flask) -> None:
    with app.test_request_context("/", headers=HTMX):
        app.preprocess_request()
        fragment = pages.page("errors/error.html", block="error", title="T", detail="D", remedy="", status_code=404)
    with app.test_request_context("/"):
        app.preprocess_request()
        whole = pages.page("errors/error.html", block="error", title="T", detail="D", remedy="", status_code=404)
    assert "<html" not in fragment.get_data(as_text=True)
    assert "<html" in whole.get_data(as_text=True)
    assert fragment.headers["Vary"] == whole.headers["Vary"] == "HX-Request"


@pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
def test_boosted_links_and_restored_history_get_the_whole_page(app: Flask, header: str) -> None:
    with app.test_request_context("/", headers={**HTMX, header: "true"}):
        assert not pages.wants_fragment()


def test_a_redirect_is_303_for_a_form_and_a_header_for_htmx(app: Flask) -> None:
    client = app.test_client()
    plain, htmx = client.get("/saved"), client.get("/saved", headers=HTMX)
    assert (plain.status_code, plain.location) == (303, "/people")
    assert (htmx.status_code, htmx.headers["HX-Redirect"]) == (204, "/people")


def test_a_message_in_russian_travels_in_a_header(app: Flask) -> None:
    told = app.test_client().get("/told").headers["HX-Trigger"]
    assert told.isascii()
    assert json.loads(told)["toast"] == {
        "message": "Сохранено",
        "kind": "success",
        "action": {"label": "Открыть", "url": "/people"},
    }


def test_an_error_page_says_what_happened_and_keeps_its_status(app: Flask) -> None:
    answer = app.test_client().get("/missing")
    assert answer.status_code == 404
    assert "It was deleted" in answer.text
    assert "Go back" in answer.text


def test_an_error_page_works_for_someone_who_is_not_signed_in(app: Flask) -> None:
    answer = app.test_client().get("/missing?anonymous")
    assert answer.status_code == 404
    assert "sidebar" not in answer.text


def test_an_address_of_a_feature_that_is_not_there_is_none(app: Flask) -> None:
    with app.test_request_context("/"):
        assert pages.optional_url("nowhere.index") is None
        assert pages.optional_url("people.index") == "/people"


def test_every_page_forbids_foreign_and_inline_code(app: Flask) -> None:
    headers = app.test_client().get("/_design/").headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["Cache-Control"] == "no-store"


def test_the_navigation_holds_only_what_the_person_may_open(app: Flask) -> None:
    text = app.test_client().get("/_design/").text
    assert 'href="/people"' in text
    assert 'href="/deals"' not in text


@pytest.mark.parametrize(("asked", "shown"), [("dark", "dark"), ("light", "light"), ("auto", "auto"), ("pink", "auto")])
def test_the_server_writes_the_chosen_theme_into_the_page(app: Flask, asked: str, shown: str) -> None:
    assert f'data-theme="{shown}"' in app.test_client().get(f"/_design/?theme={asked}").text
