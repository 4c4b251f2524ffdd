"""The quality board: who may see it, what it adds up, and what it says when there is nothing or nobody to ask."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from webapp.ai.proposals.models import Proposal, Run
from webapp.kit.clock import now

TODAY = now().date()


def row(days_ago: int = 0, **more: Any) -> dict[str, Any]:
    base = {"module": "call_card", "module_version": "1.0.0", "prompt_version": "2", "model": "twin-7b"}
    base |= {"day": (TODAY - timedelta(days=days_ago)).isoformat(), "runs": 10, "ok": 8, "repaired": 1, "degraded": 1}
    base |= {"failed": 0, "abstained": 2, "proposals": 40, "accepted": 20, "edited": 10, "rejected": 8, "undone": 2}
    base |= {"kept": 0, "edit_distance": 0.25, "p50_ms": 4000.0, "p95_ms": 9000.0, "engine_seconds": 41.5}
    return base | {"prompt_tokens": 8000, "completion_tokens": 1600} | more


@pytest.fixture
def decided(app: Any) -> None:
    with app.parts.sessions() as session:
        session.query(Proposal).delete()
        session.merge(Run(id="r1", subject_type="communication", subject_id=1, module="call_card", module_version="1"))
        for state, field, distance in (
            ("accepted", "phone", 0.0),
            ("edited", "budget", 0.5),
            ("rejected", "budget", None),
            ("proposed", "budget", None),
        ):
            session.add(
                Proposal(
                    run_id="r1", subject_type="communication", subject_id=1, module="call_card", module_version="1",
                    model="m", field=field, value=1, display="1", quote="one", second=0.0, confidence=0.5, state=state,
                    edit_distance=distance,
                )
            )  # fmt: skip
        session.commit()


@pytest.mark.parametrize("persona", ["staff", "officer"])
@pytest.mark.parametrize(
    "address", ["/admin/quality", "/admin/quality/export.csv", "/admin/quality/export.json", "/api/v1/quality"]
)
def test_the_board_is_for_heads_and_administrators(client_as, twin, persona, address):
    assert client_as(persona).get(address).status_code == 403


@pytest.mark.parametrize("persona", ["head", "admin"])
def test_the_board_adds_up_days_and_shows_each_version(client_as, twin, persona):
    twin.quality = [row(), row(1, module_version="0.9.0", accepted=0, edited=0, rejected=40, undone=0, p95_ms=20000.0)]
    page = client_as(persona).get("/admin/quality")
    assert page.status_code == 200
    assert "30 of 80 decided values" in page.text
    assert "1.0.0" in page.text
    assert "0.9.0" in page.text
    assert "slowest twentieth: 20 s" in page.text
    assert "style=" not in page.text


def test_an_empty_board_teaches_how_it_fills(client_as, twin):
    page = client_as("head").get("/admin/quality", query_string={"since": "2001-01-01", "until": "2001-01-31"})
    assert page.status_code == 200
    assert "Nothing to judge yet" in page.text
    assert "Upload a recording" in page.text


def test_a_gateway_that_is_away_leaves_what_people_decided(client_as, twin, decided):
    twin.down = True
    page = client_as("head").get("/admin/quality")
    assert page.status_code == 200
    assert "cannot be read at the moment" in page.text
    assert "Budget" in page.text
    assert client_as("head").get("/api/v1/quality").status_code == 503
    assert client_as("head").get("/admin/quality/export.csv").status_code == 503


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"until": "2026-13-40"}, "until"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "since"),
        ({"since": "2001-01-01", "until": "2026-01-01"}, "since"),
        ({"since": "0001-01-01"}, "since"),
    ],
)
def test_a_period_that_cannot_be_is_named(client_as, twin, asked, field):
    assert client_as("head").get("/admin/quality", query_string=asked).status_code == 422
    answer = client_as("head").get("/api/v1/quality", query_string=asked)
    assert answer.status_code == 422
    assert answer.json["field"] == field


def test_the_api_answers_rows_sums_versions_and_fields(client_as, twin, decided):
    twin.quality = [row(), row(2), row(module="answer", accepted=0, edited=0, rejected=0, undone=0)]
    told = client_as("head").get("/api/v1/quality").json
    assert len(told["items"]) == 3
    total = next(item for item in told["totals"] if item["module"] == "call_card")
    assert total["runs"] == 20
    assert total["acceptance"] == 0.75
    assert total["abstention"] == 0.2
    assert total["engine_seconds"] == 83
    assert next(item for item in told["totals"] if item["module"] == "answer")["acceptance"] is None
    budget = next(item for item in told["fields"] if item["field"] == "budget")
    assert (budget["proposals"], budget["decided"], budget["edit_distance"]) == (3, 2, 0.5)
    only = client_as("head").get("/api/v1/quality", query_string={"module": "answer"}).json
    assert {item["module"] for item in only["items"]} == {"answer"}


def test_days_outside_the_period_do_not_count(client_as, twin):
    twin.quality = [row(), row(40)]
    assert client_as("head").get("/api/v1/quality").json["totals"][0]["runs"] == 10


def test_the_export_holds_the_rows_and_runs_nothing_in_a_spreadsheet(client_as, twin):
    twin.quality = [row(model="=HYPERLINK()")]
    answer = client_as("head").get("/admin/quality/export.csv")
    assert answer.mimetype == "text/csv"
    (only,) = csv.DictReader(io.StringIO(answer.text))
    assert only["model"] == "'=HYPERLINK()"
    assert only["accepted"] == "20"
    assert client_as("head").get("/admin/quality/export.json").json["items"][0]["runs"] == 10


def test_the_board_speaks_russian(client_as, twin, app):
    twin.quality = [row()]
    head = client_as("head")
    head.post("/profile/preferences", data={"locale": "ru"})
    page = head.get("/admin/quality").text
    head.post("/profile/preferences", data={"locale": "en"})
    assert "Качество ИИ" in page
    assert "Разбор звонков" in page
