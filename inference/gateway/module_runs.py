"""`POST /v1/modules/NAME/run`: one run of one AI module, whole or streamed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from inference.gateway.asking import Asking, faults
from inference.gateway.declared import veil_of
from inference.gateway.gateway import Gateway
from inference.gateway.masking import known_values
from inference.gateway.presence import unless_gone
from inference.gateway.problems import GatewayProblem, ModuleUnknown, OutputInvalid
from inference.gateway.protocol import ModuleRequest, body_of, event, invalid, new_run, run_summary
from inference.gateway.runs import Run, features_of
from inference.modules.base import ModelError, Module, Prompt

ENDPOINT = "module"
CLIENT_CLOSED = 499


def _begin(gateway: Gateway, module: Module, request: Request) -> tuple[Run, Prompt]:
    """Begin a run: who asks, within which rules, with which versions and hashes."""
    manifest, prompt = module.manifest, gateway.prompts.chosen(module)
    run = new_run(request, ENDPOINT, manifest.name)
    run.rules = gateway.module_rules.within(run.rules, manifest.name)
    run.module, run.module_version = manifest.name, manifest.version
    run.prompt_version, run.prompt_hash, run.prompt_file = prompt.version, prompt.hash, prompt.file
    return run, prompt


def _check(gateway: Gateway, module: Module, run: Run) -> None:
    """Raise FeatureOff or PolicyForbids when this run may not be."""
    manifest = module.manifest
    gateway.features.require(run.feature)
    run.rules.check_module(manifest.name)
    run.rules.check(manifest.data_classes, what=f"The module {manifest.name}")


def _read(module: Module, body: bytes, run: Run) -> tuple[ModuleRequest, BaseModel]:
    """Read what is asked, and note in the run which record it is about. Raises RequestInvalid."""
    try:
        asked = ModuleRequest.model_validate_json(body)
    except ValidationError as error:
        raise invalid(error) from error
    if asked.subject is not None:
        run.subject_type, run.subject_id = asked.subject.type, asked.subject.id
    try:
        return asked, module.input.model_validate(asked.input)
    except ValidationError as error:
        raise invalid(error, "input") from error


async def run_module(gateway: Gateway, request: Request) -> Response:
    """Answer one request to run a module."""
    name = request.path_params["name"]
    module = gateway.modules.get(name)
    if module is None:
        message = f"There is no module {name!r}. Known: {', '.join(sorted(gateway.modules))}."
        raise ModuleUnknown(message)
    run, prompt = _begin(gateway, module, request)
    try:
        _check(gateway, module, run)
        asked, given = _read(module, await body_of(request), run)
        lane = gateway.bind(run, module.manifest.role, data_classes=module.manifest.data_classes)
    except GatewayProblem as problem:
        gateway.close_run(run, problem)
        raise
    asking = Asking(module, prompt, lane, run, veil_of(run, list(known_values(asked.input))))
    work = ModuleRun(gateway, module, run, asking)
    if asked.stream:
        pieces = work.streamed(given)
        return StreamingResponse(pieces, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
    return await work.whole(given, request)


def _as_problem(error: Exception) -> GatewayProblem | None:
    """Return the expected problem behind an error, None when nobody expected it."""
    if isinstance(error, GatewayProblem):
        return error
    return OutputInvalid(str(error)) if isinstance(error, ModelError) else None


class ModuleRun:
    """One run of a module, from its input to its logged verdict."""

    def __init__(self, gateway: Gateway, module: Module, run: Run, asking: Asking) -> None:
        """Bind a run that has begun."""
        self._gateway = gateway
        self._module = module
        self._run = run
        self._asking = asking

    async def _made(self, given: BaseModel) -> BaseModel:
        """Run the module; one whose output does not fit its own schema is run once more, its model told why."""
        output = await self._module.run(given, self._asking)
        try:
            return self._fitting(output)
        except OutputInvalid as error:
            self._asking.object_to(error.detail)
        output = self._fitting(await self._module.run(given, self._asking))
        if self._run.verdict == "ok":
            self._run.verdict = "repaired"
        return output

    def _fitting(self, output: object) -> BaseModel:
        """Return an output that fits the module's schema. Raises OutputInvalid for any other."""
        try:
            return self._module.output.model_validate(output.model_dump() if isinstance(output, BaseModel) else output)
        except ValidationError as error:
            message = f"The output of the module {self._module.manifest.name} does not fit its schema: {faults(error)}"
            raise OutputInvalid(message) from error

    async def _finished(self, output: BaseModel) -> dict[str, Any]:
        """Check the output against its schema and return the answer. A module may go on without its model."""
        found = self._fitting(output).model_dump(mode="json")
        self._run.features = await self._asking.for_log(features_of(found))
        if self._run.verdict == "output_invalid":
            self._run.verdict = "degraded"
        return {"run": run_summary(self._run), "output": found}

    async def whole(self, given: BaseModel, request: Request) -> Response:
        """Run to the end; given up when the asker goes away."""
        problem: GatewayProblem | None = None
        try:
            output = await unless_gone(request, self._made(given))
            if output is None:
                self._run.verdict = "cancelled"
                return Response(status_code=CLIENT_CLOSED)
            return JSONResponse(await self._finished(output))
        except asyncio.CancelledError:
            self._run.verdict = "cancelled"
            raise
        except Exception as error:
            problem = self._judged(error)
            if problem is None:
                raise
            raise problem from error
        finally:
            self._gateway.close_run(self._run, problem)

    def _judged(self, error: Exception) -> GatewayProblem | None:
        """Return the expected problem behind an error; an unexpected one marks the run as failed."""
        problem = _as_problem(error)
        if problem is None:
            self._run.verdict, self._run.reason = "failed", type(error).__name__
        return problem

    async def _pieces(self, given: BaseModel) -> AsyncIterator[str | BaseModel]:
        """Yield the module's text and then its output; one that cannot stream yields its output alone."""
        if self._module.stream is None:
            yield await self._made(given)
            return
        async for piece in self._module.stream(given, self._asking):
            yield piece

    async def streamed(self, given: BaseModel) -> AsyncIterator[bytes]:
        """Yield server-sent events: `token` as text comes, then `result`, or `error` with problem details."""
        problem: GatewayProblem | None = None
        ended = False
        try:
            async for piece in self._pieces(given):
                if isinstance(piece, str):
                    yield event("token", {"text": piece})
                else:
                    yield event("result", await self._finished(piece))
            ended = True
        except Exception as error:
            ended = True
            problem = self._judged(error)
            shown = problem or GatewayProblem("The module failed; the gateway's log says why.")
            yield event("error", shown.body())
            if problem is None:
                raise
        finally:
            if not ended:
                self._run.verdict = "cancelled"
            self._gateway.close_run(self._run, problem)
