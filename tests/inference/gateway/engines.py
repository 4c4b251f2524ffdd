"""Two engines that stand in, and what tests of the gateway's traffic say about them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from inference.gateway.config import EngineConfig
from tests.inference.standin_engine import StandIn

CHAT = {"model": "chat", "messages": [{"role": "user", "content": "hello"}]}
STREAM = {**CHAT, "stream": True}
DONE = "data: [DONE]\n\n"
FINISH = 'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'


def entry(name: str, engine: StandIn, role: str = "chat", **more: Any) -> EngineConfig:
    limits = {"connect_seconds": 0.3, "first_byte_seconds": 0.4, "idle_seconds": 0.4, "total_seconds": 0.8}
    url = engine.url
    return EngineConfig(**{"name": name, "role": role, "url": url, **limits, **more})


def pair(
    two: tuple[StandIn, StandIn], first: dict[str, Any] | None = None, second: dict[str, Any] | None = None
) -> tuple[EngineConfig, EngineConfig]:
    return (entry("one", two[0], **(first or {})), entry("other", two[1], **(second or {})))


def served_by(response: Any) -> str:
    return response.headers["x-ostrov-run"]


def wait_until(happened: Callable[[], bool], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)
