"""The running product with real models, and a browser; screenshots at desk and phone width are kept for a look."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.driving import PASSWORD, Product, product

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = Path(os.environ.get("CI_OUTPUT", ROOT / "build" / "ci")).absolute()
CHROMIUM = "/usr/bin/chromium"
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=120_000)  # a busy machine is slow, not wrong
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a journey, and takes its time."""
    for item in items:
        if Path(item.fspath).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.timeout(2700))


@pytest.fixture(scope="session")
def running() -> Iterator[Product]:
    """The product in a home of its own, started as the README says and stopped at the end."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    with product(OUTPUT / "journey-home") as started:
        yield started


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all journeys."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield opened
        opened.close()


@pytest.fixture
def sign_in(running: Product, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Sign a persona in at a fresh browser window; errors in its console fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def enter(username: str, *, viewport: dict[str, int] = DESK, scheme: str = "light", locale: str = "en-GB") -> Page:
        context = chromium.new_context(
            viewport=viewport, color_scheme=scheme, locale=locale, base_url=running.url, has_touch=viewport is PHONE
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/sign-in")
        page.fill("[name=username]", username)
        page.fill("[name=password]", PASSWORD)
        page.locator("main button[type=submit], form.form button[type=submit]").last.click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    yield enter
    for context in contexts:
        context.close()
    assert not errors, errors


@pytest.fixture
def shot() -> Callable[[Page, str], None]:
    """Keep a screenshot of the whole page at both widths, and refuse a page that scrolls sideways."""
    folder = OUTPUT / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        before = page.viewport_size
        for viewport in (DESK, PHONE):
            page.set_viewport_size(viewport)
            page.wait_for_timeout(250)
            page.screenshot(path=folder / f"{name}-{viewport['width']}.png", full_page=True)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= viewport["width"], f"{name} is {width} px wide at {viewport['width']}"
        page.set_viewport_size(before)

    return take
