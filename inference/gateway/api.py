"""The gateway's routes, its key, and how problems are answered."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from inference.gateway import admin_api, chat, log_api, module_runs, passage
from inference.gateway.gateway import Gateway
from inference.gateway.keys import KeyRing
from inference.gateway.problems import GatewayProblem, KeyMissing

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})

Handler = Callable[[Gateway, Request], Awaitable[Response]]

log = logging.getLogger("ostrov.gateway")


class KeyCheck:
    """Lets through who brings a bearer key, and notes which; health and metrics are open to this machine."""

    def __init__(self, app: ASGIApp, keys: KeyRing) -> None:
        """Guard an application with keys."""
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with 401."""
        if scope["type"] == "http" and scope["path"] not in OPEN_PATHS:
            given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
            key = self._keys.find(given)
            if key is None:
                problem = KeyMissing("Send the gateway's key as 'Authorization: Bearer KEY'.")
                await problem.response()(scope, receive, send)
                return
            scope["ostrov.key"] = key
        await self._app(scope, receive, send)


class Endpoint:
    """Answers a route with a handler; Starlette asks an application, such as this one, with fewer steps."""

    def __init__(self, gateway: Gateway, handler: Handler) -> None:
        """Bind a handler to a gateway."""
        self._gateway = gateway
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._handler(self._gateway, Request(scope, receive, send))
        await response(scope, receive, send)


async def _healthz(_gateway: Gateway, _request: Request) -> Response:
    """Say that the process is up."""
    return JSONResponse({"status": "ok"})


async def _readyz(gateway: Gateway, _request: Request) -> Response:
    """Say which engines can be used and whether runs reach the database."""
    found = gateway.readiness()
    return JSONResponse(found, 200 if found["ready"] else 503)


async def _metrics(gateway: Gateway, _request: Request) -> Response:
    """Return the counters for Prometheus."""
    return Response(generate_latest(gateway.registry), media_type=CONTENT_TYPE_LATEST)


async def _models(gateway: Gateway, _request: Request) -> Response:
    """List the roles that callers name as `model`, with what serves them now, and the modules."""
    data = [
        {
            "id": role,
            "object": "model",
            "owned_by": "ostrov",
            "state": engine.state,
            "served_by": engine.model or None,
            "model_hash": engine.model_hash or None,
        }
        for role, engine in gateway.traffic.by_role().items()
    ]
    modules = [
        {"name": name, "version": module.manifest.version, "title": module.manifest.title}
        for name, module in gateway.modules.items()
    ]
    left_out = [entry.as_json() for entry in gateway.left_out]
    engines = [
        {"name": name, **{field: found[field] for field in ("role", "model", "model_hash", "state")}}
        for name, found in gateway.traffic.instances().items()
    ]
    listed = {"object": "list", "data": data, "engines": engines, "modules": modules, "modules_left_out": left_out}
    return JSONResponse(listed)


async def _problem(_request: Request, error: Exception) -> Response:
    """Answer an expected failure."""
    if isinstance(error, GatewayProblem):
        return error.response()
    raise error


async def _http_problem(_request: Request, error: Exception) -> Response:
    """Answer what the router itself refuses (404, 405) in the same shape."""
    if not isinstance(error, HTTPException):
        raise error
    problem = GatewayProblem(str(error.detail))
    problem.kind, problem.title, problem.status = "http-error", str(error.detail), error.status_code
    return problem.response()


async def _failure(_request: Request, _error: Exception) -> Response:
    """Answer an unexpected failure; the server's log has its trace."""
    return GatewayProblem("Something unexpected happened; the gateway's log says what.").response()


def build_app(gateway: Gateway) -> Starlette:
    """Build the HTTP application around a gateway."""

    def route(path: str, handler: Handler, method: str = "GET") -> Route:
        return Route(path, Endpoint(gateway, handler), methods=[method])

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await gateway.start()
        yield
        await gateway.stop()

    return Starlette(
        routes=[
            route("/v1/chat/completions", chat.chat, "POST"),
            route("/v1/embeddings", passage.embeddings, "POST"),
            route("/v1/rerank", passage.rerank, "POST"),
            route("/v1/audio/transcriptions", passage.transcriptions, "POST"),
            route("/v1/modules/{name}/run", module_runs.run_module, "POST"),
            route("/v1/models", _models),
            route("/v1/runs", log_api.runs),
            route("/v1/runs/{run_id}", log_api.run),
            route("/v1/runs/{run_id}/verdicts", log_api.judge, "POST"),
            route("/v1/quality", log_api.quality),
            route("/v1/prompts", admin_api.prompts),
            route("/v1/prompts/{module}", admin_api.pin, "PUT"),
            route("/v1/features", admin_api.features),
            route("/v1/features/{feature}", admin_api.switch, "PUT"),
            route("/healthz", _healthz),
            route("/readyz", _readyz),
            route("/metrics", _metrics),
        ],
        middleware=[Middleware(KeyCheck, keys=gateway.keys)],
        exception_handlers={GatewayProblem: _problem, HTTPException: _http_problem, Exception: _failure},
        lifespan=lifespan,
    )
