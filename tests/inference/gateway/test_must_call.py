"""A call of a tool that must come is held to the tool's schema, whatever the engine can."""

import json

import pytest

from tests.inference.gateway.engines import CHAT, DONE, entry, served_by
from tests.inference.standin_engine import Raw, Say

COLOUR = {"type": "string", "enum": ["red", "blue"]}
PAINT = {"type": "object", "properties": {"colour": {"$ref": "#/$defs/colour"}}, "required": ["colour"]}
TOOLS = [
    {"type": "function", "function": {"name": "paint", "parameters": {**PAINT, "$defs": {"colour": COLOUR}}}},
    {"type": "function", "function": {"name": "stop", "description": "Stop painting."}},
]
ASKED = {**CHAT, "tools": TOOLS, "tool_choice": "required"}
NAMED = {**ASKED, "tool_choice": {"type": "function", "function": {"name": "paint"}}}


def said(name, **arguments):
    return Say(json.dumps({"name": name, "arguments": arguments}))


@pytest.fixture
def one(start, two):
    with start(engines=(entry("one", two[0]),)) as running:
        yield two[0], lambda body: running.client.post("/v1/chat/completions", json=body)


def test_the_engine_is_asked_for_json_of_the_tools_and_the_caller_gets_a_call(one, logged):
    engine, ask = one
    engine.will(said("paint", colour="blue"))
    response = ask(ASKED)
    (choice,) = response.json()["choices"]
    assert choice["finish_reason"] == "tool_calls"
    (call,) = choice["message"]["tool_calls"]
    assert (call["type"], call["function"]["name"]) == ("function", "paint")
    assert json.loads(call["function"]["arguments"]) == {"colour": "blue"}
    assert choice["message"]["content"] is None
    asked = engine.asked[-1]
    assert not {"tools", "tool_choice"} & set(asked)
    assert asked["response_format"]["json_schema"]["schema"]["$defs"] == {"colour": COLOUR}
    assert "Stop painting." in asked["messages"][0]["content"]
    assert "blue" in logged(served_by(response))["masked_answer"]


def test_a_tool_that_is_named_is_the_only_one_that_may_be_called(one):
    engine, ask = one
    engine.will(said("stop"), said("paint", colour="red"))
    (choice,) = ask(NAMED).json()["choices"]
    assert choice["message"]["tool_calls"][0]["function"]["name"] == "paint"
    assert "stop" in engine.asked[-1]["messages"][-2]["content"]


def test_arguments_that_never_fit_are_an_honest_502(one):
    engine, ask = one
    engine.will(said("paint", colour="green"), Say("I would rather not."))
    response = ask(NAMED)
    assert (response.status_code, response.json()["type"].rsplit("/")[-1]) == (502, "output-invalid")
    assert "'tools'" in response.json()["detail"]


def test_a_call_is_streamed_whole_and_ends_as_streams_do(one):
    engine, ask = one
    engine.will(said("paint", colour="blue"))
    text = ask({**ASKED, "stream": True, "stream_options": {"include_usage": True}}).text
    assert text.endswith(DONE)
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    (call,) = events[0]["choices"][0]["delta"]["tool_calls"]
    assert (call["index"], json.loads(call["function"]["arguments"])) == (0, {"colour": "blue"})
    assert events[1]["choices"][0]["finish_reason"] == "tool_calls"
    assert events[2]["usage"]["completion_tokens"] > 0
    assert "stream" not in engine.asked[-1]


def test_an_engine_that_calls_by_itself_is_believed(one):
    engine, ask = one
    call = {"id": "c1", "type": "function", "function": {"name": "stop", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    engine.will(Raw(json.dumps({"choices": [{"index": 0, "message": message}]})))
    assert ask(ASKED).json()["choices"][0]["message"]["tool_calls"] == [call]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"tool_choice": {"type": "function", "function": {"name": "fly"}}}, "tool_choice"),
        ({"tools": [{"type": "function", "function": {"name": "a", "parameters": {"type": "nothing"}}}]}, "tools"),
    ],
)
def test_tools_that_make_no_sense_reach_no_engine(one, changed, field):
    engine, ask = one
    response = ask({**ASKED, **changed})
    assert (response.status_code, response.json()["field"]) == (422, field)
    assert engine.asked == []


def test_tools_that_define_one_name_in_two_ways_go_to_the_engine_as_they_are(one):
    engine, ask = one
    other = {**PAINT, "$defs": {"colour": {"type": "integer"}}}
    ask({**ASKED, "tools": [*TOOLS, {"type": "function", "function": {"name": "count", "parameters": other}}]})
    assert len(engine.asked[-1]["tools"]) == 3
