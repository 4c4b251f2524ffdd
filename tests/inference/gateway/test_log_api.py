"""What the log tells over HTTP: one run, many runs, what people made of them, and the figures of quality."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from inference.gateway.keys import Key, fingerprint
from inference.gateway.policy import ON_PREMISES
from inference.gateway.run_log import RunLog, libpq_url
from inference.gateway.runs import Run
from tests.inference.standin_engine import Say

GOOD = '{"note": "wants chairs", "sure": 0.9}'
OTHER = Key("reports", fingerprint("the-key-of-reports"), ON_PREMISES)
AS_OTHER = {"Authorization": "Bearer the-key-of-reports"}


def noted(running, engine, text="chairs"):
    engine.will(Say(GOOD))
    return running.run_note(text).json()["run"]["id"]


def verdict(number, kind="accepted", **more):
    return {"id": f"v{number}", "field": "note", "value": "wants chairs", "verdict": kind, **more}


def judge(running, run_id, *verdicts):
    return running.client.post(f"/v1/runs/{run_id}/verdicts", json={"verdicts": verdicts})


def test_a_run_can_be_read_as_soon_as_its_answer_is_there(running, engine):
    run = running.client.get(f"/v1/runs/{noted(running, engine)}").json()
    assert (run["module"], run["module_version"], run["prompt_version"], run["verdict"]) == ("note", "2.1.0", "3", "ok")
    assert (run["actor"], run["key"], run["policy"], run["autonomy"]) == ("5", "web", "on-premises", "propose")
    assert (run["subject"], run["masked"]) == ({"type": "communication", "id": "17"}, False)
    assert "Text: chairs" in run["prompt"]
    assert run["answer"] == GOOD
    (feature,) = run["features"]
    assert (feature["field"], feature["value"], feature["quote"]) == ("note", "wants chairs", "chairs")
    assert (feature["second"], feature["confidence"], feature["contributions"]) == (1.5, 0.9, {})
    assert run["verdicts"] == []
    assert datetime.fromisoformat(run["at"]).tzinfo is not None


@pytest.mark.parametrize("run_id", ["7eb7d725-4c2f-44ef-b394-b1bab58ca726", "17", "%27%3B"])
def test_a_run_that_is_not_there_is_a_404(running, run_id):
    response = running.client.get(f"/v1/runs/{run_id}")
    assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (404, "run-unknown")


def test_runs_are_listed_newest_first_without_their_texts_and_page_by_page(running, engine):
    made = [noted(running, engine) for _ in range(3)]
    query = {"module": "note", "subject_type": "communication", "subject_id": "17", "limit": 2}
    first = running.client.get("/v1/runs", params=query).json()
    assert [item["id"] for item in first["items"]] == [made[2], made[1]]
    assert "prompt" not in first["items"][0]
    second = running.client.get("/v1/runs", params={**query, "after": first["next"]}).json()
    assert second["items"][0]["id"] == made[0]
    assert running.client.get("/v1/runs", params={"module": "nothing"}).json() == {"items": [], "next": None}


def test_runs_before_a_moment_can_be_left_out(running, engine):
    noted(running, engine)
    later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert running.client.get("/v1/runs", params={"since": later}).json()["items"] == []
    assert running.client.get("/v1/runs", params={"since": "2020-01-01"}).json()["items"]


@pytest.mark.parametrize(
    ("query", "field"),
    [({"limit": 0}, "limit"), ({"after": "x"}, "after"), ({"since": "soon"}, "since"), ({"modul": "note"}, "modul")],
)
def test_a_query_that_cannot_be_read_names_its_field(running, query, field):
    response = running.client.get("/v1/runs", params=query)
    assert (response.status_code, response.json()["field"]) == (422, field)


def test_another_key_sees_its_own_runs_only(start, engine):
    with start(more_keys=[OTHER]) as running:
        quality = running.client.get("/v1/quality", headers=AS_OTHER).json()["items"]
        of_web = noted(running, engine)
        engine.will(Say("good day"))
        chat = {"model": "chat", "messages": [{"role": "user", "content": "hello"}]}
        mine = running.client.post("/v1/chat/completions", json=chat, headers=AS_OTHER).headers["x-ostrov-run"]
        assert running.client.get(f"/v1/runs/{of_web}", headers=AS_OTHER).status_code == 404
        assert running.client.get(f"/v1/runs/{mine}", headers=AS_OTHER).json()["key"] == "reports"
        listed = running.client.get("/v1/runs", headers=AS_OTHER).json()["items"]
        assert {item["key"] for item in listed} == {"reports"}
        body = {"verdicts": [verdict(1)]}
        assert running.client.post(f"/v1/runs/{of_web}/verdicts", json=body, headers=AS_OTHER).status_code == 404
        assert running.client.get(f"/v1/runs/{mine}").status_code == 200
        assert running.client.get("/v1/quality", headers=AS_OTHER).json()["items"] == quality


def test_verdicts_flow_back_and_sending_them_twice_changes_nothing(running, engine):
    run_id = noted(running, engine)
    changed = verdict(2, "edited", final="wants ten chairs", edit_distance=0.25, actor=5, at="2026-11-20T10:00:00Z")
    assert judge(running, run_id, verdict(1), changed).status_code == 202
    assert judge(running, run_id, {**verdict(1), "verdict": "rejected"}, changed).status_code == 202
    found = {entry["verdict"]: entry for entry in running.client.get(f"/v1/runs/{run_id}").json()["verdicts"]}
    assert set(found) == {"accepted", "edited"}
    assert found["edited"]["edit_distance"] == 0.25
    assert (found["edited"]["actor"], found["edited"]["final"]) == ("5", "wants ten chairs")
    assert found["edited"]["at"].startswith("2026-11-20T10:00:00")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"verdict": "liked"}, "verdicts.0.verdict"),
        ({"edit_distance": 1.5}, "verdicts.0.edit_distance"),
        ({"id": ""}, "verdicts.0.id"),
        ({"mood": "good"}, "verdicts.0.mood"),
        ({"at": "2026-11-20T10:00:00"}, "verdicts.0.at"),
    ],
)
def test_a_verdict_that_does_not_fit_names_its_field(running, engine, change, field):
    response = judge(running, noted(running, engine), {**verdict(1), **change})
    assert (response.status_code, response.json()["field"]) == (422, field)


def test_a_verdict_on_a_run_that_is_not_there_is_a_404(running):
    assert judge(running, uuid.uuid4(), verdict(1)).status_code == 404


def test_quality_counts_the_last_word_of_people(running, engine):
    before = total(running)
    run_id = noted(running, engine)
    judge(running, run_id, verdict(1, at="2026-11-20T10:00:00Z"), verdict(2, "undone", at="2026-11-20T11:00:00Z"))
    other = noted(running, engine)
    judge(running, other, verdict(1, "edited", edit_distance=0.5))
    engine.will(Say("garbage"), Say("garbage"))
    running.run_note()
    after = total(running)
    grown = {name: after[name] - before[name] for name in after}
    assert grown == {"runs": 3, "ok": 2, "failed": 1, "proposals": 2, "accepted": 0, "edited": 1, "undone": 1}


def total(running):
    names = ("runs", "ok", "failed", "proposals", "accepted", "edited", "undone")
    items = running.client.get("/v1/quality", params={"module": "note"}).json()["items"]
    return {name: sum(item[name] for item in items) for name in names}


def test_quality_tells_times_tokens_and_versions_by_day(running, engine):
    judge(running, noted(running, engine), verdict(1, "edited", edit_distance=0.5))
    item = running.client.get("/v1/quality", params={"module": "note"}).json()["items"][0]
    assert (item["module_version"], item["prompt_version"], item["day"]) == (
        "2.1.0",
        "3",
        datetime.now(UTC).date().isoformat(),
    )
    assert item["p95_ms"] >= item["p50_ms"] >= 0
    assert (item["prompt_tokens"] >= 11, item["engine_seconds"] >= 0) == (True, True)
    assert 0 < item["edit_distance"] <= 1


def test_without_its_database_the_log_says_so_and_when_to_ask_again(start):
    with start(database_url="postgresql+psycopg://ostrov_gateway@/none?host=/nonexistent") as running:
        response = running.client.get("/v1/runs")
    assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (503, "run-log-unavailable")
    assert response.headers["retry-after"]


@pytest.fixture
def aged(database, tmp_path):
    """Write runs of some days ago through a log with a short retention; return what is left of their texts."""
    import asyncio

    async def write(log, runs):
        for run in runs:
            log.put(run.record())
        await log.start()
        await log.stop()

    def ageing(*days):
        mark = str(uuid.uuid4())
        runs = [
            Run("chat", request_id=mark, prompts=["hello"], started_at=datetime.now(UTC) - timedelta(days=day))
            for day in days
        ]
        for _ in range(2):  # the second log finds what the first has written
            asyncio.run(write(RunLog(database, tmp_path / "aged.jsonl", days=30, content_days=7), runs))
        with psycopg.connect(libpq_url(database)) as connection:
            query = "SELECT masked_prompt FROM gateway.runs WHERE request_id = %s ORDER BY started_at DESC"
            return [row[0] for row in connection.execute(query, (mark,))]

    return ageing


def test_texts_are_forgotten_before_their_runs_are(aged):
    until = time.monotonic() + 5
    assert aged(1, 10, 40)[:2] == ["hello", None]
    assert time.monotonic() < until


def test_the_text_of_a_run_can_be_deleted_but_not_rewritten(running, engine, database):
    run_id = noted(running, engine)
    running.client.get(f"/v1/runs/{run_id}")
    with psycopg.connect(libpq_url(database), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="deleted, not changed"):
            connection.execute("UPDATE gateway.runs SET masked_prompt = 'other' WHERE id = %s", (run_id,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE gateway.run_verdicts SET verdict = 'kept'")
        connection.execute("UPDATE gateway.runs SET masked_prompt = NULL WHERE id = %s", (run_id,))


@pytest.mark.parametrize("value", ["a\x00b", "\ud800"])
def test_a_verdict_that_no_database_can_store_is_refused_and_not_a_failure(running, engine, value):
    body = json.dumps({"verdicts": [{**verdict(1), "value": value}]})
    response = running.client.post(f"/v1/runs/{noted(running, engine)}/verdicts", content=body)
    assert response.status_code == 422


def test_a_filter_that_no_database_can_compare_is_refused_and_not_a_failure(running):
    assert running.client.get("/v1/runs", params={"module": "a\x00b"}).status_code == 422


def test_whom_another_program_names_is_told_apart_from_our_users(start, engine):
    with start(more_keys=[OTHER]) as running:
        headers = {**AS_OTHER, "X-Ostrov-Actor": "5"}
        run = running.client.post("/v1/embeddings", json={"input": "a"}, headers=headers).headers["x-ostrov-run"]
        assert running.client.get(f"/v1/runs/{run}").json()["actor"] == "reports:5"
