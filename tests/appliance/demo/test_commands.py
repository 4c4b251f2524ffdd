"""`ostrov demo` refuses in sentences, `ostrov status` tells how it is."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.demo import state
from appliance.demo.home import Home

OSTROV = [sys.executable, "-m", "appliance.cli.main"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "state")
    home.prepare()
    return home


def free_ports() -> dict[str, str]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
    names = ("OSTROV_WEB_PORT", "OSTROV_GATEWAY_PORT", "OSTROV_LLM_PORT", "OSTROV_EMBED_PORT", "OSTROV_SPEECH_PORT")
    ports = {name: str(each.getsockname()[1]) for name, each in zip(names, sockets, strict=True)}
    for each in sockets:
        each.close()
    return ports


def run(home: Home, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    own = {"OSTROV_HOME": str(home.root), "OSTROV_MODEL_CACHE": str(home.root / "cache"), **free_ports(), **settings}
    environment = {**os.environ, **own}
    return subprocess.run(
        [*OSTROV, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_status_says_that_nothing_runs_and_answers_three(home: Home):
    result = run(home, "status", "--json")
    assert result.returncode == 3
    assert json.loads(result.stdout) == {"running": False, "url": None, "ready": False, "processes": {}, "features": {}}
    assert "No demo is running" in run(home, "status").stdout


def test_stopping_what_does_not_run_is_fine(home: Home):
    result = run(home, "demo", "stop")
    assert (result.returncode, result.stdout) == (0, "No demo is running.\n")


def test_a_second_demo_is_refused_with_the_address_of_the_first(home: Home):
    with state.hold_lock(home):
        state.write(
            home.status, {**state.NOT_RUNNING, "running": True, "url": "http://127.0.0.1:8080", "pid": os.getpid()}
        )
        result = run(home, "demo")
    assert result.returncode == 1
    assert "This demo is already running: http://127.0.0.1:8080" in result.stderr
    assert "ostrov demo stop" in result.stderr


def test_a_taken_port_is_refused_before_anything_starts(home: Home):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        result = run(home, "demo", OSTROV_WEB_PORT=port)
    assert result.returncode == 1
    assert f"Port {port} is taken by" in result.stderr
    assert not home.database.exists()
    assert run(home, "status").returncode == 3


def test_a_detached_demo_that_cannot_start_tells_why(home: Home):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        result = run(home, "demo", "--detach", OSTROV_GATEWAY_PORT=port)
    assert result.returncode == 1
    assert f"Port {port} is taken by" in result.stdout
    assert "The demo did not start." in result.stderr


def test_a_model_that_is_no_gguf_file_is_refused(home: Home, tmp_path: Path):
    (tmp_path / "model.gguf").write_text("hello")
    result = run(home, "demo", OSTROV_LLM_MODEL=str(tmp_path / "model.gguf"))
    assert result.returncode == 1
    assert "is not a GGUF model" in result.stderr


def test_an_unknown_choice_of_model_is_refused_with_the_known_ones(home: Home):
    result = run(home, "demo", OSTROV_DEMO_MODEL="enormous")
    assert result.returncode == 1
    assert "Choose one of: default, small." in result.stderr


def test_a_lock_whose_holder_is_gone_does_not_count(home: Home):
    home.lock.write_text("1")
    assert not state.is_locked(home)
    assert state.supervisor_pid(home) is None
