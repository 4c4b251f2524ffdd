"""`POST /v1/chat/completions`: a chat, whole or streamed, with tools and with JSON that fits a schema."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from inference.anonymise import PASS_THROUGH, Masking, anonymise
from inference.gateway.events import Event
from inference.gateway.features import CHAT
from inference.gateway.gateway import Gateway
from inference.gateway.lanes import Completion, Lane
from inference.gateway.passage import cancelled, logged, passed_back
from inference.gateway.presence import unless_gone
from inference.gateway.problems import GatewayProblem, OutputInvalid, RequestInvalid
from inference.gateway.protocol import data_classes_of, json_object, model_of, new_run
from inference.gateway.runs import Run
from inference.gateway.structure import Structure, repaired, structure_of

LOGGED_CHARACTERS = 100_000
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Body = dict[str, Any]


def _masked_messages(body: dict[str, Any], masking: Masking) -> list[str]:
    """Mask the text of every message in place; return the texts for the log. Raises RequestInvalid."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        message = "The field 'messages' must be a list with at least one message."
        raise RequestInvalid(message, "messages")
    texts: list[str] = []
    for entry in messages:
        if not isinstance(entry, dict):
            message = "A message must be an object."
            raise RequestInvalid(message, "messages")
        if isinstance(entry.get("content"), str):
            entry["content"] = anonymise(entry["content"], masking).text
            texts.append(entry["content"])
    return texts


async def chat(gateway: Gateway, request: Request) -> Response:
    """Pass a chat to a language engine, whole or streamed."""
    run = new_run(request, "chat", CHAT)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(logged(gateway, run))
        body = await json_object(request)
        classes = data_classes_of(body, run)
        run.prompts = _masked_messages(body, PASS_THROUGH)
        structure = structure_of(body)  # A wrong schema is refused before an engine is asked.
        lane = gateway.bind(run, "chat", model=model_of(body), data_classes=classes)
        if body.get("stream"):
            options = body.get("stream_options")
            relay = Relay(run, structure, counted=isinstance(options, dict) and bool(options.get("include_usage")))
            answer = await unless_gone(request, stack.enter_async_context(lane.stream(body)))
            return cancelled(run) if answer is None else relay.response(answer, stack.pop_all())
        found = await unless_gone(request, _whole(lane, body, structure, run))
        return cancelled(run) if found is None else passed_back(found.reply, run)


async def _whole(lane: Lane, body: Body, structure: Structure | None, run: Run) -> Completion:
    """Ask for a whole answer; one that must fit a schema and does not is asked for once more. Raises OutputInvalid."""
    found = await lane.complete(body)
    _note(run, found)
    flaw = _flaw(structure, found)
    if flaw is None:
        return found
    found = await lane.complete(repaired(body, found.text, flaw))
    _note(run, found)
    flaw = _flaw(structure, found)
    if flaw is not None:
        message = f"The model's answer does not fit the schema of 'response_format', even after one repair: {flaw}"
        raise OutputInvalid(message)
    run.verdict = "repaired"
    return found


def _flaw(structure: Structure | None, found: Completion) -> str | None:
    """Say what is wrong with the answers of a model, None when all fit; a call of tools has a schema of its own."""
    if structure is None:
        return None
    for message in found.messages:
        flaw = None if message.get("tool_calls") else structure.flaw(message.get("content"))
        if flaw is not None:
            return flaw
    return None


def _note(run: Run, found: Completion) -> None:
    """Note what the model said, or which tools it called."""
    message = found.message
    run.answers.append(found.text or json.dumps(message.get("tool_calls") or "", ensure_ascii=False))


class Relay:
    """Passes a stream on; when the engine breaks off, or its JSON does not fit, it ends with an error event."""

    def __init__(self, run: Run, structure: Structure | None, *, counted: bool) -> None:
        """Bind; `counted` says whether the caller wants the event with the token counts."""
        self._run = run
        self._structure = structure
        self._counted = counted
        self._words: list[str] = []
        self._calls: list[Any] = []
        self._kept = 0

    def response(self, answer: AsyncIterator[Event], stack: AsyncExitStack) -> Response:
        """Return the answer to the caller; `stack` holds the engine and the run, which end with the stream."""
        headers = {"X-Ostrov-Run": self._run.id, **STREAM_HEADERS}
        return StreamingResponse(self._pieces(answer, stack), media_type="text/event-stream", headers=headers)

    async def _pieces(self, answer: AsyncIterator[Event], stack: AsyncExitStack) -> AsyncIterator[bytes]:
        """Yield what the caller gets."""
        self._run.verdict = "cancelled"
        try:
            async with stack:
                try:
                    async for event in answer:
                        self._keep(event)
                        if event.data is None:
                            self._require_fit()
                        if self._counted or not event.is_count:
                            yield event.raw
                    self._run.verdict = "ok"
                finally:
                    self._note()
        except GatewayProblem as problem:
            yield f"data: {json.dumps({'error': problem.body()}, ensure_ascii=False)}\n\n".encode()

    def _keep(self, event: Event) -> None:
        """Keep the words for the log, and for the check of their structure."""
        self._calls += event.tool_calls
        if self._structure is not None or self._kept < LOGGED_CHARACTERS:
            self._words.append(event.words)
            self._kept += len(event.words)

    def _require_fit(self) -> None:
        """Raise OutputInvalid when the streamed answer does not fit the schema that was asked for."""
        if self._structure is None or self._calls:
            return
        flaw = self._structure.flaw("".join(self._words))
        if flaw is not None:
            message = f"The model's answer does not fit the schema of 'response_format': {flaw}"
            raise OutputInvalid(message)

    def _note(self) -> None:
        """Note in the run what was said, or which tools were called."""
        words = "".join(self._words)
        self._run.answers.append(words or (json.dumps(self._calls, ensure_ascii=False) if self._calls else ""))
