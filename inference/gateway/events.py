"""Server-sent events of an engine, read one by one: garbage and an end before the end are found as they happen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from inference.gateway.problems import EngineFailed

DATA = b"data:"
DONE = b"[DONE]"
FIELDS = (b"event:", b"id:", b"retry:", b":")
EVENT_MAX_BYTES = 1 << 20
DRAIN_SECONDS = 0.05


@dataclass(slots=True)
class Event:
    """One event as it came, its JSON object (None for the mark of the end), and what it adds to the answer.

    `is_finish`: the engine says that a choice is complete. `is_count`: it carries token counts and nothing else.
    """

    raw: bytes
    data: dict[str, Any] | None
    words: str = ""
    tool_calls: Sequence[Any] = ()
    usage: Any = None
    is_finish: bool = False
    is_count: bool = False


async def events(pieces: AsyncIterator[bytes], role: str) -> AsyncGenerator[list[Event], None]:
    """Yield the events of a stream up to its mark of the end, together those that came together.

    Raises EngineFailed for garbage or a broken end.
    """
    reader = _Reader(role)
    async for piece in pieces:
        found = reader.feed(piece)
        if found:
            yield found
        reader.require_sound()
        if reader.ended:
            await _drain(pieces)
            return
    found = reader.rest()
    if found:
        yield found
    reader.require_sound()
    reader.require_end()


class _Reader:
    """Cuts what comes at its blank lines and reads what stands between them; a piece may end even inside a letter."""

    def __init__(self, role: str) -> None:
        """Begin with nothing read."""
        self._role = role
        self._left = b""
        self._finished = False
        self._flaw: EngineFailed | None = None
        self.ended = False

    def feed(self, piece: bytes) -> list[Event]:
        """Return the events that a piece completes."""
        text = self._left + piece if self._left else piece
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n")
        *blocks, self._left = text.split(b"\n\n")
        found = self._read(blocks)
        if len(self._left) > EVENT_MAX_BYTES and self._flaw is None:
            self._flaw = EngineFailed(_garbage(self._role))
        return found

    def rest(self) -> list[Event]:
        """Return the event that no blank line ended."""
        return self._read([self._left] if self._left.strip() else [])

    def require_sound(self) -> None:
        """Raise EngineFailed when something came that is no event of a chat; what came before it is still good."""
        if self._flaw is not None:
            raise self._flaw

    def require_end(self) -> None:
        """Raise EngineFailed when the engine stopped before its answer was complete."""
        if not (self.ended or self._finished):
            message = f"The {self._role} engine broke off in the middle of its answer."
            raise EngineFailed(message)

    def _read(self, blocks: list[bytes]) -> list[Event]:
        """Read blocks up to the mark of the end, or to one that is garbage."""
        found: list[Event] = []
        for block in blocks:
            try:
                event = _read(block, self._role)
            except EngineFailed as flaw:
                self._flaw = flaw
                break
            if event is None:
                continue
            found.append(event)
            if event.data is None:
                self.ended = True
                break
            self._finished = self._finished or event.is_finish
        return found


def _read(block: bytes, role: str) -> Event | None:
    """Read one event; None for a comment or a heartbeat. Raises EngineFailed for what is no event of a chat."""
    data = []
    for line in block.strip(b"\n").split(b"\n"):
        if line.startswith(DATA):
            data.append(line[len(DATA) :].strip())
        elif line and not line.startswith(FIELDS):
            raise EngineFailed(_garbage(role))
    if not data:
        return None
    text = b"\n".join(data)
    raw = DATA + b" " + text + b"\n\n"
    if text == DONE:
        return Event(raw, None)
    try:
        found = json.loads(text.decode())
    except (ValueError, RecursionError) as error:
        raise EngineFailed(_garbage(role)) from error
    if not isinstance(found, dict) or not isinstance(found.get("choices", []), list):
        raise EngineFailed(_garbage(role))
    if "error" in found and not found.get("choices"):
        message = f"The {role} engine failed in the middle of its answer."
        raise EngineFailed(message)
    return _event(raw, found)


def _event(raw: bytes, data: dict[str, Any]) -> Event:
    """Read what an event adds, once: streams are the busiest part of the gateway."""
    words, finished = "", False
    calls: list[Any] = []
    choices = data.get("choices") or ()
    for choice in choices:
        if not isinstance(choice, dict):
            continue
        delta = choice.get("delta")
        if isinstance(delta, dict):
            content = delta.get("content")
            words += content if isinstance(content, str) else ""
            calls += delta.get("tool_calls") or ()
        finished = finished or bool(choice.get("finish_reason"))
    usage = data.get("usage")
    return Event(raw, data, words, calls, usage, finished, is_count=usage is not None and not choices)


def _garbage(role: str) -> str:
    """Say what came."""
    return f"The {role} engine streams something that is not a chat."


async def _drain(pieces: AsyncIterator[bytes]) -> None:
    """Read the last bytes of an answer, so that its connection can be used again; not for long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in pieces:
                pass
