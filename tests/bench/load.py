"""A cheap client in a process of its own, so that a benchmark measures the server and not the client.

`python -m tests.bench.load ORDER` takes JSON with url, headers, body, concurrency and requests or seconds, and prints
how long each answer took until its first byte and in all, in milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import uvloop

from inference.gateway.wire import Limits, Wire
from tests.driving import ROOT

CHAT_PATH = "/v1/chat/completions"


@dataclass(frozen=True)
class Taken:
    """What one client saw, in milliseconds; `refused` counts answers that were not 200."""

    first: list[float]
    whole: list[float]
    refused: int
    seconds: float


class Client:
    """Sends the same request again and again, from several places at once."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.wire = Wire(order["url"], Limits())
        self.path = order.get("path", CHAT_PATH)
        self.body = json.dumps(order["body"]).encode()
        self.headers = [("content-type", "application/json"), *order["headers"].items()]
        self.left = order.get("requests") or 1_000_000
        self.until = time.perf_counter() + order.get("seconds", 3600)
        self.first: list[float] = []
        self.whole: list[float] = []
        self.refused = 0

    async def work(self) -> None:
        """Ask until nothing is left to ask or the time is over."""
        while self.left > 0 and time.perf_counter() < self.until:
            self.left -= 1
            began = time.perf_counter()
            async with self.wire.stream("POST", self.path, body=self.body, headers=self.headers) as (reply, pieces):
                first = 0.0
                async for _ in pieces:
                    first = first or time.perf_counter()
            ended = time.perf_counter()
            if reply.status == 200:
                self.first.append((first - began) * 1000)
                self.whole.append((ended - began) * 1000)
            else:
                self.refused += 1


async def main() -> None:
    """Do what the first argument says and print what it took."""
    order = json.loads(sys.argv[1])
    client = Client(order)
    began = time.perf_counter()
    await asyncio.gather(*(client.work() for _ in range(order["concurrency"])))
    seconds = time.perf_counter() - began
    found = {"first": client.first, "whole": client.whole, "refused": client.refused, "seconds": seconds}
    sys.stdout.write(json.dumps(found))


def begin(url: str, key: str, body: dict[str, Any], **order: Any) -> subprocess.Popen[str]:
    """Start a client beside this process."""
    headers = {"authorization": f"Bearer {key}", **order.pop("headers", {})}
    text = json.dumps({"url": url, "headers": headers, "body": body, **order})
    return subprocess.Popen(
        [sys.executable, "-m", "tests.bench.load", text], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> Taken:
    """Wait for a client and return what it saw."""
    text, _ = process.communicate(timeout=600)
    if process.returncode:
        raise RuntimeError(f"the client ended with {process.returncode}")
    return Taken(**json.loads(text))


def load(url: str, key: str, body: dict[str, Any], **order: Any) -> Taken:
    """Run a client to its end."""
    return finish(begin(url, key, body, **order))


if __name__ == "__main__":
    uvloop.run(main())
