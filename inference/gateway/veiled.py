"""Chats in OpenAI's shape behind the veil: every text that goes to the model, and every text that comes back."""

from __future__ import annotations

import json
from typing import Any, Final

from inference.anonymise import Restorer
from inference.gateway.masking import Veil, mapped
from inference.gateway.problems import RequestInvalid

Body = dict[str, Any]

NOT_SHOWN: Final = frozenset({"user", "metadata", "safety_identifier", "prompt_cache_key", "store", "ostrov"})
"""Fields that say who asks; a model does not need them."""
NOT_TEXT: Final = frozenset(
    {"model", "messages", "tools", "functions", "response_format", "tool_choice", "function_call", "stream_options",
     "modalities", "reasoning_effort", "service_tier", "verbosity"}
)  # fmt: skip
"""Fields whose words belong to the interface, or that have rules of their own below."""
SCHEMA_TEXTS: Final = frozenset({"description", "title", "enum", "const", "default", "examples", "$comment"})
"""Where people write words into a JSON Schema; its other words are its grammar."""
MESSAGE_NOT_TEXT: Final = frozenset({"role", "type", "id", "tool_call_id", "name"})


def hide_chat(veil: Veil, body: Body) -> Body:
    """Return a chat as the model may see it. Raises PersonalDataRefused, or RequestInvalid for what is no text."""
    if not veil.active:
        return body
    shown = {name: value for name, value in body.items() if name not in NOT_SHOWN}
    for name, value in shown.items():
        if name not in NOT_TEXT:
            shown[name] = veil.hide_all(value)
    shown["messages"] = [_hidden_message(veil, message, place) for place, message in enumerate(body["messages"])]
    for name in ("tools", "functions", "response_format"):
        if name in shown:
            shown[name] = _hidden_schema(veil, shown[name])
    return shown


def _hidden_message(veil: Veil, message: Body, place: int) -> Body:
    """Return one message with its texts hidden; the name of its author is left out."""
    shown = {name: value for name, value in message.items() if name not in {"name", "ostrov"}}
    for name, value in shown.items():
        if name == "content":
            shown[name] = _hidden_content(veil, value, place)
        elif name in {"tool_calls", "function_call"}:
            shown[name] = _hidden_calls(veil, value)
        elif name not in MESSAGE_NOT_TEXT:
            shown[name] = veil.hide_all(value)
    return shown


def _hidden_content(veil: Veil, content: Any, place: int) -> Any:
    """Return the content of a message, a text or a list of parts. Raises RequestInvalid for parts that are no text."""
    if not isinstance(content, list):
        return veil.hide_all(content)
    parts = []
    for position, part in enumerate(content):
        if not isinstance(part, dict) or not isinstance(part.get("text"), str):
            message = (
                "The policy of this key hides personal data, and only texts can be looked through. Leave this out."
            )
            raise RequestInvalid(message, f"messages.{place}.content.{position}")
        parts.append({**part, "text": veil.hide(part["text"]).text})
    return parts


def _hidden_calls(veil: Veil, value: Any) -> Any:
    """Return calls of tools with the texts in their arguments hidden."""
    if isinstance(value, list):
        return [_hidden_calls(veil, item) for item in value]
    if isinstance(value, dict):
        return {
            name: _hidden_json(veil, item)
            if name == "arguments" and isinstance(item, str)
            else _hidden_calls(veil, item)
            for name, item in value.items()
        }
    return value


def _hidden_json(veil: Veil, text: str) -> str:
    """Return JSON with the texts in it hidden; what cannot be read is hidden as a text."""
    try:
        found = json.loads(text)
    except ValueError:
        return veil.hide(text).text
    return json.dumps(veil.hide_all(found), ensure_ascii=False)


def _hidden_schema(veil: Veil, value: Any) -> Any:
    """Return tools or a schema with the words of people in them hidden."""
    if isinstance(value, list):
        return [_hidden_schema(veil, item) for item in value]
    if isinstance(value, dict):
        return {
            name: veil.hide_all(item)
            if name in SCHEMA_TEXTS and isinstance(item, (str, list))
            else _hidden_schema(veil, item)
            for name, item in value.items()
        }
    return value


