"""`POST /v1/chat/completions`: a chat, whole or streamed, with tools and with JSON that fits a schema."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import AsyncExitStack
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inference.gateway.declared import declared
from inference.gateway.events import Event
from inference.gateway.features import CHAT
from inference.gateway.gateway import Gateway
from inference.gateway.lanes import Completion, Lane
from inference.gateway.masking import Veil
from inference.gateway.must_call import counts_wanted, must_call
from inference.gateway.passage import cancelled, logged, passed_back
from inference.gateway.presence import unless_gone
from inference.gateway.problems import GatewayProblem, OutputInvalid, RequestInvalid
from inference.gateway.protocol import json_object, model_of, new_run
from inference.gateway.runs import Run
from inference.gateway.streaming import Streamed
from inference.gateway.structure import Structure, repaired, structure_of
from inference.gateway.veiled import StreamVeil, hide_chat, restored_chat

LOGGED_CHARACTERS = 100_000
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Body = dict[str, Any]


def _check_messages(body: Body) -> None:
    """Raise RequestInvalid when a chat has no messages."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        message = "The field 'messages' must be a list with at least one message."
        raise RequestInvalid(message, "messages")
    if not all(isinstance(entry, dict) for entry in messages):
        message = "A message must be an object."
        raise RequestInvalid(message, "messages")


def _texts(body: Body) -> list[str]:
    """Return the texts of a chat, for the log."""
    found: list[str] = []
    for entry in body["messages"]:
        content = entry.get("content")
        parts = content if isinstance(content, list) else [content]
        texts = (part.get("text") if isinstance(part, dict) else part for part in parts)
        found += (text for text in texts if isinstance(text, str))
    return found


async def chat(gateway: Gateway, request: Request) -> Response:
    """Pass a chat to a language engine, whole or streamed."""
    run = new_run(request, "chat", CHAT)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(logged(gateway, run))
        body = await json_object(request)
        _check_messages(body)
        classes, veil = declared(body, run)
        body = await veil.aside(hide_chat, veil, body)
        must = must_call(body)
        body = must.body if must else body
        run.prompts = _texts(body)
        # A wrong schema is refused before an engine is asked.
        structure = must.structure if must else structure_of(body)
        lane = gateway.bind(run, "chat", model=model_of(body), data_classes=classes)
        if body.get("stream"):
            relay = Relay(run, structure, veil, counted=counts_wanted(body))
            answer = await unless_gone(request, stack.enter_async_context(lane.stream(body)))
            return cancelled(run) if answer is None else relay.response(answer, stack.pop_all())
        found = await unless_gone(request, _whole(lane, body, structure, run))
        if found is None:
            return cancelled(run)
        if not veil.active and must is None:
            return passed_back(found.reply, run)
        said = must.called(found.found) if must else found.found
        restored = await veil.aside(restored_chat, veil, said) if veil.active else said
        if must and must.streamed:
            return _at_once(must.events(restored), run)
        return JSONResponse(restored, headers={"X-Ostrov-Run": run.id})


def _at_once(events: Iterable[Body], run: Run) -> Response:
    """Return an answer that is whole to a caller who reads a stream."""
    told = b"".join(map(_event, events)) + b"data: [DONE]\n\n"
    headers = {"X-Ostrov-Run": run.id, **STREAM_HEADERS}
    return Response(told, media_type="text/event-stream", headers=headers)


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
        field = structure.field if structure else ""
        message = f"The model's answer does not fit the schema of '{field}', even after one repair: {flaw}"
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


def _event(data: Body) -> bytes:
    """Return one event of a streamed chat."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


class Relay:
    """Passes a stream on; when the engine breaks off, or its JSON does not fit, it ends with an error event."""

    def __init__(self, run: Run, structure: Structure | None, veil: Veil, *, counted: bool) -> None:
        """Bind; `counted` says whether the caller wants the event with the token counts.

        The words of the model pass through the veil on their way to the caller, not to the log.
        """
        self._run = run
        self._counted = counted
        self._structure = structure
        self._veil = StreamVeil(veil, in_json=structure is not None) if veil.active else None
        self._words: list[str] = []
        self._calls: list[Any] = []
        self._kept = 0

    def response(self, answer: AsyncIterator[list[Event]], stack: AsyncExitStack) -> Response:
        """Return the answer to the caller; `stack` holds the engine and the run, which end with the stream."""
        headers = {"X-Ostrov-Run": self._run.id, **STREAM_HEADERS}
        return Streamed(self._pieces(answer, stack), headers)

    async def _pieces(self, answer: AsyncIterator[list[Event]], stack: AsyncExitStack) -> AsyncGenerator[bytes, None]:
        """Yield what the caller gets."""
        self._run.verdict = "cancelled"
        try:
            async with stack:
                try:
                    async for found in answer:
                        ended = self._keep(found)
                        if ended and (flaw := self._flaw()) is not None:
                            yield self._shown(found[:-1])
                            raise OutputInvalid(flaw)
                        yield self._shown(found)
                    self._run.verdict = "ok"
                finally:
                    self._note()
        except GatewayProblem as problem:
            yield _event({"error": problem.body()})

    def _shown(self, found: list[Event]) -> bytes:
        """Return events as the caller gets them, in one piece."""
        return b"".join([self._restored(event) for event in found if self._counted or not event.is_count])

    def _restored(self, event: Event) -> bytes:
        """Return an event as the caller gets it."""
        if self._veil is None:
            return event.raw
        if event.data is None:
            rest = self._veil.rest()
            return event.raw if rest is None else _event(rest) + event.raw
        return _event(self._veil.event(event.data))

    def _keep(self, found: list[Event]) -> bool:
        """Keep the words for the log, and for the check of their structure; tell whether the answer has ended."""
        for event in found:
            self._calls += event.tool_calls
            if self._structure is not None or self._kept < LOGGED_CHARACTERS:
                self._words.append(event.words)
                self._kept += len(event.words)
        return found[-1].data is None

    def _flaw(self) -> str | None:
        """Say why the streamed answer does not fit the schema that was asked for; None when it does."""
        if self._structure is None or self._calls:
            return None
        flaw = self._structure.flaw("".join(self._words))
        return flaw and f"The model's answer does not fit the schema of 'response_format': {flaw}"

    def _note(self) -> None:
        """Note in the run what was said, or which tools were called."""
        words = "".join(self._words)
        self._run.answers.append(words or (json.dumps(self._calls, ensure_ascii=False) if self._calls else ""))
