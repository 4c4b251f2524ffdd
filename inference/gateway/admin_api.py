"""What administrators see and decide over HTTP: which prompt version runs, and what is switched on."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inference.gateway.database import connected
from inference.gateway.gateway import Gateway
from inference.gateway.keys import require_admin
from inference.gateway.log_api import ShortText
from inference.gateway.prompts import Use
from inference.gateway.protocol import invalid
from inference.gateway.run_log import RunLog

USE = (
    "SELECT module, prompt_version, prompt_hash, count(*) AS runs, max(started_at) AS last FROM gateway.runs"
    " WHERE module IS NOT NULL GROUP BY module, prompt_version, prompt_hash"
)


Reason = Annotated[str, StringConstraints(max_length=1000)]


class Pin(BaseModel):
    """What `PUT /v1/prompts/{module}` takes; a version of null takes the pin away."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    version: ShortText | None
    reason: Reason | None = None
    actor: ShortText | None = None


class Switch(BaseModel):
    """What `PUT /v1/features/{feature}` takes."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, strict=False)

    on: bool
    reason: Reason | None = None
    actor: ShortText | None = None


async def _use(run_log: RunLog) -> Use:
    """Return how the versions of prompts have been used, as far as the log goes back."""
    await run_log.settle()
    async with connected(run_log.url) as connection:
        rows = await (await connection.execute(USE)).fetchall()
    return {(row["module"], row["prompt_version"], row["prompt_hash"]): (row["runs"], row["last"]) for row in rows}


async def prompts(gateway: Gateway, request: Request) -> Response:
    """List the versions of every module's prompt."""
    require_admin(request)
    return JSONResponse({"items": gateway.prompts.shown(await _use(gateway.run_log))})


async def pin(gateway: Gateway, request: Request) -> Response:
    """Pin a version of a module's prompt, or take the pin away; answer with what holds now."""
    require_admin(request)
    try:
        wanted = Pin.model_validate_json(await request.body())
    except ValidationError as error:
        raise invalid(error) from error
    module = request.path_params["module"]
    await gateway.prompts.pin(module, wanted.version, reason=wanted.reason, actor=wanted.actor)
    shown = gateway.prompts.shown(await _use(gateway.run_log))
    return JSONResponse(next(item for item in shown if item["module"] == module))


async def features(gateway: Gateway, request: Request) -> Response:
    """List what can be switched, and how it stands."""
    require_admin(request)
    return JSONResponse({"items": gateway.features.shown()})


async def switch(gateway: Gateway, request: Request) -> Response:
    """Switch a feature on or off; answer with how it stands now."""
    require_admin(request)
    try:
        wanted = Switch.model_validate_json(await request.body())
    except ValidationError as error:
        raise invalid(error) from error
    name = request.path_params["feature"]
    await gateway.features.switch(name, on=wanted.on, reason=wanted.reason, actor=wanted.actor)
    return JSONResponse(next(item for item in gateway.features.shown() if item["feature"] == name))
