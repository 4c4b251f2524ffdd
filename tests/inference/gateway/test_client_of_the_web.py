"""The web application's client and the gateway understand each other: no twin stands between them here."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.inference.gateway.conftest import KEY, Running
from tests.inference.standin_engine import Say, StandIn
from webapp.ai.gateway import FeatureOff, Gateway, ModelUnavailable, Refused
from webapp.ai.switches import Switches
from webapp.ai.why import THERE, read_log
from webapp.kit.errors import NotFound


@pytest.fixture
def client(running: Running) -> Iterator[Gateway]:
    yield Gateway(running.url, KEY, 20.0)
    for feature in ("note", "transcription"):
        Gateway(running.url, KEY, 20.0).switch_feature(feature, on=True, reason="", actor=1)


@pytest.fixture
def run_id(running: Running, engine: StandIn) -> str:
    engine.will(Say('{"note": "chairs", "sure": 0.9}'))
    return str(running.run_note().json()["run"]["id"])


def test_a_run_is_told_and_takes_verdicts_once(client: Gateway, run_id: str) -> None:
    verdict = {"id": f"{uuid.uuid4()}:1", "field": "budget", "value": 1, "verdict": "edited", "final": 2}
    verdict |= {"edit_distance": 1.0, "at": datetime.now(UTC).isoformat(), "actor": "5"}
    assert client.tell_verdicts(run_id, [verdict])
    assert client.tell_verdicts(run_id, [verdict])
    log = read_log(client, run_id)
    assert log.state == THERE
    assert log.record["module"] == "note"
    assert log.record["actor"] == "5"
    assert [(v["field"], v["verdict"], v["edit_distance"]) for v in log.record["verdicts"]] == [
        ("budget", "edited", 1.0)
    ]
    assert run_id in [item["id"] for item in client.runs(module="note", limit=50)["items"]]


@pytest.mark.parametrize("unknown", ["nothing", str(uuid.UUID(int=7)), "../features"])
def test_a_run_that_is_not_there_is_none(client: Gateway, unknown: str) -> None:
    assert client.run_record(unknown) is None
    assert client.tell_verdicts(unknown, [{"id": "1", "field": "a", "verdict": "accepted"}]) is False


def test_a_verdict_that_nobody_knows_is_refused_with_its_field(client: Gateway, run_id: str) -> None:
    with pytest.raises(Refused) as refused:
        client.tell_verdicts(run_id, [{"id": "1", "field": "a", "verdict": "liked"}])
    assert "verdict" in str(refused.value.field)


def test_quality_has_the_rows_of_a_period(client: Gateway, run_id: str) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = client.quality(module="note", since=today, until=today + timedelta(days=1))
    assert rows
    assert {row["day"] for row in rows} == {today.date().isoformat()}
    assert rows[0]["runs"] >= 1
    assert client.quality(module="note", since=today + timedelta(days=1)) == []


def test_a_switch_is_turned_known_and_obeyed(client: Gateway, engine: StandIn) -> None:
    client.switch_feature("note", on=False, reason="We try without", actor=5)
    off = Switches(client).off("note")
    assert off is not None
    assert off.reason == "We try without"
    engine.asked.clear()
    with pytest.raises(FeatureOff):
        client.run("note", ("communication", 17), {"text": "chairs"}, actor=5)
    with pytest.raises(FeatureOff):
        list(client.stream("note", ("communication", 17), {"text": "chairs"}, actor=5))
    assert engine.asked == []
    (item,) = [item for item in client.features() if item["feature"] == "note"]
    assert (item["on"], item["by"]) == (False, "5")


def test_what_cannot_be_switched_or_pinned_is_not_found(client: Gateway) -> None:
    with pytest.raises(NotFound):
        client.switch_feature("nothing", on=False, reason="x", actor=1)
    with pytest.raises(NotFound):
        client.pin_prompt("nothing", "1", actor=1)


def test_a_prompt_is_pinned_and_released(client: Gateway) -> None:
    (item,) = [item for item in client.prompts() if item["module"] == "note"]
    client.pin_prompt("note", item["active"], actor=5)
    assert [item["pinned"] for item in client.prompts() if item["module"] == "note"] == [True]
    client.pin_prompt("note", None, actor=5)
    assert [item["pinned"] for item in client.prompts() if item["module"] == "note"] == [False]
    with pytest.raises(Refused):
        client.pin_prompt("note", "77", actor=5)


def test_a_gateway_that_nobody_serves_is_unavailable() -> None:
    away = Gateway("http://127.0.0.1:9", KEY, 1.0)
    for ask in (away.features, away.prompts, away.quality, lambda: away.run_record("x")):
        with pytest.raises(ModelUnavailable):
            ask()
    assert Switches(away).off("note") is None
