"""The shapes of requests and answers at the gateway's endpoints."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from starlette.requests import ClientDisconnect, Request

from inference.gateway.keys import Key, key_of
from inference.gateway.problems import RequestInvalid, RequestTooLarge
from inference.gateway.runs import Run

ACTOR_HEADER = "x-ostrov-actor"
REQUEST_ID_HEADER = "x-request-id"
PRIORITY_HEADER = "x-ostrov-priority"
INTERACTIVE, BATCH = "interactive", "batch"
HEADER_MAX_CHARACTERS = 200
BODY_MAX_BYTES = 32 << 20
LONE_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""Halves of a letter, which neither UTF-8 nor PostgreSQL can carry, come only as such escapes."""


class Subject(BaseModel):
    """The record that a run is about."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    type: str
    id: str


class ModuleRequest(BaseModel):
    """What `POST /v1/modules/NAME/run` takes."""

    subject: Subject | None = None
    input: dict[str, JsonValue] = Field(default_factory=dict)
    stream: bool = False


def invalid(error: ValidationError, prefix: str = "") -> RequestInvalid:
    """Turn the first thing that does not fit into a problem that names its field."""
    first = error.errors(include_url=False)[0]
    path = ".".join(str(part) for part in first["loc"])
    return RequestInvalid(first["msg"], ".".join(part for part in (prefix, path) if part) or None)


async def body_of(request: Request) -> bytes:
    """Read the body. Raises RequestTooLarge, or RequestInvalid when the caller leaves in the middle of it."""
    pieces, size = [], 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > BODY_MAX_BYTES:
                message = f"The body is larger than {BODY_MAX_BYTES >> 20} MiB. Send less at a time."
                raise RequestTooLarge(message)
            pieces.append(piece)
    except ClientDisconnect as error:
        message = "The caller left in the middle of the body."
        raise RequestInvalid(message) from error
    return b"".join(pieces)


async def json_object(request: Request) -> dict[str, Any]:
    """Read the body as one JSON object. Raises RequestInvalid or RequestTooLarge."""
    content = await body_of(request)
    try:
        found = json.loads(content)
        if LONE_SURROGATE.search(content):
            whole = json.dumps(found, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            found = json.loads(whole)
    except (ValueError, RecursionError) as error:
        message = f"The body is not JSON: {error}"
        raise RequestInvalid(message) from error
    if not isinstance(found, dict):
        message = "The body must be a JSON object."
        raise RequestInvalid(message)
    return found


def new_run(request: Request, endpoint: str, feature: str) -> Run:
    """Begin the run of a request: who asks, with which key and under which request id, and what switch stops it."""
    headers, key = request.headers, key_of(request)
    return Run(
        endpoint=endpoint,
        feature=feature,
        rules=key.policy,
        key=key.name,
        batch=is_batch(request),
        actor=_actor(request, key),
        request_id=headers.get(REQUEST_ID_HEADER, "")[:HEADER_MAX_CHARACTERS] or None,
    )


def _actor(request: Request, key: Key) -> str | None:
    """Return who asks: a user's id as the web application says it; what other programs say carries their key's name."""
    given = request.headers.get(ACTOR_HEADER, "")[:HEADER_MAX_CHARACTERS]
    return (given if key.admin else f"{key.name}:{given}") if given else None


def model_of(body: dict[str, Any]) -> str | None:
    """Return the name that a request gives as its model, None when it gives none. Raises RequestInvalid."""
    found = body.get("model")
    if found is None or found == "":
        return None
    if not isinstance(found, str):
        message = "The field 'model' must be a text: a role such as 'chat', or the name of a model."
        raise RequestInvalid(message, "model")
    return found


def is_batch(request: Request) -> bool:
    """Whether nobody waits for the answer at a screen. Raises RequestInvalid for a priority that does not exist."""
    given = request.headers.get(PRIORITY_HEADER, INTERACTIVE).strip().lower()
    if given not in {INTERACTIVE, BATCH}:
        message = f"The header X-Ostrov-Priority must be '{INTERACTIVE}' or '{BATCH}'."
        raise RequestInvalid(message, "X-Ostrov-Priority")
    return given == BATCH


def run_summary(run: Run) -> dict[str, Any]:
    """Return what a caller keeps of a run beside its output."""
    run.finish()
    return {
        "id": run.id,
        "module": run.module,
        "module_version": run.module_version,
        "prompt_version": run.prompt_version,
        "prompt_hash": run.prompt_hash,
        "model": run.model,
        "model_hash": run.model_hash,
        "duration_ms": round(run.duration_ms or 0),
        "prompt_tokens": run.prompt_tokens,
        "completion_tokens": run.completion_tokens,
        "attempts": run.attempts,
        "verdict": run.verdict,
        "policy": run.rules.name,
        "autonomy": run.rules.autonomy,
        "masked": run.masked,
    }


def event(name: str, data: Any) -> bytes:
    """Return one server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
