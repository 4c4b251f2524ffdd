"""The configuration is read again on SIGHUP by the real program: no request is dropped, a broken file does no harm."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from inference.gateway.keys import fingerprint
from tests.inference.standin_engine import Held, standing_in

COMMAND = [sys.executable, "-c", "from inference.gateway.commands import gateway; gateway()"]
KEY = "the-key-of-the-web-application"
CHAT = {"messages": [{"role": "user", "content": "hello"}]}
ENGINE = '[[engines]]\nname = "{name}"\nrole = "chat"\nurl = "{url}"\n'
SHOP = f'[[keys]]\nname = "shop"\nsha256 = "{fingerprint("shop-key")}"\npolicy = "on-premises"\n'


@pytest.fixture
def engines():
    with standing_in() as one, standing_in() as other:
        yield one, other


@pytest.fixture
def program(tmp_path, database, engines):
    """The running program with one engine, and the file that it reads."""
    file = tmp_path / "gateway.toml"
    file.write_text(ENGINE.format(name="one", url=engines[0].url))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environ = {
        **os.environ,
        "OSTROV_HOME": str(tmp_path),
        "OSTROV_DATABASE_URL": database,
        "OSTROV_GATEWAY_KEY": KEY,
        "OSTROV_GATEWAY_PORT": str(port),
        "OSTROV_GATEWAY_CONFIG": str(file),
    }
    with subprocess.Popen(COMMAND, env=environ, stderr=subprocess.DEVNULL) as process:
        headers = {"Authorization": f"Bearer {KEY}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=20, trust_env=False) as client:
            wait_until(lambda: answers(client), 120)
            yield process, file, client
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def answers(client):
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def wait_until(happened, seconds=10.0):
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_changed_file_counts_from_sighup_on_and_a_broken_one_changes_nothing(program, engines):
    process, file, client = program
    assert client.get("/v1/models", headers={"Authorization": "Bearer shop-key"}).status_code == 401
    held = Held()
    engines[0].will(held)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(client.post, "/v1/chat/completions", json=CHAT)
        wait_until(lambda: engines[0].asked)
        file.write_text(ENGINE.format(name="other", url=engines[1].url) + SHOP)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: list(client.get("/readyz").json()["instances"]) == ["other"])
        assert not running.done()
        held.released.set()
        assert running.result().status_code == 200
    shop = {"Authorization": "Bearer shop-key"}
    assert client.post("/v1/chat/completions", json=CHAT, headers=shop).status_code == 200
    assert [len(engine.asked) for engine in engines] == [1, 1]

    file.write_text("engine = 1\n")
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: client.get("/readyz").json()["config"]["state"] == "refused")
    assert "engine is not a known field" in client.get("/readyz").json()["config"]["reason"]
    assert client.post("/v1/chat/completions", json=CHAT, headers=shop).status_code == 200
