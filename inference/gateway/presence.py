"""Work for a caller who has gone is given up: a model's time is the scarcest thing on the machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from typing import TypeVar

from starlette.requests import Request

from inference.serving import until_gone

Result = TypeVar("Result")


async def unless_gone(request: Request, work: Awaitable[Result], read: asyncio.Event | None = None) -> Result | None:
    """Return what the work returns, or None as soon as the caller has gone: then the work is cancelled.

    `read` is for work that reads the request's body itself (see `noting_the_end`): only afterwards can leaving be seen.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_leaves(request, read))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        leaving.cancel()
        if not working.done():
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working


async def _leaves(request: Request, read: asyncio.Event | None) -> None:
    """Return when the caller has gone, looking for it from when the body has been read."""
    if read is not None:
        await read.wait()
    await until_gone(request)


async def noting_the_end(parts: AsyncIterator[bytes], read: asyncio.Event) -> AsyncIterator[bytes]:
    """Yield a body as it comes and set `read` at its end."""
    async for part in parts:
        yield part
    read.set()
