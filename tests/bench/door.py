"""What the gateway adds to a call of an engine: the same bare engine asked directly and through the gateway."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.bench.load import begin, finish, load
from tests.bench.report import Figure, Report, p50, p95
from tests.driving import OSTROV, ROOT, database, free_port, ostrov, wait_for

KEY = "bench-key-of-the-run"
ENGINE_SECONDS = 0.1
SLOTS = 64
CONCURRENCY = (1, 8, 32)
ROUNDS = 2
SECONDS = 4.0
ADDED_MS_MAX = 3.0
MESSAGES = [
    {"role": "system", "content": "You answer questions about orders."},
    {"role": "user", "content": "When does the order of twenty pumps leave the warehouse? " * 8},
]
CHAT = {"model": "chat", "messages": MESSAGES, "max_tokens": 64}
STREAM = {**CHAT, "stream": True, "stream_options": {"include_usage": True}}
EMBED = {"model": "embed", "input": ["a short note"], "input_type": "passage"}
BATCH_JOBS = 500
FAIR_SLOTS = 4
PEOPLE_ASK = 40
ONE_FAST = {"whole": CHAT, "streamed": STREAM}


@dataclass(frozen=True)
class Door:
    """A gateway in front of a bare engine, with the process of the gateway."""

    url: str
    engine_url: str
    process: psutil.Process


@contextmanager
def bare_engine(seconds: float) -> Iterator[str]:
    """A bare engine in a process of its own; yields its address."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.bare_engine", str(port), str(seconds)], cwd=ROOT)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", 30)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def configuration(folder: Path, engine_url: str, slots: int) -> Path:
    """A configuration file with one bare engine for chat and embeddings."""
    entries = [
        f'[[engines]]\nname = "{role}"\nrole = "{role}"\nurl = "{engine_url}"\nslots = {slots}\n'
        for role in ("chat", "embed")
    ]
    path = folder / "gateway.toml"
    path.write_text("\n".join(entries))
    return path


@contextmanager
def door(folder: Path, engine_url: str, slots: int = SLOTS) -> Iterator[Door]:
    """A gateway with its run log in a database of its own."""
    with database(folder) as template:
        port = free_port()
        environ = {
            **os.environ,
            "OSTROV_HOME": str(folder / "home"),
            "OSTROV_DATABASE_URL": template.format(role="ostrov_owner"),
            "OSTROV_GATEWAY_PORT": str(port),
            "OSTROV_GATEWAY_KEY": KEY,
            "OSTROV_GATEWAY_CONFIG": str(configuration(folder, engine_url, slots)),
        }
        ostrov("gateway", "migrate", environ=environ)
        environ["OSTROV_DATABASE_URL"] = template.format(role="ostrov_gateway")
        quiet = subprocess.DEVNULL
        process = subprocess.Popen([*OSTROV, "gateway"], cwd=ROOT, env=environ, stdout=quiet, stderr=quiet)
        try:
            wait_for(f"http://127.0.0.1:{port}/readyz", 60)
            yield Door(f"http://127.0.0.1:{port}", engine_url, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait(30)


def measured(url: str, body: dict[str, Any], concurrency: int, **more: Any) -> list[float]:
    """Milliseconds of whole answers over a few seconds."""
    return load(url, KEY, body, concurrency=concurrency, seconds=SECONDS, **more).whole


def added(url: str, engine_url: str, body: dict[str, Any], concurrency: int, **more: Any) -> tuple[float, float]:
    """The median of a direct call, and how much more the median through a proxy is, in alternating rounds."""
    direct: list[float] = []
    through: list[float] = []
    for _ in range(ROUNDS):
        direct += measured(engine_url, body, concurrency, **more)
        through += measured(url, body, concurrency, **more)
    return p50(direct), p50(through) - p50(direct)


def overhead(found: Door, report: Report) -> None:
    """Whole and streamed chats with 1, 8 and 32 at once, and embeddings."""
    for concurrency in CONCURRENCY:
        for kind, body in ONE_FAST.items():
            direct, more = added(found.url, found.engine_url, body, concurrency)
            name = f"gateway adds to a {kind} chat, {concurrency} at once"
            ratio = (direct + more) / direct
            report.add(Figure(name, more, "ms p50", "direct call", ratio, "<= 3 ms", more <= ADDED_MS_MAX))
    direct, more = added(found.url, found.engine_url, EMBED, 1, path="/v1/embeddings")
    ratio = (direct + more) / direct
    report.add(Figure("gateway adds to one embedding", more, "ms p50", "direct call", ratio, "<= 3 ms", more <= 3))


def processor_milliseconds(found: Door, body: dict[str, Any]) -> float:
    """What one call costs the process behind a door, whatever else the machine does."""
    before = sum(found.process.cpu_times()[:2])
    calls = len(measured(found.url, body, 8))
    return (sum(found.process.cpu_times()[:2]) - before) * 1000 / calls


def fairness(folder: Path, report: Report) -> None:
    """A person who asks one thing after another, alone and beside 500 batch jobs of somebody else."""
    person = {"headers": {"x-ostrov-actor": "anna"}, "concurrency": 1}
    night = {"headers": {"x-ostrov-actor": "night", "x-ostrov-priority": "batch"}, "concurrency": BATCH_JOBS}
    with bare_engine(ENGINE_SECONDS) as engine_url, door(folder, engine_url, FAIR_SLOTS) as found:
        idle = load(found.url, KEY, CHAT, requests=PEOPLE_ASK, **person)
        jobs = begin(found.url, KEY, CHAT, requests=BATCH_JOBS, **night)
        busy = load(found.url, KEY, CHAT, requests=PEOPLE_ASK, **person)
        still_busy = jobs.poll() is None
        done = finish(jobs)
    ratio = p95(busy.whole) / p95(idle.whole)
    name = f"a person beside {BATCH_JOBS} batch jobs, p95"
    report.add(Figure(name, p95(busy.whole), "ms", "the person alone", ratio, "<= 2.0", ratio <= 2 and still_busy))
    report.add(
        Figure("batch jobs done", len(done.whole), "", goal=f"= {BATCH_JOBS}", met=len(done.whole) == BATCH_JOBS)
    )
    rate = len(done.whole) / done.seconds
    possible = FAIR_SLOTS / ENGINE_SECONDS
    report.add(Figure("batch jobs", rate, "/s", "all slots of the engine", rate / possible))


def run(folder: Path, report: Report) -> None:
    """The overhead, the cost and the fairness of the door."""
    with bare_engine(ENGINE_SECONDS) as engine_url, door(folder / "door", engine_url) as found:
        overhead(found, report)
        for kind, body in ONE_FAST.items():
            report.add(Figure(f"processor time of a {kind} chat", processor_milliseconds(found, body), "ms"))
    fairness(folder / "fairness", report)
