"""A recorded call becomes an accepted card: by hand in a browser, and by a program over the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from tests.driving import Product, at, wait_until_understood

RECORDINGS = Path(__file__).resolve().parents[1] / "recordings"
DIALOGUES = {d["name"]: d for d in json.loads((RECORDINGS / "dialogues.json").read_text())}
UNDERSTOOD_SECONDS = 1500


def values(found: dict, field: str) -> list:
    """The proposed values of a field."""
    return [p["value"] for p in found["proposals"] if p["field"] == field]


def upload(client: httpx.Client, name: str, **fields: str) -> httpx.Response:
    """Send a recording as a telephone switch would."""
    dialogue = DIALOGUES[name]
    data = {"kind": "call", "occurred_at": dialogue["occurred_at"], **fields}
    with (RECORDINGS / dialogue["file"]).open("rb") as stream:
        return client.post("/communications", data=data, files={"recording": (dialogue["file"], stream)})


def test_staff_turn_a_recording_into_a_card(
    running: Product, sign_in: Callable[..., Page], shot: Callable[[Page, str], None]
) -> None:
    page = sign_in("staff")
    shot(page, "home")
    page.goto("/people")
    shot(page, "people")
    page.locator("main a[href^='/people/']:not([href$='/new'])").first.click()
    page.wait_for_selector("#timeline")
    shot(page, "person")

    if not page.locator("[name=occurred_at]").is_visible():  # a client without a history shows the form at once
        page.locator("details.call-upload > summary").click()
    page.set_input_files("input[type=file][name=recording]", RECORDINGS / "en-complaint.ogg")
    page.fill("[name=occurred_at]", "2026-11-19T15:05")
    page.get_by_role("button", name="Upload the call").click()

    # The page shows the job moving, without a reload.
    page.evaluate("window.notReloaded = true")
    item = page.locator("#timeline-items [id^='communication-']").first
    expect(item).to_contain_text("Received")
    link = item.locator("a[href^='/communications/']").first.get_attribute("href")
    page.wait_for_function("() => !document.querySelector('#timeline-items .job')", timeout=UNDERSTOOD_SECONDS * 1000)
    assert page.evaluate("window.notReloaded")
    shot(page, "person-after-call")

    page.goto(link)
    page.wait_for_selector(".proposal")
    shot(page, "call")
    texts = page.locator(".proposals").all_inner_texts()
    assert any("Helen Carter" in text for text in texts), texts
    assert any("Green Valley" in text for text in texts), texts

    # Every proposal has its quote; a sentence of the transcript plays from its second.
    for proposal in page.locator(".proposal").all():
        assert proposal.locator(".why").inner_text().strip()
    sentence = page.locator(".transcript .seg").nth(2)
    second = float(sentence.get_attribute("data-start"))
    sentence.locator("button.at").click()
    page.wait_for_function(
        "at => [document.querySelector('audio').currentTime].every(now => now >= at && now > 0)",
        arg=second,
    )

    decide(page)
    shot(page, "call-decided")
    made = page.locator(".call-foot a.chip")
    expect(made.first).to_be_visible()
    address = made.first.get_attribute("href")
    page.goto(address)
    shot(page, "record-made")
    page.goto(link)
    page.wait_for_selector(".proposal")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Undo all").click()
    expect(page.locator(".proposal.is-undone").first).to_be_visible()
    shot(page, "call-undone")
    assert "holds" in running.ostrov("audit", "verify")


def decide(page: Page) -> None:
    """Reject one proposal, edit and accept another, accept the rest."""
    sentiment = page.locator(".proposal", has_text="Sentiment").first
    sentiment.get_by_role("button", name="Reject").click()
    expect(page.locator(".proposal.is-rejected")).to_have_count(1)
    person = page.locator(".proposal", has_text="Helen Carter").first
    person.locator("[data-open^=edit-proposal]").click()
    dialog = page.locator("dialog[open]")
    dialog.locator("[name=value]").fill("Helen M. Carter")
    dialog.get_by_role("button", name="Accept this value").click()
    expect(page.locator(".proposal.is-edited")).to_have_count(1)
    page.get_by_role("button", name="Accept all").click()
    expect(page.locator(".proposals-head")).to_contain_text("All proposals are decided")
    assert page.locator(".proposal.is-edited").count() == 1
    assert page.locator(".proposal.is-rejected").count() == 1


def test_a_program_turns_an_english_call_into_records(running: Product) -> None:
    with running.api("staff") as client:
        answer = upload(client, "en-pumps")
        assert answer.status_code == 202, answer.text
        found = wait_until_understood(client, answer.headers["Location"], UNDERSTOOD_SECONDS)
        assert found["state"] == "understood", found["detail"]
        expected = DIALOGUES["en-pumps"]["expected"]
        for field in ("person", "budget", "currency", "due", "quantity", "intent"):
            assert values(found, field) == expected[field], (field, values(found, field))
        spoken = " ".join(segment["text"] for segment in found["transcript"]["segments"])
        for proposal in found["proposals"]:
            assert proposal["quote"] in spoken, proposal
        accepted = client.post(f"/communications/{found['id']}/accept")
        assert accepted.status_code == 200, accepted.text
        deals = client.get("/deals", params={"q": "pump"}).json()["items"]
        assert any(float(deal["amount"] or 0) == 45000 and deal["currency"] == "EUR" for deal in deals), deals
        again = upload(client, "en-pumps")
        assert again.status_code == 200, "the same recording is recognised by its content"
        assert again.headers["Location"] == answer.headers["Location"]


def test_a_russian_call_is_understood_and_shown_in_russian(
    running: Product, sign_in: Callable[..., Page], shot: Callable[[Page, str], None]
) -> None:
    with running.api("oleg") as client:
        answer = upload(client, "ru-cable")
        found = wait_until_understood(client, answer.headers["Location"], UNDERSTOOD_SECONDS)
    assert found["state"] == "understood", found["detail"]
    expected = DIALOGUES["ru-cable"]["expected"]
    for field in ("person", "budget", "currency", "due", "quantity"):
        assert values(found, field) == expected[field], (field, values(found, field))
    page = sign_in("oleg", locale="ru-RU", scheme="dark")
    page.goto(f"/communications/{found['id']}")
    page.wait_for_selector(".proposal")
    shot(page, "call-ru-dark")
    page.get_by_role("button", name="Принять все").click()
    expect(page.locator(".proposals-head.done")).to_be_visible()


def test_a_colleague_of_another_team_cannot_open_the_call(running: Product) -> None:
    with running.api("staff") as own, running.api("irina") as stranger:
        answer = upload(own, "en-pumps")
        address = answer.headers["Location"]
        assert own.get(at(own, address)).status_code == 200
        assert stranger.get(at(stranger, address)).status_code == 404
        number = address.rsplit("/", 1)[1]
        assert stranger.post(f"/communications/{number}/accept").status_code == 404
        found = stranger.get("/search", params={"q": "Baltic Foods"}).json()["items"]
        assert not [item for item in found if item["type"] == "communication" and str(item["id"]) == number]
