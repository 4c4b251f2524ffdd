"""A small HTTP/1.1 client for engines: kept-alive connections, nothing between the bytes and the caller.

General clients cost more per call than the gateway may add; here the parser is the one that uvicorn uses.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import httptools

IDLE_MAX = 64
HELD_MAX_BYTES = 1 << 20
BODY_MAX_BYTES = 1 << 28

Headers = Iterable[tuple[str, str]]


class WireError(Exception):
    """A call to an engine failed below HTTP."""


class Unreachable(WireError):
    """No connection could be made."""


class Silent(WireError):
    """The engine took longer than it may: `seconds` is the time-out that ran out, `begun` whether an answer came."""

    def __init__(self, seconds: float, *, begun: bool = False) -> None:
        super().__init__(f"no answer in {seconds:g} s")
        self.seconds = seconds
        self.begun = begun


class Overdue(WireError):
    """The engine keeps talking, but its time for the whole answer is over."""


class Broken(WireError):
    """The connection ended before the answer did. `stale`: a kept-alive one, before any byte of an answer."""

    def __init__(self, *, stale: bool) -> None:
        super().__init__("the connection broke")
        self.stale = stale


@dataclass(frozen=True)
class Limits:
    """How long an engine may take, in seconds: to connect, to begin an answer, between its pieces, and in all."""

    connect: float = 2.0
    first_byte: float = 600.0
    idle: float = 600.0
    total: float = 600.0


@dataclass
class Reply:
    """The head of an answer; `headers` have lower-case names. `body` is filled by `read`."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class _Exchange:
    """What one request is waiting for."""

    head: asyncio.Future[Reply]
    headers: dict[str, str] = field(default_factory=dict)
    pieces: deque[bytes] = field(default_factory=deque)
    ended: bool = False
    broken: bool = False
    held_bytes: int = 0
    waiter: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Tell who waits for the next piece that something has come, or that nothing will."""
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)


class _Connection(asyncio.Protocol):
    """One connection; one exchange at a time."""

    def __init__(self) -> None:
        """Begin unconnected."""
        self.transport: asyncio.Transport | None = None
        self.reusable = True
        self.used = False
        self.writable = asyncio.Event()
        self.writable.set()
        self._parser = httptools.HttpResponseParser(self)
        self._exchange: _Exchange | None = None

    def begin(self) -> _Exchange:
        """Prepare for the answer to a request that is about to be sent."""
        self._parser = httptools.HttpResponseParser(self)
        self._exchange = _Exchange(asyncio.get_running_loop().create_future())
        return self._exchange

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the transport; uvloop's is one in all but its class."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits that nothing more will come."""
        del exc
        self.reusable = False
        self.writable.set()
        exchange = self._exchange
        if exchange is None or exchange.ended:
            return
        exchange.broken = True
        exchange.wake()
        if not exchange.head.done():
            exchange.head.set_exception(Broken(stale=self.used))
            exchange.head.exception()  # Looked at, so that an abandoned call leaves no complaint in the log.

    def pause_writing(self) -> None:
        """Hold an upload back."""
        self.writable.clear()

    def resume_writing(self) -> None:
        """Let an upload go on."""
        self.writable.set()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note one header of the answer."""
        if self._exchange is not None:
            self._exchange.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Hand out the head of the answer."""
        if self._exchange is not None and not self._exchange.head.done():
            self._exchange.head.set_result(Reply(self._parser.get_status_code(), self._exchange.headers))

    def on_body(self, body: bytes) -> None:
        """Note a piece of the answer."""
        if self._exchange is not None:
            self._exchange.pieces.append(body)
            self._exchange.held_bytes += len(body)
            self._exchange.wake()
            if self._exchange.held_bytes > HELD_MAX_BYTES and self.transport is not None:
                self.transport.pause_reading()

    def on_message_complete(self) -> None:
        """Note the end of the answer."""
        if self._exchange is not None:
            self._exchange.ended = True
            self._exchange.wake()
            self.reusable = self.reusable and self._parser.should_keep_alive()

    def take(self, exchange: _Exchange) -> bytes:
        """Hand out all that has come; an engine that was held back may go on once its reader has caught up."""
        pieces, held = exchange.pieces, exchange.held_bytes
        found = pieces.pop() if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        exchange.held_bytes = 0
        if held > HELD_MAX_BYTES and self.transport is not None and self.reusable:
            self.transport.resume_reading()
        return found

    def close(self) -> None:
        """Drop the connection; an engine then stops working for it."""
        self.reusable = False
        if self.transport is not None:
            self.transport.abort()


class _Patience:
    """Ends the wait for a piece that does not come. One timer for a whole answer: setting one a piece costs more."""

    def __init__(self, exchange: _Exchange, idle_seconds: float, until: float) -> None:
        """Wait at most so long for each piece, and to a moment of the loop's clock for all."""
        self._exchange = exchange
        self._idle_seconds = idle_seconds
        self._until = until
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._timer = self._loop.call_at(min(self._since + idle_seconds, until), self._look)

    async def wait(self) -> None:
        """Wait for news of the exchange. Raises Overdue or Silent."""
        waiter = self._exchange.waiter = self._loop.create_future()
        self._since = self._loop.time()
        if self._since >= self._until:
            raise Overdue
        await waiter

    def _look(self) -> None:
        """End a wait that has lasted too long; look again when the present one would."""
        now, waiter = self._loop.time(), self._exchange.waiter
        waits = waiter is not None and not waiter.done()
        if waits and waiter is not None and now >= self._until:
            waiter.set_exception(Overdue())
        elif waits and waiter is not None and now >= self._since + self._idle_seconds:
            waiter.set_exception(Silent(self._idle_seconds, begun=True))
        elif now < self._until:
            begun = self._since if waits else now
            self._timer = self._loop.call_at(min(begun + self._idle_seconds, self._until), self._look)

    def end(self) -> None:
        """Look no more."""
        self._timer.cancel()


