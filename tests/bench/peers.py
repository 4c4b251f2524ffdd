"""The LiteLLM proxy in front of the same bare engine: what it adds to a call, and what our gateway adds beside it.

It is installed into build/bench/litellm-venv, at a fixed version (1.82.7 and 1.82.8 stole credentials), and runs on
loopback without a database and without telemetry. Where it cannot be had, this part says why and is skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from tests.bench.door import (
    CHAT,
    CONCURRENCY,
    ENGINE_SECONDS,
    KEY,
    ONE_FAST,
    Door,
    added,
    bare_engine,
    door,
    processor_milliseconds,
)
from tests.bench.report import Figure, Report
from tests.driving import ROOT, free_port, wait_for

VERSION = "1.102.4"
ENVIRONMENT = ROOT / "build" / "bench" / "litellm-venv"
START_SECONDS = 120
SHARE_MAX = 0.2
CONFIGURATION = """
model_list:
  - model_name: chat
    litellm_params:
      model: openai/bare-1
      api_base: {engine_url}/v1
      api_key: none
general_settings:
  master_key: {key}
litellm_settings:
  telemetry: false
  drop_params: false
"""
QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_TELEMETRY": "False",
    "LITELLM_LOG": "ERROR",
    "DISABLE_ADMIN_UI": "True",
    "NO_DOCS": "True",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
}


class PeerMissing(Exception):
    """The proxy cannot be had here; the message says why."""


def installed() -> Path:
    """The proxy's command, installed when it is not there yet. Raises PeerMissing."""
    command = ENVIRONMENT / "bin" / "litellm"
    stamp = ENVIRONMENT / f"complete-{VERSION}"
    if stamp.exists():
        return command
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
        [str(ENVIRONMENT / "bin" / "pip"), "install", "--quiet", f"litellm[proxy]=={VERSION}"],
    )
    for step in steps:
        try:
            subprocess.run(step, check=True, capture_output=True, text=True, timeout=900)
        except (OSError, subprocess.SubprocessError) as error:
            said = str(getattr(error, "stderr", "") or error).strip().splitlines()
            raise PeerMissing(f"{' '.join(step[:4])}: {said[-1] if said else type(error).__name__}") from error
    stamp.touch()
    return command


@contextmanager
def litellm(folder: Path, engine_url: str) -> Iterator[Door]:
    """The proxy in front of an engine, one worker as our gateway has one. Raises PeerMissing."""
    command = installed()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "litellm.yaml"
    file.write_text(CONFIGURATION.format(engine_url=engine_url, key=KEY))
    port = free_port()
    places = ["--config", str(file), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    environ = {**os.environ, **QUIET, "HOME": str(folder)}
    with (folder / "litellm.log").open("w") as log:
        process = subprocess.Popen([str(command), *places], env=environ, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            try:
                wait_for(f"{url}/health/liveliness", START_SECONDS)
                answer = httpx.post(
                    f"{url}/v1/chat/completions", json=CHAT, headers={"Authorization": f"Bearer {KEY}"}, timeout=60
                )
                answer.raise_for_status()
            except (RuntimeError, httpx.HTTPError) as error:
                said = (folder / "litellm.log").read_text().strip().splitlines()
                raise PeerMissing(f"the proxy does not answer: {said[-1] if said else error}") from error
            yield Door(url, engine_url, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait(30)


def compare(ours: Door, theirs: Door, report: Report) -> None:
    """What both add at each number of callers, and what a call costs each process."""
    for concurrency in CONCURRENCY:
        for kind, body in ONE_FAST.items():
            _, added_by_theirs = added(theirs.url, theirs.engine_url, body, concurrency)
            _, added_by_ours = added(ours.url, ours.engine_url, body, concurrency)
            share = added_by_ours / added_by_theirs
            name = f"gateway adds to a {kind} chat, {concurrency} at once"
            report.add(
                Figure(
                    name, added_by_ours, "ms p50", f"LiteLLM {added_by_theirs:.1f}", share, "<= 0.2", share <= SHARE_MAX
                )
            )
    for kind, body in ONE_FAST.items():
        cost, peer = processor_milliseconds(ours, body), processor_milliseconds(theirs, body)
        report.add(Figure(f"processor time of a {kind} chat", cost, "ms", f"LiteLLM {peer:.2f}", cost / peer))


def run(folder: Path, report: Report) -> None:
    """Our gateway beside LiteLLM, in front of the same engine, in the same minutes."""
    try:
        with (
            bare_engine(ENGINE_SECONDS) as engine_url,
            litellm(folder / "litellm", engine_url) as theirs,
            door(folder / "door", engine_url) as ours,
        ):
            compare(ours, theirs, report)
    except PeerMissing as error:
        sys.stdout.write(f"skipped: LiteLLM {VERSION} cannot be measured here ({error})\n")
