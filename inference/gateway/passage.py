"""The OpenAI-compatible endpoints: checked, masked, passed to the engine, passed back, logged."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from inference.anonymise import PASS_THROUGH, Masking, anonymise
from inference.gateway.engine import Engine
from inference.gateway.features import CHAT, EMBEDDINGS, TRANSCRIPTION
from inference.gateway.gateway import Gateway
from inference.gateway.presence import unless_gone
from inference.gateway.problems import GatewayProblem, RequestInvalid
from inference.gateway.protocol import json_object, new_run
from inference.gateway.runs import Run
from inference.gateway.wire import Reply

JSON_TYPE = "application/json"
CHAT_PATH = "/v1/chat/completions"
EMBED_PATH = "/v1/embeddings"
SPEECH_PATH = "/v1/audio/transcriptions"
PASSED_HEADERS = ("content-type", "content-length")
TOKEN_COUNT = re.compile(rb'"prompt_tokens"\s*:\s*(\d+)')
TOKEN_COUNT_BYTES = 2_000
LOGGED_STREAM_BYTES = 200_000
CLIENT_CLOSED = 499


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


def _masked_inputs(body: dict[str, Any], masking: Masking) -> None:
    """Mask the texts to embed in place. Raises RequestInvalid."""
    found = body.get("input")
    if isinstance(found, str):
        body["input"] = anonymise(found, masking).text
    elif isinstance(found, list) and found and all(isinstance(text, str) for text in found):
        body["input"] = [anonymise(text, masking).text for text in found]
    else:
        message = "The field 'input' must be a text or a list of texts."
        raise RequestInvalid(message, "input")


def _count(run: Run, content: bytes) -> None:
    """Read the token count off the ends of an answer, where engines put it, without parsing all the vectors."""
    ends = content[:TOKEN_COUNT_BYTES] + b"\n" + content[TOKEN_COUNT_BYTES:][-TOKEN_COUNT_BYTES:]
    found = TOKEN_COUNT.search(ends)
    run.prompt_tokens = int(found[1]) if found else 0


def _note_chat(run: Run, content: bytes) -> None:
    """Note the words and the token counts of a whole chat answer; what is no such answer is noted as it came."""
    try:
        found = json.loads(content)
        run.answers.append(str(found["choices"][0]["message"]["content"]))
        _note_usage(run, found.get("usage"))
    except (ValueError, LookupError, TypeError):
        run.answers.append(content.decode(errors="replace"))


def _note_stream(run: Run, content: bytes) -> None:
    """Note the words and the token counts of a streamed chat answer."""
    words: list[str] = []
    for line in content.splitlines():
        try:
            found = json.loads(line.removeprefix(b"data:"))
            words.extend(choice.get("delta", {}).get("content") or "" for choice in found.get("choices", ()))
            _note_usage(run, found.get("usage"))
        except (ValueError, AttributeError):
            continue
    run.answers.append("".join(words))


def _note_usage(run: Run, usage: Any) -> None:
    """Note the token counts that an engine gives."""
    if isinstance(usage, dict):
        run.prompt_tokens = int(usage.get("prompt_tokens") or 0)
        run.completion_tokens = int(usage.get("completion_tokens") or 0)


async def _asked(engine: Engine, path: str, body: dict[str, Any], run: Run) -> Reply:
    """Ask the engine under the name that it serves its model by, and note the time."""
    body["model"] = engine.model or body.get("model", engine.role)
    run.attempts, started = 1, time.perf_counter()
    try:
        return await engine.post(path, json.dumps(body, ensure_ascii=False).encode())
    finally:
        run.engine_ms = (time.perf_counter() - started) * 1000


def _passed_back(answer: Reply, run: Run) -> Response:
    """Return the engine's answer as it is, with the id of the run."""
    content_type = answer.headers.get("content-type", JSON_TYPE)
    return Response(answer.body, answer.status, {"Content-Type": content_type, "X-Ostrov-Run": run.id})


async def embeddings(gateway: Gateway, request: Request) -> Response:
    """Pass texts to the embedding engine."""
    run = new_run(request, "embeddings", EMBEDDINGS)
    problem: GatewayProblem | None = None
    try:
        gateway.features.require(run.feature)
        engine = gateway.bind(run, "embed")
        body = await json_object(request)
        _masked_inputs(body, PASS_THROUGH)
        answer = await _asked(engine, EMBED_PATH, body, run)
        _count(run, answer.body)
        return _passed_back(answer, run)
    except GatewayProblem as error:
        problem = error
        raise
    finally:
        gateway.close_run(run, problem)


async def chat(gateway: Gateway, request: Request) -> Response:
    """Pass a chat to the language engine, whole or streamed."""
    run = new_run(request, "chat", CHAT)
    try:
        gateway.features.require(run.feature)
        engine = gateway.bind(run, "chat")
        body = await json_object(request)
        run.prompts = _masked_messages(body, PASS_THROUGH)
        if body.get("stream"):
            return await _chat_stream(gateway, engine, body, run)
        answer = await unless_gone(request, _asked(engine, CHAT_PATH, body, run))
    except GatewayProblem as error:
        gateway.close_run(run, error)
        raise
    if answer is None:
        run.verdict = "cancelled"
        gateway.close_run(run)
        return Response(status_code=CLIENT_CLOSED)
    _note_chat(run, answer.body)
    gateway.close_run(run)
    return _passed_back(answer, run)


async def _chat_stream(gateway: Gateway, engine: Engine, body: dict[str, Any], run: Run) -> Response:
    """Open the engine's stream before answering, so that an engine that is down is still a 503."""
    body["model"] = engine.model or "chat"
    run.attempts = 1
    stack = AsyncExitStack()
    content = json.dumps(body, ensure_ascii=False).encode()
    answer = await stack.enter_async_context(engine.stream(CHAT_PATH, content))
    pieces = _relayed(gateway, answer, stack, run)
    return StreamingResponse(pieces, media_type="text/event-stream", headers={"X-Ostrov-Run": run.id})


async def _relayed(
    gateway: Gateway, answer: AsyncIterator[bytes], stack: AsyncExitStack, run: Run
) -> AsyncIterator[bytes]:
    """Relay a stream; when the engine breaks off, end with an error event instead of silence."""
    seen = bytearray()
    problem: GatewayProblem | None = None
    run.verdict = "cancelled"
    try:
        async with stack:
            async for piece in answer:
                if len(seen) < LOGGED_STREAM_BYTES:
                    seen += piece
                yield piece
            run.verdict = "ok"
    except GatewayProblem as error:
        problem = error
        yield f"data: {json.dumps({'error': error.body()})}\n\n".encode()
    finally:
        run.engine_ms = (time.perf_counter() - run.clock) * 1000
        _note_stream(run, bytes(seen))
        gateway.close_run(run, problem)


async def transcriptions(gateway: Gateway, request: Request) -> Response:
    """Pass a recording to the speech engine as it arrives; its words are kept by the caller, not in the log."""
    run = new_run(request, "transcription", TRANSCRIPTION)
    problem: GatewayProblem | None = None
    run.attempts = 1
    try:
        gateway.features.require(run.feature)
        engine = gateway.bind(run, "speech")
        headers = {name: request.headers[name] for name in PASSED_HEADERS if name in request.headers}
        answer = await engine.upload(SPEECH_PATH, request.stream(), headers)
        return _passed_back(answer, run)
    except GatewayProblem as error:
        problem = error
        raise
    finally:
        run.engine_ms = (time.perf_counter() - run.clock) * 1000
        gateway.close_run(run, problem)
