"""Embeddings, ranking and transcription: checked, masked, passed to an engine, passed back, logged."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from inference.gateway.declared import declared, veil_of
from inference.gateway.engine import Engine
from inference.gateway.features import EMBEDDINGS, TRANSCRIPTION
from inference.gateway.gateway import Gateway
from inference.gateway.masking import Veil
from inference.gateway.presence import noting_the_end, unless_gone
from inference.gateway.problems import EngineFailed, GatewayProblem, RequestInvalid
from inference.gateway.protocol import json_object, model_of, new_run
from inference.gateway.recordings import check_voice, veiled_upload
from inference.gateway.runs import Run
from inference.gateway.wire import Reply

JSON_TYPE = "application/json"
EMBED_PATH = "/v1/embeddings"
RERANK_PATH = "/v1/rerank"
SPEECH_PATH = "/v1/audio/transcriptions"
PASSED_HEADERS = ("content-type", "content-length")
TOKEN_COUNT = re.compile(rb'"prompt_tokens"\s*:\s*(\d+)')
TOKEN_COUNT_BYTES = 2_000
CLIENT_CLOSED = 499


def _hide_inputs(body: dict[str, Any], veil: Veil) -> None:
    """Hide in the texts to embed, in place, what the policy hides. Raises RequestInvalid or PersonalDataRefused."""
    found = body.get("input")
    if isinstance(found, str):
        body["input"] = veil.hide(found).text
    elif isinstance(found, list) and found and all(isinstance(text, str) for text in found):
        body["input"] = [veil.hide(text).text for text in found]
    else:
        message = "The field 'input' must be a text or a list of texts."
        raise RequestInvalid(message, "input")


def _hide_documents(body: dict[str, Any], veil: Veil) -> None:
    """Hide in the question and the documents, in place, what the policy hides.

    Raises RequestInvalid or PersonalDataRefused.
    """
    query, documents = body.get("query"), body.get("documents")
    if not isinstance(query, str) or not query.strip():
        message = "The field 'query' must be a text."
        raise RequestInvalid(message, "query")
    if not isinstance(documents, list) or not documents or not all(isinstance(text, str) for text in documents):
        message = "The field 'documents' must be a list of texts with at least one."
        raise RequestInvalid(message, "documents")
    body["query"] = veil.hide(query).text
    body["documents"] = [veil.hide(text).text for text in documents]


def _check_ranking(count: int, reply: Reply, engine: Engine) -> None:
    """Raise EngineFailed for what is no ranking of so many documents."""
    try:
        results = json.loads(reply.body)["results"]
        sound = all(
            0 <= int(result["index"]) < count and math.isfinite(float(result["relevance_score"])) for result in results
        )
    except (ValueError, LookupError, TypeError, RecursionError):
        sound = False
    if not sound:
        message = f"The {engine.role} engine's answer is no ranking of the documents."
        raise EngineFailed(message)


def _check_vectors(reply: Reply, engine: Engine) -> None:
    """Raise EngineFailed for what cannot be an answer with vectors; they are not parsed, for there are many."""
    if not (reply.body.startswith(b"{") and reply.body.rstrip().endswith(b"}") and b'"embedding"' in reply.body):
        message = f"The {engine.role} engine's answer holds no vectors."
        raise EngineFailed(message)


def _count(run: Run, content: bytes) -> None:
    """Read the token count off the ends of an answer, where engines put it, without parsing all the vectors."""
    ends = content[:TOKEN_COUNT_BYTES] + b"\n" + content[TOKEN_COUNT_BYTES:][-TOKEN_COUNT_BYTES:]
    found = TOKEN_COUNT.search(ends)
    run.prompt_tokens = int(found[1]) if found else 0


def passed_back(answer: Reply, run: Run) -> Response:
    """Return the engine's answer as it is, with the id of the run."""
    content_type = answer.headers.get("content-type", JSON_TYPE)
    return Response(answer.body, answer.status, {"Content-Type": content_type, "X-Ostrov-Run": run.id})


@asynccontextmanager
async def logged(gateway: Gateway, run: Run) -> AsyncIterator[None]:
    """Close a run with what its block ends with; one that is left by cancellation was cancelled."""
    problem: GatewayProblem | None = None
    try:
        gateway.features.require(run.feature)
        yield
    except GatewayProblem as error:
        problem = error
        raise
    except asyncio.CancelledError:
        run.verdict = "cancelled"
        raise
    finally:
        gateway.close_run(run, problem)


def cancelled(run: Run) -> Response:
    """End the run of a caller who has gone."""
    run.verdict = "cancelled"
    return Response(status_code=CLIENT_CLOSED)


async def embeddings(gateway: Gateway, request: Request) -> Response:
    """Pass texts to an embedding engine."""
    run = new_run(request, "embeddings", EMBEDDINGS)
    async with logged(gateway, run):
        body = await json_object(request)
        classes, veil = declared(body, run)
        await veil.aside(_hide_inputs, body, veil)
        lane = gateway.bind(run, "embed", model=model_of(body), data_classes=classes)
        answer = await unless_gone(request, lane.post(EMBED_PATH, body, _check_vectors))
        if answer is None:
            return cancelled(run)
        _count(run, answer.body)
        return passed_back(answer, run)


async def rerank(gateway: Gateway, request: Request) -> Response:
    """Pass a question and documents to a ranking engine, which says how well each document fits."""
    run = new_run(request, "rerank", EMBEDDINGS)
    async with logged(gateway, run):
        body = await json_object(request)
        classes, veil = declared(body, run)
        await veil.aside(_hide_documents, body, veil)
        lane = gateway.bind(run, "rerank", model=model_of(body), data_classes=classes)
        count = len(body["documents"])
        answer = await unless_gone(request, lane.post(RERANK_PATH, body, partial(_check_ranking, count)))
        if answer is None:
            return cancelled(run)
        _count(run, answer.body)
        if veil.active:
            answer.body = (await veil.aside(veil.restore_json, answer.body.decode())).encode()
        return passed_back(answer, run)


async def transcriptions(gateway: Gateway, request: Request) -> Response:
    """Pass a recording to a speech engine as it arrives; its words are kept by the caller, not in the log."""
    run = new_run(request, "transcription", TRANSCRIPTION)
    async with logged(gateway, run):
        check_voice(run)
        run.rules.check(("personal",), what="A recording")
        lane = gateway.bind(run, "speech", data_classes=("personal",))
        veil = veil_of(run, [])
        headers = {name: request.headers[name] for name in PASSED_HEADERS if name in request.headers}
        parts: AsyncIterator[bytes] = request.stream()
        try:
            if veil.active:
                parts, headers = await veiled_upload(request, veil)
            read = asyncio.Event()
            upload = lane.upload(SPEECH_PATH, noting_the_end(parts, read), headers)
            answer = await unless_gone(request, upload, read)
        except ClientDisconnect:
            answer = None
        if answer is None:
            return cancelled(run)
        return passed_back(answer, run)
