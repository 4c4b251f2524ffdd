"""No run is lost: not without a database, not on the way down."""

import json
import time

import psycopg
import pytest

from inference.gateway.run_log import RunLog, libpq_url
from inference.gateway.runs import Run, features_of

NOWHERE = "postgresql+psycopg://ostrov_gateway@/none?host=/nonexistent"


def count(database, request_id):
    with psycopg.connect(libpq_url(database)) as connection:
        query = "SELECT count(*) FROM gateway.runs WHERE request_id = %s"
        return connection.execute(query, (request_id,)).fetchone()[0]


def test_without_a_database_the_gateway_serves_and_says_so(start, tmp_path):
    with start(database_url=NOWHERE) as running:
        assert running.client.post("/v1/embeddings", json={"input": "a"}).status_code == 200
        time.sleep(0.5)
        found = running.client.get("/readyz").json()["run_log"]
        assert found["state"] == "down"
        assert "file" in found["reason"]
    lines = (tmp_path / "runs.jsonl").read_text().splitlines()
    assert [json.loads(line)["endpoint"] for line in lines] == ["embeddings"]


def test_runs_that_waited_in_a_file_reach_the_database_when_it_returns(start, database, tmp_path):
    with start(database_url=NOWHERE) as running:
        running.client.post("/v1/embeddings", json={"input": "a"}, headers={"X-Request-Id": "waited"})
    with start():
        until = time.monotonic() + 5
        while not count(database, "waited") and time.monotonic() < until:
            time.sleep(0.05)
    assert count(database, "waited") == 1
    assert not (tmp_path / "runs.jsonl").exists()


def test_runs_are_written_before_the_gateway_stops(start, database):
    with start() as running:
        for _ in range(20):
            running.client.post("/v1/embeddings", json={"input": "a"}, headers={"X-Request-Id": "last"})
    assert count(database, "last") == 20


async def run_and_stop(log, runs):
    await log.start()
    for run in runs:
        log.put(run.record())
    await log.stop()


@pytest.fixture
def write(tmp_path):
    import asyncio

    def writing(database, runs):
        asyncio.run(run_and_stop(RunLog(database, tmp_path / "runs.jsonl", days=30), runs))

    return writing


def test_one_record_that_the_database_refuses_does_not_take_the_others_with_it(write, database, tmp_path):
    bad = Run("chat", request_id="spoiled", verdict="nonsense")
    write(database, [Run("chat", request_id="spoiled"), bad, Run("chat", request_id="spoiled")])
    assert count(database, "spoiled") == 2
    assert "nonsense" in (tmp_path / "runs.rejected").read_text()


def test_a_text_with_a_nul_can_be_stored(write, database):
    write(database, [Run("chat", request_id="nul", prompts=["a\x00b"], answers=["c\x00"])])
    assert count(database, "nul") == 1


def test_the_gateways_role_cannot_change_a_run(write, database):
    write(database, [Run("chat", request_id="fixed")])
    with psycopg.connect(libpq_url(database)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE gateway.runs SET verdict = 'ok'")


def test_features_are_whatever_carries_a_quote():
    output = {
        "summary": "text",
        "proposals": [
            {"field": "budget", "value": 5, "quote": "five", "confidence": 0.5, "speaker": "client"},
            {"a": 1},
        ],
        "citations": [{"ref": "n1", "quote": "so", "second": 2.0}],
    }
    assert features_of(output) == [
        {"feature": "budget", "quote": "five", "value": 5, "confidence": 0.5},
        {"feature": "citations", "quote": "so", "ref": "n1", "second": 2.0},
    ]
