"""Work for a caller who has gone is given up: a model's time is the scarcest thing on the machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from types import TracebackType
from typing import TypeVar

from starlette.requests import Request

from inference.serving import until_gone

Result = TypeVar("Result")


class Watched:
    """A block that is cancelled as soon as the caller of its request has gone; the program then goes on behind it.

    `read` is for work that reads the request's body itself (see `noting_the_end`): only afterwards can leaving be seen.
    """

    def __init__(self, request: Request, read: asyncio.Event | None = None) -> None:
        """Bind; the watch begins with the block."""
        self._request = request
        self._read = read
        self._gone = False

    async def __aenter__(self) -> None:
        """Begin to watch."""
        task = asyncio.current_task()
        if task is None:
            message = "Only a task can be given up."
            raise RuntimeError(message)
        self._task, self._cancelled_before = task, task.cancelling()
        self._watching = asyncio.create_task(self._watch())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """End the watch; swallow the cancellation that was its own doing, and no other."""
        del error, trace
        self._watching.cancel()
        if not self._gone:
            return False
        return self._task.uncancel() <= self._cancelled_before and kind is asyncio.CancelledError

    async def _watch(self) -> None:
        """Cancel the block when the caller has gone, looking for it from when the body has been read."""
        if self._read is not None:
            await self._read.wait()
        await until_gone(self._request)
        self._gone = True
        self._task.cancel()


async def unless_gone(request: Request, work: Awaitable[Result], read: asyncio.Event | None = None) -> Result | None:
    """Return what the work returns, or None as soon as the caller has gone: then the work is cancelled."""
    async with Watched(request, read):
        return await work
    return None


async def noting_the_end(parts: AsyncIterator[bytes], read: asyncio.Event) -> AsyncIterator[bytes]:
    """Yield a body as it comes and set `read` at its end."""
    async for part in parts:
        yield part
    read.set()