def restored_chat(veil: Veil, answer: Body) -> Body:
    """Return a whole chat answer with the originals in it; JSON in it stays JSON."""
    choices = [
        {**choice, "message": _restored_message(veil, choice.get("message"))} if isinstance(choice, dict) else choice
        for choice in answer.get("choices", ())
    ]
    return {**answer, "choices": choices}


def _restored_message(veil: Veil, message: Any) -> Any:
    """Return a message with the originals in its texts and in the arguments of the tools that it calls."""
    if not isinstance(message, dict):
        return message
    return {
        name: _restored_calls(veil, value)
        if name in {"tool_calls", "function_call"}
        else mapped(value, veil.restore_json)
        for name, value in message.items()
    }


def _restored_calls(veil: Veil, value: Any) -> Any:
    """Return calls of tools with the originals in their arguments."""
    if isinstance(value, list):
        return [_restored_calls(veil, item) for item in value]
    if isinstance(value, dict):
        return {
            name: veil.restore_json(item)
            if name == "arguments" and isinstance(item, str)
            else _restored_calls(veil, item)
            for name, item in value.items()
        }
    return value


class StreamVeil:
    """Restores a streamed chat: one restorer for each text that grows in it. A placeholder may come in pieces."""

    def __init__(self, veil: Veil, *, in_json: bool) -> None:
        """Begin; `in_json` says that the words of the answer are JSON."""
        self._veil = veil
        self._in_json = in_json
        self._texts: dict[tuple[Any, ...], Restorer] = {}

    def event(self, data: Body) -> Body:
        """Return an event with the originals in what it adds; at the end of a choice, what was held back is added."""
        choices = data.get("choices")
        if not isinstance(choices, list):
            return data
        return {**data, "choices": [self._choice(item) if isinstance(item, dict) else item for item in choices]}

    def rest(self) -> Body | None:
        """Return a last event with what is still held back, for engines that say no `finish_reason`."""
        choices = []
        for index in dict.fromkeys(place[0] for place in self._texts):
            delta: Body = {}
            self._flush(index, delta)
            if delta:
                choices.append({"index": index, "delta": delta, "finish_reason": None})
        return {"object": "chat.completion.chunk", "choices": choices} if choices else None

    def _choice(self, choice: Body) -> Body:
        """Return one choice of an event."""
        index = choice.get("index", 0)
        given = choice.get("delta")
        delta: Body = dict(given) if isinstance(given, dict) else {}
        for name in ("content", "reasoning_content", "refusal"):
            if isinstance(delta.get(name), str):
                delta[name] = self._feed((index, name), delta[name], in_json=self._in_json and name == "content")
        if isinstance(delta.get("tool_calls"), list):
            delta["tool_calls"] = [self._call(index, call) for call in delta["tool_calls"]]
        if choice.get("finish_reason"):
            self._flush(index, delta)
        return {**choice, "delta": delta}

    def _call(self, index: Any, call: Any) -> Any:
        """Return a piece of a call of a tool."""
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("arguments"), str):
            return call
        place = (index, "tool_calls", call.get("index", 0))
        return {**call, "function": {**function, "arguments": self._feed(place, function["arguments"], in_json=True)}}

    def _feed(self, place: tuple[Any, ...], piece: str, *, in_json: bool) -> str:
        """Give a piece of one text to its restorer."""
        restorer = self._texts.get(place) or self._veil.restorer(in_json=in_json)
        if restorer is None:
            return piece
        self._texts[place] = restorer
        return restorer.feed(piece)

    def _flush(self, index: Any, delta: Body) -> None:
        """Add to the last event of a choice what its restorers still hold."""
        for place in [place for place in self._texts if place[0] == index]:
            rest = self._texts.pop(place).finish()
            if not rest:
                continue
            if place[1] == "tool_calls":
                calls = delta.setdefault("tool_calls", [])
                calls.append({"index": place[2], "function": {"arguments": rest}})
            else:
                delta[place[1]] = (delta.get(place[1]) or "") + rest
