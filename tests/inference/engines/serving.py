"""Run a real engine for tests, by its launcher, and look at it from outside."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from inference.engines.commands import plan_of
from inference.engines.plan import LaunchPlan
from tests.driving import OSTROV, free_port


@dataclass(frozen=True)
class Served:
    """A running engine: its plan, its process, how many requests and tokens it takes, how long it took to start."""

    plan: LaunchPlan
    process: subprocess.Popen[bytes]
    client: httpx.Client
    model: str
    slots: int
    context_tokens: int
    start_seconds: float

    def ask(self, text: str, **more) -> httpx.Response:
        """Ask one question."""
        body = {"model": self.model, "messages": [{"role": "user", "content": text}], "temperature": 0, **more}
        return self.client.post("/v1/chat/completions", json=body)

    def busy(self) -> float:
        """How many requests the engine works on or keeps waiting, by its own metrics."""
        text = self.client.get(self.plan.metrics_path).text
        lines = re.findall(r"^([a-zA-Z_:]+)(?:\{[^}]*\})? ([0-9.e+-]+)$", text, re.MULTILINE)
        found = [float(value) for name, value in lines if name in self.plan.busy_metrics]
        assert len(found) >= len(self.plan.busy_metrics), text
        return sum(found)

    def processes(self) -> list[psutil.Process]:
        """The engine's process and all that it started."""
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]


@contextmanager
def serving(name: str, log: Path, environ: Mapping[str, str], seconds: float = 240) -> Iterator[Served]:
    """Serve with one engine until the block ends."""
    port = str(free_port())
    given = {**os.environ, "OSTROV_LLM_PORT": port, "OSTROV_EMBED_PORT": port, "OSTROV_SPEECH_PORT": port, **environ}
    plan = plan_of(name, given)
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*OSTROV, "engine", name], env=given, stdout=output, stderr=output, start_new_session=True
        )
    try:
        # A connection each: an engine that closes an idle one just as the next question comes would fail a test.
        fresh = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300, trust_env=False, limits=fresh) as client:
            wait_until_ready(client, plan, process, log, seconds)
            model = client.get("/v1/models").json()["data"][0]["id"]
            tokens = int(given.get("OSTROV_LLM_CONTEXT_TOKENS", "8192"))
            slots = int(given.get("OSTROV_LLM_PARALLEL", "2"))
            yield Served(plan, process, client, model, slots, tokens, time.monotonic() - started)
    finally:
        left = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
        psutil.wait_procs(left, 20)
        for child in left:
            if child.is_running():
                child.kill()


def wait_until_ready(
    client: httpx.Client, plan: LaunchPlan, process: subprocess.Popen[bytes], log: Path, seconds: float
) -> None:
    """Wait for the readiness path to answer 200."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            if client.get(plan.readiness_path).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"the engine did not come up ({process.poll()}):\n{log.read_text(errors='replace')[-3000:]}")
