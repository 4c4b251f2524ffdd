"""A bare stand-in engine in a process of its own: answers from memory after a set time, at next to no cost.

`python -m tests.bench.bare_engine PORT SECONDS`: SECONDS before a whole answer, and for all events of a streamed one.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import httptools
import uvloop

MODEL = "bare-1"
EVENTS = 10
HEAD = b"HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-type: "


def whole(body: dict[str, Any]) -> bytes:
    """An answer with its length."""
    content = json.dumps(body).encode()
    return HEAD + b"application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(content), content)


def chunk(delta: dict[str, Any], **more: Any) -> bytes:
    """One streamed event as an HTTP chunk."""
    choice = {"index": 0, "delta": delta, "finish_reason": more.pop("finish", None)}
    body = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": [choice], **more}
    text = b"data: %b\n\n" % json.dumps(body).encode()
    return b"%x\r\n%b\r\n" % (len(text), text)


USAGE = {"prompt_tokens": 12, "completion_tokens": EVENTS, "total_tokens": 12 + EVENTS}
MESSAGE = {"role": "assistant", "content": "word " * EVENTS}
CHAT = whole(
    {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
        "usage": USAGE,
    }
)
VECTOR = {"object": "embedding", "index": 0, "embedding": [0.05] * 384}
VECTORS = whole({"object": "list", "model": MODEL, "data": [VECTOR], "usage": {"prompt_tokens": 3, "total_tokens": 3}})
MODELS = whole({"object": "list", "data": [{"id": MODEL, "object": "model"}]})
HEALTH = whole({"status": "ok"})
STREAM_HEAD = HEAD + b"text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
PIECES = [
    *(chunk({"role": "assistant", "content": "word "}) for _ in range(EVENTS - 1)),
    chunk({}, finish="stop", usage=USAGE) + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n",
]


class Answering(asyncio.Protocol):
    """One connection; requests come one after another."""

    seconds = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.begin()

    def begin(self) -> None:
        self.path = b""
        self.body = b""
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.path = url

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        path, body = self.path, self.body
        loop = asyncio.get_running_loop()
        loop.call_soon(self.begin)
        if b"chat" not in path:
            known = {b"/v1/embeddings": VECTORS, b"/v1/models": MODELS}
            loop.call_later(self.seconds if b"embed" in path else 0, self.send, known.get(path, HEALTH))
        elif json.loads(body).get("stream"):
            self.send(STREAM_HEAD)
            self.go_on(0, loop.time())
        else:
            loop.call_later(self.seconds, self.send, CHAT)

    def go_on(self, position: int, began: float) -> None:
        """Send the events evenly over the time of an answer."""
        self.send(PIECES[position])
        if position + 1 < len(PIECES):
            at = began + self.seconds * (position + 1) / (len(PIECES) - 1)
            asyncio.get_running_loop().call_at(at, self.go_on, position + 1, began)

    def send(self, content: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(content)


async def main() -> None:
    """Serve until the process is ended."""
    Answering.seconds = float(sys.argv[2])
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", int(sys.argv[1]), backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
