"""An honest stand-in for an engine: a real HTTP server on loopback that answers as it is told, well or badly."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

MODEL = "stand-in-1"
MODEL_HASH = "ab" * 32


@dataclass(frozen=True)
class Say:
    """Answer a chat with this text."""

    text: str


@dataclass(frozen=True)
class Hang:
    """Take this long before answering, in seconds."""

    seconds: float


@dataclass(frozen=True)
class Held:
    """Answer when the test says so, at the latest after a minute."""

    released: threading.Event = field(default_factory=threading.Event)

    async def wait(self) -> None:
        """Until the test says so."""
        await asyncio.to_thread(self.released.wait, 60)


@dataclass(frozen=True)
class Fail:
    """Answer with this status and body."""

    status: int
    body: str = "boom"


@dataclass(frozen=True)
class Raw:
    """Answer 200 with a body that is not what the interface promises."""

    body: str


@dataclass(frozen=True)
class BreakOff:
    """Begin to stream these pieces, then close the connection in the middle."""

    pieces: tuple[str, ...]


@dataclass(frozen=True)
class Stream:
    """Stream these texts as they are, wait a while, and end in good order."""

    texts: tuple[str, ...]
    seconds: float = 0.0


Behaviour = Say | Hang | Held | Fail | Raw | BreakOff | Stream


def chunk(text: str) -> str:
    """One piece of a streamed chat."""
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'content': text}}]})}\n\n"


@dataclass
class StandIn:
    """The server: what it was asked, and what it will do next. Without orders it answers `{"ok": true}`."""

    port: int = 0
    healthy: bool = True
    orders: deque[Behaviour] = field(default_factory=deque)
    asked: list[dict[str, Any]] = field(default_factory=list)
    uploads: list[bytes] = field(default_factory=list)
    given_up: int = 0
    model: str = MODEL

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def will(self, *orders: Behaviour) -> None:
        self.orders.extend(orders)

    async def chat(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body)
        order = self.orders.popleft() if self.orders else Say('{"ok": true}')
        match order:
            case Hang() | Held():
                await (self.hang(request, order.seconds) if isinstance(order, Hang) else order.wait())
                return JSONResponse(completion('{"ok": true}'))
            case Fail(status, text):
                return Response(text, status)
            case Raw(text):
                return Response(text, media_type="application/json")
            case BreakOff() | Stream():
                told = broken(order.pieces) if isinstance(order, BreakOff) else as_it_is(order.texts, order.seconds)
                return StreamingResponse(told, media_type="text/event-stream")
            case Say(text) if body.get("stream"):
                return StreamingResponse(whole(text), media_type="text/event-stream")
            case Say(text):
                return JSONResponse(completion(text))

    async def hang(self, request: Request, seconds: float) -> None:
        """Say nothing for a while, and count it when the asker goes away meanwhile."""
        try:
            await asyncio.wait_for(request.receive(), seconds)
            self.given_up += 1
        except TimeoutError:
            pass

    async def embeddings(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body)
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        data = [{"object": "embedding", "index": i, "embedding": [0.5] * 384} for i, _ in enumerate(texts)]
        return JSONResponse({"object": "list", "model": MODEL, "data": data, "usage": {"prompt_tokens": 3}})

    async def rerank(self, request: Request) -> Response:
        body = await request.json()
        self.asked.append(body)
        order = self.orders.popleft() if self.orders else None
        if isinstance(order, Raw):
            return Response(order.body, media_type="application/json")
        results = [{"index": i, "relevance_score": 1 / (i + 1)} for i, _ in enumerate(body["documents"])]
        return JSONResponse({"model": MODEL, "results": results, "usage": {"prompt_tokens": 9}})

    async def transcriptions(self, request: Request) -> Response:
        self.uploads.append(await request.body())
        order = self.orders.popleft() if self.orders else Raw('{"text": "hello", "segments": []}')
        if isinstance(order, Fail):
            return Response(order.body, order.status, media_type="application/problem+json")
        if isinstance(order, Hang):
            await self.hang(request, order.seconds)
        return Response(order.body if isinstance(order, Raw) else "", media_type="application/json")

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"} if self.healthy else {"error": "loading"}, 200 if self.healthy else 503)

    async def models(self, _request: Request) -> Response:
        return JSONResponse({"data": [{"id": self.model, "aliases": [self.model, f"sha256:{MODEL_HASH}"]}]})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
                Route("/v1/embeddings", self.embeddings, methods=["POST"]),
                Route("/v1/rerank", self.rerank, methods=["POST"]),
                Route("/v1/audio/transcriptions", self.transcriptions, methods=["POST"]),
                Route("/v1/models", self.models),
                Route("/health", self.health),
            ]
        )


def completion(text: str) -> dict[str, Any]:
    """A whole chat answer."""
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 11, "completion_tokens": 7}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "model": MODEL, "usage": usage}


async def whole(text: str) -> AsyncIterator[str]:
    """A streamed chat that ends as it should."""
    for word in text.split(" "):
        yield chunk(word + " ")
    yield f"data: {json.dumps({'choices': [], 'usage': {'prompt_tokens': 11, 'completion_tokens': 7}})}\n\n"
    yield "data: [DONE]\n\n"


async def as_it_is(texts: tuple[str, ...], seconds: float) -> AsyncIterator[str]:
    """A stream of anything."""
    for text in texts:
        yield text
    await asyncio.sleep(seconds)


async def broken(pieces: tuple[str, ...]) -> AsyncIterator[str]:
    """A streamed chat whose engine dies in the middle."""
    for piece in pieces:
        yield chunk(piece)
    await asyncio.sleep(0.05)
    message = "the engine dies here"
    raise ConnectionAbortedError(message)


@contextmanager
def served(app: Any) -> Iterator[int]:
    """Serve an application on a free port of loopback, in a thread; yields the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_level="critical", ws="none", lifespan="auto", timeout_graceful_shutdown=1, loop="uvloop"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.01)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """A stand-in engine, served."""
    engine = StandIn()
    with served(engine.app()) as port:
        engine.port = port
        yield engine
