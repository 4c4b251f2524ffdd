"""A gateway for one evaluation alone, in front of a model that the running product does not serve."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path

import httpx

from appliance.demo import launch
from appliance.settings import DemoSettings, GatewaySettings
from inference.modules.runners import Door

OSTROV = (sys.executable, "-m", "appliance.cli.main")
START_SECONDS, STOP_SECONDS, LOOK_EVERY_SECONDS = 180.0, 15.0, 0.3
NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:9/nothing?connect_timeout=1"
TAIL_CHARACTERS = 400
# Keys, policies and engines of the product are not those of an evaluation.
LEFT_BEHIND = frozenset({"OSTROV_GATEWAY_CONFIG"})


class NoSuchModel(Exception):
    """A model cannot be found or started; the message says what to give instead."""


def weights_of(name: str, settings: DemoSettings) -> Path:
    """The GGUF file of a model: a path, or the name (or a part of it) of a folder of models. Raises NoSuchModel."""
    given = Path(name).expanduser()
    if given.suffix == ".gguf" and given.is_file():
        return given.absolute()
    folders = [place for root in (settings.home / "models", settings.model_cache) for place in _folders(root)]
    exact = [folder for folder in folders if folder.name == name]
    found = {folder.name: folder for folder in reversed(exact or [one for one in folders if name in one.name])}
    weights = [next(iter(sorted(folder.rglob("*.gguf"))), None) for folder in found.values()]
    if len(found) == 1 and weights[0] is not None:
        return weights[0]
    known = ", ".join(sorted({folder.name for folder in folders if any(folder.rglob("*.gguf"))})) or "none"
    message = f"No language model here is called {name!r}. Here are: {known}. Or give the path of a GGUF file."
    raise NoSuchModel(message)


def _folders(root: Path) -> list[Path]:
    return sorted(folder for folder in root.iterdir() if folder.is_dir()) if root.is_dir() else []


@contextmanager
def private_gateway(model: str, settings: GatewaySettings, models: DemoSettings) -> Iterator[Door]:
    """Serve a model, or the engine at an address, behind a gateway of its own; both end with the block."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ostrov-eval-")))
        engine = model
        if not model.startswith(("http://", "https://")):
            port = _free_port()
            weights = {"OSTROV_LLM_MODEL": str(weights_of(model, models)), "OSTROV_LLM_PORT": str(port)}
            engine = f"http://127.0.0.1:{port}"
            stack.enter_context(_running("engine", "llm", environ=weights, ready=f"{engine}/health", log=home / "llm"))
        door = Door(f"http://127.0.0.1:{_free_port()}", secrets.token_urlsafe(24))
        environ = {
            "OSTROV_HOME": str(home),
            "OSTROV_MODULE_APPROVALS": str(settings.approvals_path.absolute()),
            "OSTROV_GATEWAY_PORT": door.url.rpartition(":")[2],
            "OSTROV_GATEWAY_KEY": door.key,
            "OSTROV_DATABASE_URL": NOWHERE,
            "OSTROV_LLM_URL": engine,
            "OSTROV_EMBED_URL": "",
            "OSTROV_SPEECH_URL": "",
        }
        ready = f"{door.url}/readyz"
        stack.enter_context(_running("gateway", environ=environ, ready=ready, log=home / "gateway"))
        yield door


@contextmanager
def _running(*command: str, environ: Mapping[str, str], ready: str, log: Path) -> Iterator[None]:
    """Run one of our own programs until the block ends. Raises NoSuchModel when it does not start."""
    inherited = {name: value for name, value in os.environ.items() if name not in LEFT_BEHIND}
    # An engine that outlives a killed evaluation would keep its weights in memory.
    dying_with_us = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(signal.SIGTERM))]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own program, given as a list
            [*dying_with_us, *OSTROV, *command], env={**inherited, **environ}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait(process, ready, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], ready: str, log: Path) -> None:
    """Wait until an address answers 200."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(ready, timeout=5, trust_env=False).status_code == HTTPStatus.OK:
                return
        except httpx.TransportError:
            pass  # it does not listen yet
        time.sleep(LOOK_EVERY_SECONDS)
    said = log.read_text("utf-8", errors="replace")[-TAIL_CHARACTERS:].strip()
    message = f"A program that the evaluation needs did not start ({ready}): {said}"
    raise NoSuchModel(message)


def _free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
