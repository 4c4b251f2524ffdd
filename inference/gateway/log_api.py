"""The log over HTTP: runs and why they said what they said, verdicts of people, figures of quality."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inference.gateway.gateway import Gateway
from inference.gateway.keys import key_of, sees
from inference.gateway.problems import RequestInvalid
from inference.gateway.protocol import invalid
from inference.gateway.quality import quality as figures
from inference.gateway.records import Records, RunUnknown

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]

STRICT = ConfigDict(extra="forbid")


class RunFilter(BaseModel):
    """The query of `GET /v1/runs`."""

    model_config = STRICT

    module: str | None = None
    subject_type: str | None = None
    subject_id: str | None = None
    since: AwareDatetime | None = None
    after: str | None = None
    limit: int = Field(default=50, ge=1, le=500)


class QualityFilter(BaseModel):
    """The query of `GET /v1/quality`."""

    model_config = STRICT

    module: str | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class Verdict(BaseModel):
    """What a person made of one value; `id` makes sending it twice harmless, `at` is the moment of the decision."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    id: ShortText
    field: ShortText
    value: JsonValue = None
    verdict: Literal["accepted", "edited", "rejected", "undone", "kept"]
    final: JsonValue = None
    edit_distance: float | None = Field(default=None, ge=0, le=1)
    at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    actor: ShortText | None = None


class Verdicts(BaseModel):
    """What `POST /v1/runs/{id}/verdicts` takes."""

    model_config = STRICT

    verdicts: list[Verdict] = Field(min_length=1, max_length=500)


def _query(request: Request) -> dict[str, str]:
    """Return the query without its empty fields; a moment without a zone is one in UTC."""
    given = {name: value for name, value in request.query_params.items() if value}
    return given | {name: _with_zone(given[name]) for name in ("since", "until") if name in given}


def _with_zone(moment: str) -> str:
    """Return a moment with its zone; a "+" that arrived as a space is put back. Unreadable ones stay as they are."""
    try:
        found = datetime.fromisoformat(moment.replace(" ", "+") if "T" in moment else moment)
    except ValueError:
        return moment
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()


def _run_id(request: Request) -> str:
    """Return the id in the path. Raises RunUnknown when it cannot be one."""
    given = request.path_params["run_id"]
    try:
        return str(uuid.UUID(given))
    except ValueError as error:
        message = f"There is no run {given[:40]!r}: the id of a run is a UUID."
        raise RunUnknown(message) from error


def _place(cursor: str | None) -> dict[str, Any]:
    """Return where a page of runs begins. Raises RequestInvalid."""
    if cursor is None:
        return {"after_at": None, "after_id": None}
    try:
        moment, _, run_id = base64.urlsafe_b64decode(cursor).decode().partition(" ")
        return {"after_at": datetime.fromisoformat(moment), "after_id": str(uuid.UUID(run_id))}
    except (ValueError, binascii.Error) as error:
        message = "The field 'after' must be the 'next' of an earlier answer."
        raise RequestInvalid(message, "after") from error


def _next(items: list[dict[str, Any]], limit: int) -> str | None:
    """Return where the next page begins; None when this one is the last."""
    if len(items) <= limit:
        return None
    last = items[limit - 1]
    return base64.urlsafe_b64encode(f"{last['at']} {last['id']}".encode()).decode()


async def run(gateway: Gateway, request: Request) -> Response:
    """Tell one run: what was asked and answered, the evidence, the verdicts."""
    return _json(await Records(gateway.run_log).run(_run_id(request), sees(key_of(request))))


async def runs(gateway: Gateway, request: Request) -> Response:
    """List runs, newest first."""
    try:
        wanted = RunFilter.model_validate(_query(request))
    except ValidationError as error:
        raise invalid(error) from error
    page = {**wanted.model_dump(), "limit": wanted.limit + 1, **_place(wanted.after)}
    found = await Records(gateway.run_log).runs(page, sees(key_of(request)))
    return _json({"items": found[: wanted.limit], "next": _next(found, wanted.limit)})


async def judge(gateway: Gateway, request: Request) -> Response:
    """Take the verdicts of people on the values of a run."""
    run_id = _run_id(request)
    try:
        given = Verdicts.model_validate_json(await request.body())
    except ValidationError as error:
        raise invalid(error) from error
    verdicts = [verdict.model_dump() for verdict in given.verdicts]
    await Records(gateway.run_log).judge(run_id, verdicts, sees(key_of(request)))
    return _json({"taken": len(verdicts)}, status=202)


async def quality(gateway: Gateway, request: Request) -> Response:
    """Tell the figures of each module and version by day."""
    try:
        wanted = QualityFilter.model_validate(_query(request))
    except ValidationError as error:
        raise invalid(error) from error
    return _json({"items": await figures(gateway.run_log, wanted.model_dump(), sees(key_of(request)))})


def _json(found: Mapping[str, Any], status: int = 200) -> Response:
    """Answer with JSON that no cache keeps."""
    return JSONResponse(found, status, headers={"Cache-Control": "no-store"})
