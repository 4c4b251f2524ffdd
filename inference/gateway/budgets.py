"""Budgets of tokens, a minute and a day (UTC) long, of keys and of policies; the day's is read back after a restart."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from inference.gateway.config import GatewayConfig
from inference.gateway.database import connected
from inference.gateway.policy import JOINT
from inference.gateway.problems import BudgetSpent

Clock = Callable[[], float]
Holder = Literal["key", "policy"]

MINUTE: Final = 60
DAY: Final = 86_400
WORDS: Final = {MINUTE: "minute", DAY: "day"}
SPENT_TODAY = """
SELECT key, policy, sum(prompt_tokens + completion_tokens)::bigint AS tokens
FROM gateway.runs
WHERE started_at >= %(since)s AND started_at < %(until)s
GROUP BY key, policy
"""


@dataclass
class _Account:
    """What a holder has spent in the window that began at `begin`."""

    begin: float = 0.0
    tokens: int = 0


class Budgets:
    """Counts the tokens of answered requests; a request comes in as long as its budgets are not spent."""

    def __init__(self, config: GatewayConfig, clock: Clock = time.time) -> None:
        """Begin with nothing spent; `clock` gives seconds since 1970."""
        self._clock = clock
        self._began = clock()
        self._accounts: dict[tuple[Holder, str, int], _Account] = {}
        self._restored = False
        self._limits: dict[tuple[Holder, str, int], int] = {}
        self.configure(config)

    def configure(self, config: GatewayConfig) -> None:
        """Take the limits of another configuration; what is spent stays spent."""
        holders: list[tuple[Holder, str, int | None, int | None]] = [
            *(("key", key.name, key.tokens_per_minute, key.tokens_per_day) for key in config.keys),
            *(
                ("policy", name, rules.tokens_per_minute, rules.tokens_per_day)
                for name, rules in config.policies.items()
            ),
        ]
        self._limits = {
            (holder, name, seconds): limit
            for holder, name, minute, day in holders
            for seconds, limit in ((MINUTE, minute), (DAY, day))
            if limit is not None
        }

    @property
    def limits(self) -> Mapping[tuple[Holder, str, int], int]:
        """Every budget there is, in tokens: by holder, name and seconds."""
        return self._limits

    def check(self, key: str | None, policy: str) -> None:
        """Raise BudgetSpent, naming the budget, when one of the caller's budgets is spent."""
        for account in self._of(key, policy):
            limit = self._limits[account]
            if self.spent(*account) >= limit:
                holder, name, seconds = account
                wait = int(self._begin(seconds) + seconds - self._clock()) + 1
                message = f"The {holder} '{name}' has spent its {limit} tokens of this {WORDS[seconds]}."
                raise BudgetSpent(message, max(wait, 1))

    def charge(self, key: str | None, policy: str, tokens: int) -> None:
        """Count the tokens of an answered request."""
        for account in self._of(key, policy):
            self._current(account).tokens += tokens

    def spent(self, holder: Holder, name: str, seconds: int) -> int:
        """How many tokens a holder has spent in this minute or day."""
        return self._current((holder, name, seconds)).tokens

    def _of(self, key: str | None, policy: str) -> Iterator[tuple[Holder, str, int]]:
        """Yield the budgets that hold for a key under a policy."""
        if not self._limits:
            return
        holders: list[tuple[Holder, str]] = [("policy", name) for name in policy.split(JOINT)]
        for holder, name in [("key", key or ""), *holders]:
            for seconds in (MINUTE, DAY):
                if (holder, name, seconds) in self._limits:
                    yield holder, name, seconds

    def _begin(self, seconds: int) -> float:
        """When the window that holds now began."""
        return self._clock() // seconds * seconds

    def _current(self, account: tuple[Holder, str, int]) -> _Account:
        """Return an account of the present window, emptied when a new one has begun."""
        begin = self._begin(account[2])
        found = self._accounts.setdefault(account, _Account(begin))
        if found.begin != begin:
            found.begin, found.tokens = begin, 0
        return found

    async def restore(self, database_url: str) -> None:
        """Once: count what the log says was spent today before this process began. Raises DatabaseAway."""
        if self._restored or not any(seconds == DAY for _, _, seconds in self._limits):
            return
        span = {"since": _moment(self._begin(DAY)), "until": _moment(self._began)}
        async with connected(database_url) as connection:
            rows: list[dict[str, Any]] = await (await connection.execute(SPENT_TODAY, span)).fetchall()
        for row in rows:
            for account in self._of(row["key"], row["policy"] or ""):
                if account[2] == DAY:
                    self._current(account).tokens += int(row["tokens"])
        self._restored = True


def _moment(seconds: float) -> datetime:
    """Return a moment of the clock in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
