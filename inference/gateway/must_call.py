"""A call of a tool that must come: asked for as JSON that fits the tool's schema, which holds every engine to it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from inference.gateway.problems import RequestInvalid
from inference.gateway.structure import FIELD, Structure, checked, in_system_message

CHOICE: Final = "tool_choice"
SETTLED: Final = frozenset({"tools", CHOICE, "parallel_tool_calls", FIELD, "stream", "stream_options"})
DEFINITIONS: Final = ("$defs", "definitions")
INSTRUCTION: Final = (
    'Call one of these functions. Answer with JSON {{"name": ..., "arguments": {{...}}}} and nothing else.\n{tools}'
)

Body = dict[str, Any]


@dataclass(frozen=True)
class MustCall:
    """What an engine is asked instead, and how its answer becomes the call that was asked for."""

    body: Body
    structure: Structure
    streamed: bool = False
    counted: bool = False

    def called(self, found: Body) -> Body:
        """Return a chat answer whose JSON has become a call of a tool."""
        choices = [_called(choice) for choice in found["choices"]]
        return {**found, "choices": choices}

    def events(self, called: Body) -> Iterator[Body]:
        """Yield a called answer as the events of a stream; a call is of use only when it is whole."""
        same: Body = {name: called[name] for name in ("id", "created", "model") if name in called}
        head = {**same, "object": "chat.completion.chunk"}
        for choice in called["choices"]:
            message = choice["message"]
            calls = [{"index": number, **call} for number, call in enumerate(message["tool_calls"])]
            delta = {**message, "tool_calls": calls}
            yield {**head, "choices": [{"index": choice.get("index", 0), "delta": delta, "finish_reason": None}]}
            end = {"index": choice.get("index", 0), "delta": {}, "finish_reason": choice["finish_reason"]}
            yield {**head, "choices": [end]}
        if self.counted and "usage" in called:
            yield {**head, "choices": [], "usage": called["usage"]}


def must_call(body: Body) -> MustCall | None:
    """Return how to ask a chat that must call a tool, None for every other. Raises RequestInvalid for wrong tools."""
    tools = _wanted(body)
    if not tools:
        return None
    definitions = _definitions(tools)
    if definitions is None:
        return None  # Two tools that mean different things by one name: the engine is asked as the caller asks.
    shapes = [_shape(tool) for tool in tools]
    schema = {**(shapes[0] if len(shapes) == 1 else {"anyOf": shapes}), **definitions}
    shape = {"type": "json_schema", "json_schema": {"name": "call", "strict": True, "schema": schema}}
    words = INSTRUCTION.format(tools="\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools))
    asked = {name: value for name, value in body.items() if name not in SETTLED}
    asked |= {"messages": in_system_message(body["messages"], words), FIELD: shape}
    return MustCall(asked, checked(schema, "tools"), bool(body.get("stream")), counts_wanted(body))


def counts_wanted(body: Body) -> bool:
    """Tell whether the caller wants the event with the token counts in its stream."""
    options = body.get("stream_options")
    return isinstance(options, dict) and bool(options.get("include_usage"))


def _wanted(body: Body) -> list[Body]:
    """The functions of which one must be called; none where the model may choose, or where they cannot be read."""
    choice = body.get(CHOICE)
    given = body.get("tools")
    if not isinstance(given, list) or not given:
        return []
    functions = [tool.get("function") if isinstance(tool, dict) else None for tool in given]
    if not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in functions):
        return []
    readable: list[Body] = [one for one in functions if isinstance(one, dict)]
    if choice == "required":
        return readable
    named = choice.get("function") if isinstance(choice, dict) else None
    if not isinstance(named, dict):
        return []
    found = [one for one in readable if one["name"] == named.get("name")]
    if not found:
        message = f"The field 'tool_choice' names no tool of 'tools': {', '.join(one['name'] for one in readable)}."
        raise RequestInvalid(message, CHOICE)
    return found


def _parameters(tool: Mapping[str, Any]) -> Body:
    """The schema of a tool's arguments; a tool without one takes any object."""
    found = tool.get("parameters")
    return dict(found) if isinstance(found, dict) and found else {"type": "object"}


def _shape(tool: Mapping[str, Any]) -> Body:
    """The schema of a call of one tool; what its arguments define stands at the top, where references look for it."""
    arguments = {name: value for name, value in _parameters(tool).items() if name not in DEFINITIONS}
    properties = {"name": {"type": "string", "enum": [tool["name"]]}, "arguments": arguments}
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def _definitions(tools: Sequence[Mapping[str, Any]]) -> Body | None:
    """What the arguments of all tools define; None when they define one name in two ways."""
    found: Body = {}
    for tool in tools:
        for place in DEFINITIONS:
            given = _parameters(tool).get(place)
            for name, value in given.items() if isinstance(given, dict) else ():
                if found.setdefault(place, {}).setdefault(name, value) != value:
                    return None
    return found


def _called(choice: Body) -> Body:
    """One answer as a call: its JSON has been checked before, if the model has not called by itself."""
    message: Body = choice["message"]
    if not message.get("tool_calls"):
        call = json.loads(message["content"])
        function = {"name": call["name"], "arguments": json.dumps(call["arguments"], ensure_ascii=False)}
        made = {"id": f"call_{uuid.uuid4().hex[:24]}", "type": "function", "function": function}
        message = {"role": "assistant", "content": None, "tool_calls": [made]}
    return {**choice, "message": message, "finish_reason": "tool_calls"}
