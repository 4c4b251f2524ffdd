"""What the gateway and the engines share: a place to serve from, a log, problem details."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from types import FrameType
from typing import Any, NoReturn

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

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


def serve(app: ASGIApp, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then finish what runs for at most a few seconds and return."""
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
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
        lifespan="on",
    )
    uvicorn.Server(config).run()
