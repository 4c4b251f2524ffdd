"""The engines as programs: they say what is missing, keep to loopback, and stop when told."""

import os
import signal
import subprocess
import sys
import time

import httpx
import pytest

from tests.driving import OSTROV, free_port


def start(name, **environ):
    return subprocess.Popen(
        [*OSTROV, "engine", name],
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_healthy(port, process, seconds=90):
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    message = f"the engine did not come up: {process.poll()}"
    raise AssertionError(message)


@pytest.mark.parametrize(
    ("name", "environ"),
    [
        ("llm", {"OSTROV_LLM_MODEL": ""}),
        ("llm", {"OSTROV_LLM_MODEL": "/nonexistent/model.gguf"}),
        ("speech", {"OSTROV_SPEECH_MODEL": ""}),
        ("speech", {"OSTROV_SPEECH_MODEL": "/nonexistent"}),
    ],
)
def test_a_missing_model_ends_the_engine_with_a_sentence_that_names_the_setting(name, environ, tmp_path):
    process = start(name, OSTROV_HOME=str(tmp_path), **environ)
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 2
    assert next(iter(environ)) in errors
    assert "Traceback" not in errors


def test_a_broken_model_file_ends_the_engine_with_a_sentence(tmp_path):
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF but no more")
    process = start("llm", OSTROV_HOME=str(tmp_path), OSTROV_LLM_MODEL=str(path), OSTROV_LLM_PORT=str(free_port()))
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 2
    assert "cannot load" in errors
    assert "Traceback" not in errors


def test_the_embedding_engine_starts_refuses_a_taken_port_and_stops_when_told():
    port = free_port()
    process = start("embed", OSTROV_EMBED_PORT=str(port))
    try:
        wait_until_healthy(port, process)
        second = start("embed", OSTROV_EMBED_PORT=str(port))
        _, errors = second.communicate(timeout=240)
        assert (second.returncode, "OSTROV_EMBED_PORT" in errors) == (2, True)
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0


@pytest.mark.model
def test_the_language_engine_follows_a_schema_tells_its_hash_and_stops_when_told(small_chat):
    port = free_port()
    process = start("llm", OSTROV_LLM_PORT=str(port), OSTROV_LLM_MODEL=str(small_chat))
    try:
        wait_until_healthy(port, process)
        schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
        body = {
            "messages": [{"role": "user", "content": "Give a number."}],
            "max_tokens": 20,
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": schema}},
        }
        answer = httpx.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=body, timeout=240, trust_env=False)
        assert '"n"' in answer.json()["choices"][0]["message"]["content"]
        aliases = httpx.get(f"http://127.0.0.1:{port}/v1/models", trust_env=False).json()["data"][0]["aliases"]
        assert any(alias.startswith("sha256:1d9614638d18") for alias in aliases)
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0


def test_no_engine_can_phone_home():
    code = "import os, appliance.offline as o; print(o.offline_environment(os.environ))"
    environ = {**os.environ, "HTTPS_PROXY": "http://proxy:1"}
    shown = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True).stdout
    assert "'HF_HUB_OFFLINE': '1'" in shown
    assert "http://proxy:1" not in shown
