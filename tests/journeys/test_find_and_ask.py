"""Finding what was said, asking about it, and the pages that everybody opens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.driving import Product, at

TOUR = {
    "staff": (
        "/",
        "/people",
        "/organisations",
        "/deals",
        "/deals/board",
        "/tasks",
        "/communications",
        "/documents",
        "/assistant",
    ),
    "admin": ("/admin/accounts", "/admin/roles", "/profile"),
    "officer": ("/audit",),
}


def test_the_palette_finds_a_person_by_a_fragment(
    sign_in: Callable[..., Page], shot: Callable[[Page, str], None]
) -> None:
    page = sign_in("head")
    page.keyboard.press("Control+k")
    box = page.locator("dialog[open] input").first
    box.fill("иван")
    result = page.locator("dialog[open] a[href^='/people/']").first
    expect(result).to_be_visible()
    shot(page, "palette")
    box.press("Enter")
    page.wait_for_url(lambda url: "/people/" in url or "/organisations/" in url or "/deals/" in url)


def test_a_document_is_found_and_the_assistant_cites_it(
    running: Product, sign_in: Callable[..., Page], shot: Callable[[Page, str], None], tmp_path: Path
) -> None:
    path = tmp_path / "warranty.txt"
    path.write_text(
        "Warranty terms of North Supply.\n\n"
        "The warranty for centrifugal pumps is 24 months from the day of delivery.\n\n"
        "The warranty for compressors is 12 months. Filters have no warranty.\n"
    )
    with running.api("staff") as client:
        answer = client.post(
            "/documents", data={"title": "Warranty terms"}, files={"file": (path.name, path.read_bytes())}
        )
        assert answer.status_code in (201, 202), answer.text
    page = sign_in("staff")
    page.goto("/documents")
    for _ in range(240):
        with running.api("staff") as client:
            if client.get(at(client, answer.headers["Location"])).json()["state"] == "indexed":
                break
        page.wait_for_timeout(500)
    page.goto("/search?q=warranty pumps")
    expect(page.locator("main")).to_contain_text("Warranty terms")
    shot(page, "search")
    page.goto("/assistant")
    page.locator("textarea[name=question]").fill("How long is the warranty for centrifugal pumps?")
    page.get_by_role("button", name="Ask").click()
    answered = page.locator("[data-answer]").last
    expect(answered).to_contain_text("24", timeout=900_000)
    shot(page, "assistant")


def test_the_assistant_stays_silent_without_a_source(running: Product) -> None:
    with running.api("staff") as client:
        found = client.post("/assistant/ask", json={"question": "Who won the football world cup in 1998?"}).json()
    assert found["answered"] is False, found
    assert found["citations"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("username", TOUR)
def test_every_page_opens_at_both_widths(
    username: str, scheme: str, sign_in: Callable[..., Page], shot: Callable[[Page, str], None]
) -> None:
    page = sign_in(username, scheme=scheme)
    for address in TOUR[username]:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        page.wait_for_load_state("networkidle")
        name = address.strip("/").replace("/", "-") or "home"
        shot(page, f"tour-{username}-{name}-{scheme}")
