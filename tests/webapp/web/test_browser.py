"""The scripts in a real browser: palette, proposals, player, upload checks, streamed answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from webapp.web.page import assets_missing

expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
    pytest.mark.skipif(assets_missing(), reason="the assets are not built: make assets"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=[*FLAGS, "--disable-sync", "--autoplay-policy=no-user-gesture-required"]
        )
        yield opened
        opened.close()


@pytest.fixture
def tab(browser: Browser, address: str) -> Iterator[Page]:
    """A page whose console must stay free of errors and of refusals by the security policy."""
    page = browser.new_page(base_url=address, viewport={"width": 1440, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(60_000)
    yield page
    page.close()
    assert complaints == []


def test_the_palette_opens_by_keyboard_finds_and_goes(tab: Page) -> None:
    tab.goto("/_design/parts")
    tab.keyboard.press("Control+k")
    tab.keyboard.type("орлов")
    expect(tab.locator("#palette-results .palette-item")).to_have_count(0)
    tab.locator("#palette-query").fill("Dmitry")
    expect(tab.locator('#palette [aria-selected="true"]')).to_contain_text("Dmitry Orlov")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/_design/client")


def test_the_palette_filters_commands_and_closes_on_escape(tab: Page) -> None:
    tab.goto("/_design/parts")
    tab.keyboard.press("/")
    tab.locator("#palette-query").fill("peop")
    expect(tab.locator('#palette [aria-selected="true"]')).to_have_text("People")
    tab.keyboard.press("Escape")
    expect(tab.locator("#palette")).not_to_be_visible()


def test_a_proposal_is_accepted_edited_and_taken_back(tab: Page) -> None:
    tab.goto("/_design/client")
    tab.locator("#proposal-2").get_by_role("button", name="Accept:").click()
    expect(tab.locator("#proposal-2")).to_have_class("proposal is-accepted")
    tab.locator("#proposal-2").get_by_role("button", name="Undo").click()
    expect(tab.locator("#proposal-2")).to_have_class("proposal is-proposed")
    tab.locator("#proposal-3").get_by_role("button", name="Edit:").click()
    tab.locator("#value-3").fill("1300000")
    tab.keyboard.press("Enter")
    expect(tab.locator("#proposal-3")).to_have_class("proposal is-edited")
    expect(tab.locator("dialog[open]")).to_have_count(0)


def test_a_quote_plays_from_its_second_and_the_transcript_follows(tab: Page) -> None:
    tab.goto("/_design/client")
    tab.locator("#proposal-5 .play-at").click()
    expect(tab.locator(".seg.now p")).to_contain_text("пришлю его в пятницу")
    assert tab.evaluate("document.querySelector('audio').currentTime") >= 27.8
    tab.evaluate("document.activeElement.blur()")
    tab.keyboard.press(" ")
    expect(tab.locator("[data-playing]")).to_have_count(0)
    before = tab.evaluate("document.querySelector('audio').currentTime")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("document.querySelector('audio').currentTime") == pytest.approx(before + 5, abs=0.2)


def test_a_link_with_a_second_shows_that_sentence(tab: Page) -> None:
    tab.goto("/_design/client?t=33")
    expect(tab.locator(".seg.now p")).to_contain_text("kovaleva")


def test_a_wrong_file_is_refused_before_it_is_sent(tab: Page) -> None:
    tab.goto("/_design/parts")
    field = tab.locator('input[type="file"]')
    field.set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"})
    expect(tab.locator("[data-upload-error]")).to_contain_text("notes.txt: this kind of file is not taken")
    field.set_input_files({"name": "silence.wav", "mimeType": "audio/wav", "buffer": b""})
    expect(tab.locator("[data-upload-error]")).to_contain_text("is empty")
    field.set_input_files({"name": "call.wav", "mimeType": "audio/wav", "buffer": b"RIFF" * 99})
    expect(tab.locator("[data-upload-error]")).not_to_be_visible()
    expect(tab.locator("[data-file-name]")).to_contain_text("call.wav")


def test_the_stepper_polls_until_the_end_and_then_stops(tab: Page) -> None:
    tab.goto("/_design/parts")
    expect(tab.locator("#job-1 li.done")).to_have_count(3, timeout=60_000)
    assert tab.locator("#job-1").get_attribute("hx-get") is None


def test_an_answer_streams_and_ends_with_its_sources(tab: Page) -> None:
    tab.goto("/_design/assistant")
    tab.locator("textarea").fill("Что мы пообещали?")
    tab.keyboard.press("Enter")
    expect(tab.locator(".turn").nth(2).locator(".source")).to_have_count(2)
    expect(tab.locator("textarea")).to_have_value("")


@pytest.mark.parametrize("name", ["parts", "client", "list", "board", "assistant", "forms", "empty", "sign-in"])
@pytest.mark.parametrize("locale", ["en", "ru"])
def test_nothing_is_wider_than_a_phone(browser: Browser, address: str, name: str, locale: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page.goto(f"{address}/_design/{name}?locale={locale}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
