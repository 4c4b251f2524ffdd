"""Tools, JSON that fits a schema, and ranking."""

import json

import pytest

from tests.inference.gateway.engines import CHAT, DONE, FINISH, entry, served_by
from tests.inference.standin_engine import Raw, Say, Stream

TOOLS = {**CHAT, "tools": [{"type": "function", "function": {"name": "find", "parameters": {}}}], "tool_choice": "auto"}
CALL = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"q": "pump"}'}}


def test_tools_go_to_the_engine_and_calls_come_back(start, two, logged):
    answer = {"choices": [{"index": 0, "message": {"role": "assistant", "content": None, "tool_calls": [CALL]}}]}
    with start(engines=(entry("one", two[0]),)) as running:
        two[0].will(Raw(json.dumps(answer)))
        response = running.client.post("/v1/chat/completions", json=TOOLS)
        assert response.json()["choices"][0]["message"]["tool_calls"] == [CALL]
        assert (two[0].asked[-1]["tools"], two[0].asked[-1]["tool_choice"]) == (TOOLS["tools"], "auto")
        assert "pump" in logged(served_by(response))["masked_answer"]


def test_calls_of_tools_are_streamed_too(start, two, logged):
    delta = {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **CALL}]}}]}
    with start(engines=(entry("one", two[0]),)) as running:
        two[0].will(Stream((f"data: {json.dumps(delta)}\n\n", FINISH, DONE)))
        response = running.client.post("/v1/chat/completions", json={**TOOLS, "stream": True})
        assert json.dumps(CALL["function"]) in response.text
        assert "pump" in logged(served_by(response))["masked_answer"]


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
ASKED = {**CHAT, "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}}


def test_json_that_fits_its_schema_passes(start, two):
    with start(engines=(entry("one", two[0]),)) as running:
        two[0].will(Say('{"n": 5}'))
        assert running.client.post("/v1/chat/completions", json=ASKED).status_code == 200
    assert two[0].asked[-1]["response_format"] == ASKED["response_format"]


def test_json_that_does_not_fit_is_asked_for_once_more_with_the_reason(start, two, logged):
    with start(engines=(entry("one", two[0]),)) as running:
        two[0].will(Say('{"n": "five"}'), Say('{"n": 5}'))
        response = running.client.post("/v1/chat/completions", json=ASKED)
        assert response.json()["choices"][0]["message"]["content"] == '{"n": 5}'
        row = logged(served_by(response))
    assert (row["verdict"], row["attempts"], row["prompt_tokens"]) == ("repaired", 2, 22)
    assert "n: 'five' is not of type 'integer'" in two[0].asked[-1]["messages"][-1]["content"]


def test_json_that_never_fits_is_an_honest_502(start, two):
    with start(engines=(entry("one", two[0]),)) as running:
        two[0].will(Say('{"n": "five"}'), Say("sorry"))
        response = running.client.post("/v1/chat/completions", json=ASKED)
    assert (response.status_code, response.json()["type"].rsplit("/")[-1]) == (502, "output-invalid")


def test_streamed_json_that_does_not_fit_ends_with_an_error(start, two):
    with start(engines=(entry("one", two[0]),)) as running:
        two[0].will(Say('{"n": "five"}'))
        response = running.client.post("/v1/chat/completions", json={**ASKED, "stream": True})
    assert "output-invalid" in response.text.split("\n\n")[-2]
    assert DONE not in response.text


@pytest.mark.parametrize(
    "given",
    [
        "json",
        {"type": "json_schema"},
        {"type": "json_schema", "json_schema": {"schema": {"type": "nothing"}}},
        {"type": "xml"},
    ],
)
def test_a_wrong_schema_reaches_no_engine(start, two, given):
    with start(engines=(entry("one", two[0]),)) as running:
        response = running.client.post("/v1/chat/completions", json={**CHAT, "response_format": given})
    assert (response.status_code, response.json()["field"], two[0].asked) == (422, "response_format", [])


def test_a_schema_that_points_elsewhere_is_refused_and_nothing_is_fetched(start, two):
    asked = {
        **ASKED,
        "response_format": {"type": "json_schema", "json_schema": {"schema": {"$ref": f"{two[1].url}/x"}}},
    }
    with start(engines=(entry("one", two[0]),)) as running:
        response = running.client.post("/v1/chat/completions", json=asked)
    assert (response.status_code, response.json()["field"]) == (422, "response_format")


def test_a_schema_that_refers_to_itself_without_end_is_refused(start, two):
    asked = {**ASKED, "response_format": {"type": "json_schema", "json_schema": {"schema": {"$ref": "#"}}}}
    with start(engines=(entry("one", two[0]),)) as running:
        response = running.client.post("/v1/chat/completions", json=asked)
    assert (response.status_code, response.json()["field"]) == (422, "response_format")


def test_an_engine_without_response_format_is_told_the_schema_in_words(start, two):
    with start(engines=(entry("one", two[0], structured_output="prompt"),)) as running:
        two[0].will(Say('{"n": 5}'))
        assert running.client.post("/v1/chat/completions", json=ASKED).status_code == 200
    assert "response_format" not in two[0].asked[-1]
    assert '"additionalProperties"' in two[0].asked[-1]["messages"][0]["content"]


RANK = {"query": "pump", "documents": ["a", "b"]}


def test_documents_are_ranked(start, two):
    with start(engines=(entry("ranking", two[0], role="rerank"),)) as running:
        response = running.client.post("/v1/rerank", json=RANK)
        assert [result["index"] for result in response.json()["results"]] == [0, 1]
        two[0].will(Raw('{"results": [{"index": 7, "relevance_score": 1}]}'))
        assert running.client.post("/v1/rerank", json=RANK).status_code == 502
        assert running.client.post("/v1/rerank", json={"query": "pump", "documents": []}).json()["field"] == "documents"


def test_without_an_engine_ranking_is_off(running):
    response = running.client.post("/v1/rerank", json=RANK)
    assert (response.status_code, "switched off" in response.json()["detail"]) == (503, True)
