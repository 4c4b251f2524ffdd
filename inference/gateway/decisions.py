"""What administrators decide while the gateway runs: features switched, prompts pinned.

Kept in the database, each decision beside the ones before it; a copy in a file holds them while the database is away.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from psycopg.types.json import Jsonb
from pydantic import JsonValue

from inference.gateway.database import DatabaseAway, connected

REFRESH_SECONDS = 5.0
LATEST = (
    "SELECT DISTINCT ON (kind, name) kind, name, value, reason, actor, at FROM gateway.decisions"
    " ORDER BY kind, name, sequence DESC"
)
INSERT = (
    "INSERT INTO gateway.decisions (kind, name, value, reason, actor)"
    " VALUES (%(kind)s, %(name)s, %(value)s, %(reason)s, %(actor)s) RETURNING at"
)

log = logging.getLogger("ostrov.gateway.decisions")


@dataclass(frozen=True)
class Decision:
    """The latest word on one thing: what was decided, why, by whom and when (ISO)."""

    value: JsonValue
    reason: str | None
    actor: str | None
    at: str


class Decisions:
    """The decisions that hold now. Reading them costs nothing; a new one is in the database before it holds."""

    def __init__(self, url: str, copy: Path) -> None:
        """Prepare; `url` is libpq's, `copy` the file that is read when the database is away at the start."""
        self._url = url
        self._copy = copy
        self._held: dict[tuple[str, str], Decision] = {}
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Learn what was decided before, and watch for what other gateways of this database decide."""
        if not await self._refresh():
            self._held = self._read_copy()
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def of(self, kind: str, name: str) -> Decision | None:
        """Return the decision on one thing, None when there was none."""
        return self._held.get((kind, name))

    def value(self, kind: str, name: str) -> JsonValue:
        """Return what was decided on one thing, None when nothing was."""
        found = self.of(kind, name)
        return None if found is None else found.value

    async def decide(self, kind: str, name: str, value: JsonValue, *, reason: str | None, actor: str | None) -> None:
        """Write a decision down, then follow it. Raises DatabaseAway: what cannot be kept does not begin to hold."""
        row = {"kind": kind, "name": name, "value": Jsonb(value), "reason": reason, "actor": actor}
        async with connected(self._url) as connection:
            made = await (await connection.execute(INSERT, row)).fetchone()
        at = "" if made is None else made["at"].isoformat()
        self._hold({**self._held, (kind, name): Decision(value, reason, actor, at)})
        log.info("decision.made kind=%s name=%s value=%s actor=%s", kind, name, json.dumps(value), actor)

    async def _watch(self) -> None:
        """Look at the database again and again."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self._refresh()

    async def _refresh(self) -> bool:
        """Read the decisions that hold; False when the database is away."""
        try:
            async with connected(self._url) as connection:
                rows = await (await connection.execute(LATEST)).fetchall()
        except DatabaseAway:
            return False
        self._hold(
            {
                (row["kind"], row["name"]): Decision(row["value"], row["reason"], row["actor"], row["at"].isoformat())
                for row in rows
            }
        )
        return True

    def _hold(self, found: Mapping[tuple[str, str], Decision]) -> None:
        """Follow these decisions from now on and keep a copy of them."""
        if found == self._held and self._copy.exists():
            return
        self._held = dict(found)
        lines = [{"kind": kind, "name": name, **asdict(decision)} for (kind, name), decision in found.items()]
        try:
            self._copy.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._copy.with_suffix(".new")
            fresh.write_text(json.dumps(lines, ensure_ascii=False), "utf-8")
            fresh.replace(self._copy)
        except OSError as error:
            log.warning("decisions.copy_not_kept reason=%s", error.strerror)

    def _read_copy(self) -> dict[tuple[str, str], Decision]:
        """Return the decisions of the copy; none when there is no readable one."""
        try:
            return {
                (entry.pop("kind"), entry.pop("name")): Decision(**entry)
                for entry in json.loads(self._copy.read_text("utf-8"))
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError):
            log.exception("decisions.copy_unreadable")
            return {}