async def _pieces(
    connection: _Connection, exchange: _Exchange, idle_seconds: float, until: float
) -> AsyncIterator[bytes]:
    """Yield the body as it comes, to a moment of the loop's clock at most. Raises Broken, Overdue or Silent."""
    patience = _Patience(exchange, idle_seconds, until)
    try:
        while True:
            while exchange.pieces:
                yield connection.take(exchange)
            if exchange.ended:
                return
            if exchange.broken:
                raise Broken(stale=False)
            await patience.wait()
    finally:
        patience.end()


class Wire:
    """Calls to one address, over connections that stay open between calls."""

    def __init__(self, url: str, limits: Limits) -> None:
        """Prepare; nothing is connected yet."""
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = parts.path.rstrip("/")
        self._authority = parts.netloc
        self._limits = limits
        self._idle: list[_Connection] = []

    def close(self) -> None:
        """Close the connections that are idle."""
        while self._idle:
            self._idle.pop().close()

    async def _connection(self) -> _Connection:
        """Return an open connection: an idle one, or a new one. Raises Unreachable."""
        while self._idle:
            kept = self._idle.pop()
            if kept.reusable:
                return kept
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limits.connect):
                _, made = await loop.create_connection(_Connection, self._host, self._port, ssl=self._tls)
        except (OSError, TimeoutError) as error:
            raise Unreachable(type(error).__name__) from error
        return made

    def _release(self, connection: _Connection, exchange: _Exchange) -> None:
        """Keep a connection whose answer was read to its end; drop any other."""
        if exchange.ended and connection.reusable and len(self._idle) < IDLE_MAX:
            connection.used = True
            self._idle.append(connection)
        else:
            connection.close()

    def _head(self, method: str, path: str, headers: Headers) -> bytes:
        """Return the head of a request as it goes over the wire."""
        lines = [f"{method} {self._prefix}{path} HTTP/1.1", f"host: {self._authority}"]
        lines.extend(f"{name}: {value}" for name, value in headers)
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        body: bytes | AsyncIterator[bytes] = b"",
        headers: Headers = (),
        head_seconds: float | None = None,
    ) -> AsyncIterator[tuple[Reply, AsyncIterator[bytes]]]:
        """Send a request; give the head of the answer and its body as it comes. Raises a WireError.

        A body that is an iterator needs its content-length among the headers, or goes out in chunks.
        """
        until = asyncio.get_running_loop().time() + self._limits.total
        patience = head_seconds or min(self._limits.first_byte, self._limits.total)
        connection = await self._connection()
        exchange = connection.begin()
        try:
            await self._send(connection, self._whole_head(method, path, body, headers), body, headers)
            try:
                async with asyncio.timeout(patience):
                    reply = await exchange.head
            except TimeoutError:
                raise Silent(patience) from None
            yield reply, _pieces(connection, exchange, self._limits.idle, until)
        finally:
            self._release(connection, exchange)

    def _whole_head(self, method: str, path: str, body: bytes | AsyncIterator[bytes], headers: Headers) -> bytes:
        """Return the head, with the length of a body that is at hand."""
        extra = [("content-length", str(len(body)))] if isinstance(body, bytes) else []
        if not isinstance(body, bytes) and not _has_length(headers):
            extra = [("transfer-encoding", "chunked")]
        return self._head(method, path, [*headers, *extra])

    @staticmethod
    async def _send(connection: _Connection, head: bytes, body: bytes | AsyncIterator[bytes], headers: Headers) -> None:
        """Write a request, no faster than the engine reads it."""
        transport = connection.transport
        if transport is None:
            raise Broken(stale=True)
        if isinstance(body, bytes):
            transport.write(head + body)
            return
        transport.write(head)
        chunked = not _has_length(headers)
        async for piece in body:
            if not connection.reusable:
                return  # The engine has closed already; its answer, if any, says why.
            if piece:
                transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                await connection.writable.wait()
        if chunked:
            transport.write(b"0\r\n\r\n")

    async def call(
        self, method: str, path: str, *, body: bytes | AsyncIterator[bytes] = b"", headers: Headers = ()
    ) -> Reply:
        """Send a request and read the whole answer. Raises a WireError.

        An engine gives the head of a whole answer when it has thought it out, so the head may take all the time.
        """
        total = self._limits.total
        sending = None if isinstance(body, bytes) else total  # What comes piece by piece may stop coming.
        try:
            async with (
                asyncio.timeout(sending),
                self.stream(method, path, body=body, headers=headers, head_seconds=total) as (reply, pieces),
            ):
                reply.body = await joined(pieces)
                return reply
        except (TimeoutError, Overdue):
            raise Silent(total) from None


async def joined(pieces: AsyncIterator[bytes]) -> bytes:
    """Return a whole body. Raises Broken for one that does not end."""
    found, size = [], 0
    async for piece in pieces:
        size += len(piece)
        if size > BODY_MAX_BYTES:
            raise Broken(stale=False)
        found.append(piece)
    return found[0] if len(found) == 1 else b"".join(found)


def _has_length(headers: Headers) -> bool:
    """Tell whether the length of the body is among the headers."""
    return any(name.lower() == "content-length" for name, _ in headers)
