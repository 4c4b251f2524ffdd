"""One engine as the gateway sees it: its address, whether it is ready, and how it is asked."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from inference.gateway.problems import EngineFailed, EngineRefused, EngineUnavailable, GatewayProblem, InputTooLong

CONNECT_SECONDS = 2.0
HEALTH_SECONDS = 5.0
START_GRACE_SECONDS = 180.0
TRIES = 2
PROBLEM_TYPE = "application/problem+json"
TOO_LONG_MARKS = ("exceed_context_size", "maximum context length")
JSON_HEADERS = {"Content-Type": "application/json"}


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


class Engine:
    """An engine behind an OpenAI-compatible address. No address: the feature is switched off."""

    def __init__(self, role: str, url: str, *, timeout_seconds: float) -> None:
        """Prepare keep-alive connections; proxies of the environment are not used."""
        self.role = role
        self.url = url
        self.state = "starting" if url else "off"
        self.reason = "The engine has not answered yet." if url else "No address is set for this engine."
        self.model = ""
        self.model_hash = ""
        self._timeout_seconds = timeout_seconds
        self._started = time.monotonic()
        timeout = httpx.Timeout(timeout_seconds, connect=CONNECT_SECONDS)
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=32, keepalive_expiry=60)
        transport = httpx.AsyncHTTPTransport(retries=1, limits=limits, trust_env=False)
        self._client = httpx.AsyncClient(base_url=url or "http://off", timeout=timeout, transport=transport)

    def readiness(self) -> float:
        """Return 1 when the engine is ready, 0 when not: what a gauge shows."""
        return float(self.state == "ready")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _require_on(self) -> None:
        """Raise when the engine is switched off."""
        if self.state == "off":
            message = f"The {self.role} engine is switched off. {self.reason}"
            raise EngineUnavailable(message)

    def _unavailable(self, error: httpx.TransportError) -> EngineUnavailable:
        """Say in words why the engine could not be asked."""
        if isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout | httpx.PoolTimeout):
            return EngineUnavailable(f"The {self.role} engine did not answer in {self._timeout_seconds:.0f} s.")
        return EngineUnavailable(f"The {self.role} engine cannot be reached ({type(error).__name__}).")

    async def post(self, path: str, body: bytes) -> httpx.Response:
        """Ask once, and once more when the connection broke before an answer. Raises a GatewayProblem."""
        self._require_on()
        for attempt in range(TRIES):
            try:
                answer = await self._client.post(path, content=body, headers=JSON_HEADERS)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                # A kept-alive connection may have been closed by the engine just as it was used.
                if attempt + 1 == TRIES:
                    raise self._unavailable(error) from error
            except httpx.TransportError as error:
                raise self._unavailable(error) from error
            else:
                self._require_success(answer)
                return answer
        message = "unreachable: the last try returns or raises"
        raise AssertionError(message)

    async def upload(self, path: str, parts: AsyncIterator[bytes], headers: dict[str, str]) -> httpx.Response:
        """Pass a body on as it arrives, without keeping it. Raises a GatewayProblem."""
        self._require_on()
        try:
            answer = await self._client.post(path, content=parts, headers=headers)
        except httpx.TransportError as error:
            raise self._unavailable(error) from error
        self._require_success(answer)
        return answer

    @asynccontextmanager
    async def stream(self, path: str, body: bytes) -> AsyncIterator[httpx.Response]:
        """Open a streamed answer; a broken stream raises EngineFailed inside the block."""
        self._require_on()
        try:
            async with self._client.stream("POST", path, content=body, headers=JSON_HEADERS) as answer:
                if answer.is_error:
                    await answer.aread()
                    self._require_success(answer)
                yield answer
        except (httpx.ConnectError, httpx.TimeoutException) as error:
            raise self._unavailable(error) from error
        except httpx.TransportError as error:
            message = f"The {self.role} engine broke off in the middle of its answer."
            raise EngineFailed(message) from error

    def _require_success(self, answer: httpx.Response) -> None:
        """Translate an engine's error into ours."""
        if answer.is_success:
            return
        text = answer.text[:2000]
        if answer.headers.get("content-type", "").startswith(PROBLEM_TYPE):
            raise EngineProblem(answer.status_code, answer.json())
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            message = f"The {self.role} engine is not ready yet."
            raise EngineUnavailable(message)
        if any(mark in text for mark in TOO_LONG_MARKS):
            message = "The text does not fit the model's context."
            raise InputTooLong(message, "input")
        if answer.is_server_error:
            message = f"The {self.role} engine failed with status {answer.status_code}."
            raise EngineFailed(message)
        message = f"The {self.role} engine refused the request with status {answer.status_code}: {_said(text)}"
        raise EngineRefused(message)

    async def check_health(self) -> None:
        """Ask the engine whether it is ready, and when it is, which model with which hash it serves."""
        if self.state == "off":
            return
        try:
            answer = await self._client.get("/health", timeout=HEALTH_SECONDS)
            if answer.is_success:
                if self.state != "ready" or not self.model:
                    await self._learn_model()
                self.state, self.reason = "ready", ""
            else:
                self._not_ready(f"/health answers {answer.status_code}.", starting=answer.status_code == 503)
        except (httpx.TransportError, ValueError) as error:
            self._not_ready(f"No answer from the engine ({type(error).__name__}).", starting=not self.model)

    def _not_ready(self, reason: str, *, starting: bool) -> None:
        """Note why the engine is not ready; one that never came up counts as starting only for a while."""
        young = time.monotonic() - self._started < START_GRACE_SECONDS
        self.state = "starting" if starting and young else "down"
        self.reason = reason

    async def _learn_model(self) -> None:
        """Read the served model's name and hash from /v1/models."""
        answer = await self._client.get("/v1/models", timeout=HEALTH_SECONDS)
        entries = answer.json().get("data") if answer.is_success else None
        if not entries:
            return
        names = [str(entries[0].get("id", "")), *map(str, entries[0].get("aliases", []))]
        hashes = [name.removeprefix("sha256:") for name in names if name.startswith("sha256:")]
        self.model_hash = hashes[0] if hashes else ""
        self.model = next((name for name in names if name and not name.startswith("sha256:")), "")


def _said(text: str) -> str:
    """Return the message inside an OpenAI-style error, or the start of the text."""
    try:
        found = json.loads(text)
        return str(found["error"]["message"])[:300]
    except (ValueError, KeyError, TypeError):
        return text[:300]
