"""What the gateway and the engines share: a place to serve from, a log, problem details."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from appliance import service_manager

LOOPBACK = "127.0.0.1"
PROBLEM_BASE = "tag:ostrov,2026:problems/"
EXIT_USAGE = 2
GRACE_SECONDS = 5

log = logging.getLogger("ostrov.serving")


def leave(sentence: str) -> NoReturn:
    """End the program with one sentence that says what is wrong and what to do."""
    sys.stderr.write(sentence + "\n")
    sys.exit(EXIT_USAGE)


def start_log() -> None:
    """Write events of this process to standard error, one a line, times in UTC."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("faster_whisper").setLevel(logging.WARNING)


def problem(status: int, kind: str, title: str, detail: str, field: str | None = None) -> JSONResponse:
    """Build an RFC 9457 answer; `kind` ends its type, `field` names the part of the request at fault."""
    body: dict[str, Any] = {"type": PROBLEM_BASE + kind, "title": title, "status": status, "detail": detail}
    if field is not None:
        body["field"] = field
    return JSONResponse(body, status, media_type="application/problem+json")


def metrics_endpoint(registry: CollectorRegistry) -> Any:
    """Build the handler of /metrics for one registry."""

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return metrics


def thread_count(asked: int) -> int:
    """Return how many threads to compute with: as asked, or one for each processor this process may use."""
    return asked if asked > 0 else len(os.sched_getaffinity(0))


def free_port_or_leave(port: int, setting: str, host: str = LOOPBACK) -> None:
    """End the program when the port is taken, naming the setting that moves it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            leave(f"Port {port} on {host} cannot be used ({error.strerror}). Stop its owner or set {setting}.")


async def until_gone(request: Request) -> None:
    """Return when the caller has closed the connection; the request's body must have been read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _already_stopping(_number: int, _frame: FrameType | None) -> None:
    """Swallow the signal that uvicorn raises again after it has shut down in good order."""


class _Server(uvicorn.Server):
    """uvicorn that tells the service manager when it answers, that it still does, and that it stops."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the doors, then say so."""
        await super().startup(sockets)
        if self.started:
            service_manager.say(service_manager.READY)

    async def main_loop(self) -> None:
        """Serve; the service manager hears of it for as long as this loop turns."""
        pulse = asyncio.create_task(_pulse(service_manager.watch_seconds()))
        try:
            await super().main_loop()
        finally:
            pulse.cancel()
            service_manager.say(service_manager.STOPPING)


async def _pulse(seconds: float | None) -> None:
    """Say that the loop turns, every so many seconds; None for never."""
    while seconds is not None:
        service_manager.say(service_manager.ALIVE)
        await asyncio.sleep(seconds)


def serve(
    app: ASGIApp, *, host: str, port: int, sockets: Sequence[socket.socket] = (), grace_seconds: int = GRACE_SECONDS
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what runs for at most `grace_seconds` and return.

    `sockets` that listen already (those of the service manager) are served instead of `host` and `port`.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _already_stopping)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        timeout_keep_alive=120,
        timeout_graceful_shutdown=grace_seconds,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
    )
    _Server(config).run(sockets=list(sockets) or None)
