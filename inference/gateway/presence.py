"""Work for a caller who has gone is given up: a model's time is the scarcest thing on the machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

from starlette.requests import Request

from inference.serving import until_gone

Result = TypeVar("Result")


async def unless_gone(request: Request, work: Awaitable[Result]) -> Result | None:
    """Return what the work returns, or None as soon as the caller has gone: then the work is cancelled."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(until_gone(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        leaving.cancel()
        if not working.done():
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
