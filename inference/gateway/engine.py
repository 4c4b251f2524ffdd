"""One engine as the gateway sees it: its address, whether it is ready, and how it is asked."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any, TypeVar

from inference.gateway.breaker import Breaker
from inference.gateway.config import BreakerConfig, EngineConfig, HealthConfig
from inference.gateway.problems import EngineFailed, EngineRefused, EngineUnavailable, GatewayProblem, InputTooLong
from inference.gateway.wire import Broken, Limits, Overdue, Reply, Silent, Unreachable, Wire, WireError, joined

START_GRACE_SECONDS = 180.0
PROBLEM_TYPE = "application/problem+json"
TOO_LONG_MARKS = ("exceed_context_size", "maximum context length")
JSON_HEADERS = (("content-type", "application/json"),)
TEXT_MAX_BYTES = 2000
RETRY_SECONDS = 0.1

Answer = TypeVar("Answer")


class EngineProblem(GatewayProblem):
    """A problem that the engine itself has described; it is passed on as it is."""

    verdict = "input_invalid"

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body.get("detail", "")), body.get("field"))
        self.status = status
        self._body = body

    def body(self) -> dict[str, Any]:
        """Return what the engine said."""
        return self._body


class EngineAway(EngineUnavailable):
    """The engine cannot be reached or is silent; `reached` tells whether it has seen anything of the request."""

    def __init__(self, detail: str, *, reached: bool) -> None:
        super().__init__(detail)
        self.reached = reached


class Engine:
    """An engine behind an OpenAI-compatible address. No address: the feature is switched off."""

    def __init__(
        self, config: EngineConfig, *, breaker: BreakerConfig | None = None, health: HealthConfig | None = None
    ) -> None:
        """Prepare keep-alive connections; proxies of the environment are not used."""
        self.config = config
        self.name, self.role = config.name, config.role
        self.state = "starting" if config.url else "off"
        self.reason = "The engine has not answered yet." if config.url else "No address is set for this engine."
        self.model = config.model
        self.model_hash = ""
        self.in_flight = self.batch_in_flight = self.turns = 0
        self.breaker = Breaker(breaker or BreakerConfig())
        self._health_seconds = (health or HealthConfig()).timeout_seconds
        self._started = time.monotonic()
        self._came_up = False
        limits = Limits(config.connect_seconds, config.first_byte_seconds, config.idle_seconds, config.total_seconds)
        self._wire = Wire(config.url, limits)

    def readiness(self) -> float:
        """Return 1 when the engine is ready, 0 when not: what a gauge shows."""
        return float(self.state == "ready")

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def require_on(self) -> None:
        """Raise when the engine is switched off."""
        if self.state == "off":
            message = f"The {self.role} engine is switched off. {self.reason}"
            raise EngineUnavailable(message)

    def _away(self, error: WireError) -> EngineAway:
        """Say in words why the engine could not be asked."""
        if isinstance(error, Silent):
            kept = "was silent for" if error.begun else "did not answer in"
            return EngineAway(f"The {self.role} engine {kept} {error.seconds:g} s.", reached=True)
        message = f"The {self.role} engine cannot be reached ({type(error).__name__})."
        return EngineAway(message, reached=not isinstance(error, Unreachable))

    async def post(self, path: str, body: bytes) -> Reply:
        """Ask once, and once more when a kept-alive connection proved stale. Raises a GatewayProblem."""
        self.require_on()

        async def ask() -> Reply:
            return await self._wire.call("POST", path, body=body, headers=JSON_HEADERS)

        try:
            reply = await _again_when_stale(ask)
        except WireError as error:
            raise self._away(error) from error
        self._require_success(reply)
        return reply

    async def upload(self, path: str, parts: AsyncIterator[bytes], headers: dict[str, str]) -> Reply:
        """Pass a body on as it arrives, without keeping it. Raises a GatewayProblem."""
        self.require_on()
        try:
            reply = await self._wire.call("POST", path, body=parts, headers=tuple(headers.items()))
        except WireError as error:
            raise self._away(error) from error
        self._require_success(reply)
        return reply

    @asynccontextmanager
    async def stream(self, path: str, body: bytes) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a streamed answer; a broken stream raises EngineFailed inside the block."""
        self.require_on()
        try:
            async with AsyncExitStack() as stack:

                async def ask() -> tuple[Reply, AsyncIterator[bytes]]:
                    answer = self._wire.stream("POST", path, body=body, headers=JSON_HEADERS)
                    return await stack.enter_async_context(answer)

                reply, pieces = await _again_when_stale(ask)
                if not _is_success(reply):
                    reply.body = await joined(pieces)
                    self._require_success(reply)
                yield pieces
        except (Unreachable, Silent) as error:
            raise self._away(error) from error
        except Overdue as error:
            message = f"The {self.role} engine did not end its answer in {self.config.total_seconds:g} s."
            raise EngineFailed(message) from error
        except WireError as error:
            message = f"The {self.role} engine broke off in the middle of its answer."
            raise EngineFailed(message) from error

    def _require_success(self, reply: Reply) -> None:
        """Translate an engine's error into ours."""
        if _is_success(reply):
            return
        text = reply.body[:TEXT_MAX_BYTES].decode(errors="replace")
        described = reply.headers.get("content-type", "").startswith(PROBLEM_TYPE)
        if described and reply.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise EngineProblem(reply.status, _described(reply))
        if reply.status == HTTPStatus.SERVICE_UNAVAILABLE:
            detail = str(_described(reply).get("detail", "")) if described else ""
            raise EngineUnavailable(detail or f"The {self.role} engine is not ready yet.")
        if any(mark in text for mark in TOO_LONG_MARKS):
            message = "The text does not fit the model's context."
            raise InputTooLong(message, "input")
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            message = f"The {self.role} engine failed with status {reply.status}."
            raise EngineFailed(message)
        message = f"The {self.role} engine refused the request with status {reply.status}: {_said(text)}"
        raise EngineRefused(message)

    async def check_health(self) -> None:
        """Ask the engine whether it is ready, and when it is, which model with which hash it serves."""
        if self.state == "off":
            return
        try:
            async with asyncio.timeout(self._health_seconds):
                answer = await self._wire.call("GET", self.config.health_path)
                if _is_success(answer) and (self.state != "ready" or not self.model):
                    await self._learn_model()
        except (WireError, TimeoutError, ValueError) as error:
            self._not_ready(f"No answer from the engine ({type(error).__name__}).", starting=not self._came_up)
            return
        if _is_success(answer):
            if self.state == "down":
                self.breaker.invite()
            self.state, self.reason, self._came_up = "ready", "", True
        else:
            starting = answer.status == HTTPStatus.SERVICE_UNAVAILABLE
            self._not_ready(f"{self.config.health_path} answers {answer.status}.", starting=starting)

    def _not_ready(self, reason: str, *, starting: bool) -> None:
        """Note why the engine is not ready; one that never came up counts as starting only for a while."""
        young = time.monotonic() - self._started < START_GRACE_SECONDS
        self.state = "starting" if starting and young else "down"
        self.reason = reason

    async def _learn_model(self) -> None:
        """Read the served model's name and hash from /v1/models."""
        answer = await self._wire.call("GET", "/v1/models")
        entries = _object(answer.body).get("data") if _is_success(answer) else None
        if not entries:
            return
        names = [str(name) for entry in entries for name in (entry.get("id", ""), *entry.get("aliases", []))]
        hashes = [name.removeprefix("sha256:") for name in names if name.startswith("sha256:")]
        self.model_hash = hashes[0] if hashes else ""
        served = next((name for name in names if name and not name.startswith("sha256:")), "")
        self.model = self.config.model or served


def _is_success(reply: Reply) -> bool:
    """Tell whether a status is of the kind that says yes."""
    return HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES


async def _again_when_stale(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask; once more when nobody listened or when the engine closed a kept-alive connection as it was used."""
    try:
        return await ask()
    except Unreachable:
        await asyncio.sleep(RETRY_SECONDS)
    except Broken as error:
        if not error.stale:
            raise
    return await ask()


def _object(text: str | bytes) -> dict[str, Any]:
    """Return the JSON object in a text. Raises ValueError when it holds none."""
    found = json.loads(text)
    if not isinstance(found, dict):
        message = "no JSON object"
        raise ValueError(message)  # noqa: TRY004 - the caller asks whether the text is right, not the type
    return found


def _described(reply: Reply) -> dict[str, Any]:
    """Return the problem details that an engine gave, or its status alone when they cannot be read."""
    try:
        return _object(reply.body)
    except ValueError:
        return {"title": "The model's engine refused the request", "status": reply.status}


def _said(text: str) -> str:
    """Return the message inside an OpenAI-style error, or the start of the text."""
    try:
        found = json.loads(text)
        return str(found["error"]["message"])[:300]
    except (ValueError, KeyError, TypeError):
        return text[:300]
