"""The `ModelClient` that a module gets: prompt, masking, engine, schema, one repair, all written into its run."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from inference.anonymise import PASS_THROUGH, SafeText, anonymise, restore
from inference.gateway.engine import Engine
from inference.gateway.problems import EngineFailed, OutputInvalid
from inference.gateway.prompts import render
from inference.gateway.runs import Run
from inference.modules.base import Module, Prompt

Output = TypeVar("Output", bound=BaseModel)

CHAT_PATH = "/v1/chat/completions"
TRIES = 2
SEED = 1
REPAIR = (
    "This answer cannot be used: {reason}\nAnswer again with one JSON object that fits the schema and nothing else."
)
SHOWN_ERRORS = 5
DATA_PREFIX = "data:"
DONE = "[DONE]"

Message = dict[str, str]


@cache
def _response_format(output: type[BaseModel]) -> dict[str, Any]:
    """Return the strict JSON Schema that the engine must follow while it writes."""
    schema = output.model_json_schema()
    return {"type": "json_schema", "json_schema": {"name": output.__name__, "strict": True, "schema": schema}}


def _reason(error: ValidationError) -> str:
    """Say in one line what does not fit, without repeating the values."""
    lines = [f"{'.'.join(map(str, item['loc'])) or 'answer'}: {item['msg']}" for item in error.errors()[:SHOWN_ERRORS]]
    return "; ".join(lines)


class Asking:
    """Asks one engine for one run of one module. Every text leaves as `SafeText`."""

    def __init__(self, module: Module, prompt: Prompt, engine: Engine, run: Run) -> None:
        """Bind what a run needs; `prompt` is the version to use."""
        self._module = module
        self._prompt = prompt
        self._engine = engine
        self._run = run

    async def complete(
        self, prompt: str, variables: Mapping[str, Any], *, output: type[Output], max_tokens: int
    ) -> Output:
        """Ask for one JSON object. Raises OutputInvalid after one repair; a missing engine ends the whole run."""
        parts = self._parts(prompt, variables)
        messages = _messages(parts)
        reason = ""
        for attempt in range(TRIES):
            answer = await self._ask(messages, output, max_tokens)
            try:
                found = output.model_validate_json(self._restored(answer, parts))
            except ValidationError as error:
                reason = _reason(error)
                repair = anonymise(REPAIR.format(reason=reason), PASS_THROUGH)
                messages = [
                    *messages,
                    {"role": "assistant", "content": answer},
                    {"role": "user", "content": repair.text},
                ]
            else:
                if attempt and self._run.verdict == "ok":
                    self._run.verdict = "repaired"
                return found
        self._run.verdict, self._run.reason = "output_invalid", reason
        message = f"The model's answer does not fit the schema of {self._module.manifest.name}: {reason}"
        raise OutputInvalid(message)

    async def stream(self, prompt: str, variables: Mapping[str, Any], *, max_tokens: int) -> AsyncIterator[str]:
        """Ask for plain text, given piece by piece."""
        parts = self._parts(prompt, variables)
        body = self._body(_messages(parts), max_tokens)
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        started = time.perf_counter()
        pieces: list[str] = []
        self._run.attempts += 1
        try:
            async with self._engine.stream(CHAT_PATH, json.dumps(body).encode()) as answer:
                async for event in _events(answer):
                    self._count(event.get("usage"))
                    for choice in event.get("choices", ()):
                        if piece := choice.get("delta", {}).get("content"):
                            pieces.append(piece)
                            yield self._restored(piece, parts)
        finally:
            self._run.engine_ms += (time.perf_counter() - started) * 1000
            self._run.answers.append("".join(pieces))

    def _parts(self, prompt: str, variables: Mapping[str, Any]) -> tuple[SafeText, SafeText]:
        """Render the prompt, mask it and note it in the run."""
        system, user = (anonymise(text, PASS_THROUGH) for text in render(self._module, self._prompt, prompt, variables))
        self._run.prompts.append(f"{system.text}\n\n{user.text}")
        return system, user

    @staticmethod
    def _restored(text: str, parts: tuple[SafeText, SafeText]) -> str:
        """Put the originals back into what the model wrote."""
        for part in parts:
            text = restore(text, part.placeholders)
        return text

    def _body(self, messages: list[Message], max_tokens: int) -> dict[str, Any]:
        """Return a request that gives the same answer each time, as far as the engine can."""
        return {
            "model": self._engine.model or "chat",
            "messages": messages,
            "max_tokens": max_tokens,
            "temperature": 0,
            "seed": SEED,
        }

    async def _ask(self, messages: list[Message], output: type[BaseModel], max_tokens: int) -> str:
        """Ask once; return the text of the answer and note tokens and time."""
        body = {**self._body(messages, max_tokens), "response_format": _response_format(output)}
        started = time.perf_counter()
        self._run.attempts += 1
        try:
            answer = await self._engine.post(CHAT_PATH, json.dumps(body).encode())
        finally:
            self._run.engine_ms += (time.perf_counter() - started) * 1000
        try:
            found = json.loads(answer.body)
            text = str(found["choices"][0]["message"]["content"] or "")
        except (ValueError, KeyError, IndexError, TypeError) as error:
            message = f"The {self._engine.role} engine's answer has not the shape of a chat completion."
            raise EngineFailed(message) from error
        self._count(found.get("usage"))
        self._run.answers.append(text)
        return text

    def _count(self, usage: Any) -> None:
        """Add the tokens of one call."""
        if isinstance(usage, dict):
            self._run.prompt_tokens += int(usage.get("prompt_tokens") or 0)
            self._run.completion_tokens += int(usage.get("completion_tokens") or 0)


def _messages(parts: tuple[SafeText, SafeText]) -> list[Message]:
    """Return the chat of a prompt; an empty system part is left out."""
    system, user = parts
    first = [{"role": "system", "content": system.text}] if system.text else []
    return [*first, {"role": "user", "content": user.text}]


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """Yield the whole lines of a stream of bytes; a piece may end anywhere, even inside a letter."""
    rest = b""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.decode()
    if rest:
        yield rest.decode()


async def _events(pieces: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
    """Yield the JSON of each server-sent event. Raises EngineFailed when the stream ends before its end mark."""
    async for line in _lines(pieces):
        if not line.startswith(DATA_PREFIX):
            continue
        data = line.removeprefix(DATA_PREFIX).strip()
        if data == DONE:
            return
        try:
            event = json.loads(data)
        except ValueError as error:
            message = "The engine streams something that is not JSON."
            raise EngineFailed(message) from error
        if isinstance(event, dict):
            yield event
    message = "The engine broke off in the middle of its answer."
    raise EngineFailed(message)
