"""What the gateway adds to a call of an engine: the same stand-in engine asked directly and through the gateway."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.bench.report import Figure, Report, milliseconds, p50
from tests.driving import OSTROV, ROOT, database, free_port, ostrov, wait_for
from tests.inference.standin_engine import standing_in

ROUNDS = 300
CHAT = {"model": "chat", "messages": [{"role": "user", "content": "Say ok."}], "max_tokens": 8}
EMBED = {"model": "embed", "input": ["a short note"], "input_type": "passage"}


def asks(client: httpx.Client, url: str, path: str, body: dict[str, Any]) -> list[float]:
    """Milliseconds of one call after another."""

    def ask() -> None:
        client.post(f"{url}{path}", json=body).raise_for_status()

    return milliseconds(ask, ROUNDS, warm_up=20)


def run(folder: Path, report: Report) -> None:
    """The overhead of chat and of embeddings, one call at a time, in alternating halves."""
    with database(folder / "door") as template, standing_in() as engine:
        port = free_port()
        environ = {
            **os.environ,
            "OSTROV_DATABASE_URL": template.format(role="ostrov_owner"),
            "OSTROV_GATEWAY_PORT": str(port),
            "OSTROV_GATEWAY_KEY": "bench-key-of-the-run",
            **{f"OSTROV_{name}_URL": engine.url for name in ("LLM", "EMBED", "SPEECH")},
        }
        ostrov("gateway", "migrate", environ=environ)
        environ["OSTROV_DATABASE_URL"] = template.format(role="ostrov_gateway")
        process = subprocess.Popen([*OSTROV, "gateway"], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/readyz", 60)
            headers = {"Authorization": "Bearer bench-key-of-the-run"}
            with httpx.Client(headers=headers, timeout=30, trust_env=False) as client:
                for name, path, body in (
                    ("chat", "/v1/chat/completions", CHAT),
                    ("embedding", "/v1/embeddings", EMBED),
                ):
                    direct = p50(asks(client, engine.url, path, body) + asks(client, engine.url, path, body))
                    through = p50(asks(client, url, path, body) + asks(client, url, path, body))
                    added = through - direct
                    figure = Figure(
                        f"gateway adds to one {name}",
                        added,
                        "ms p50",
                        "direct call",
                        through / direct,
                        "<= 3 ms",
                        added <= 3,
                    )
                    report.add(figure)
        finally:
            process.terminate()
            process.wait(30)
