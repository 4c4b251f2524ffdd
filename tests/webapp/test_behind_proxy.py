"""Behind a proxy of the same machine: a unix socket, the caller's own address, https in what is sent back."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import jsonify, request

from webapp.app import create_app

FORWARDED = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "crm.example"}
PATIENCE_SECONDS = 60
OF_THE_PROXY = 33  # Debian's www-data


def seen_by(settings) -> dict[str, str]:
    """What the application sees of a caller whose request carries the proxy's headers."""
    app = create_app(settings)
    app.public_endpoints |= {"seen"}
    app.add_url_rule("/seen", "seen", lambda: jsonify(address=request.remote_addr, place=request.host_url))
    answer = app.test_client().get("/seen", headers=FORWARDED)
    app.parts.engine.dispose()
    return answer.json


def test_behind_the_socket_the_caller_is_who_the_proxy_says(settings):
    assert seen_by(replace(settings, web_socket="/run/web.sock")) == {
        "address": "10.9.8.7",
        "place": "https://crm.example/",
    }


def test_without_the_socket_nobody_can_pretend_to_be_somebody_else(settings):
    assert seen_by(settings) == {"address": "127.0.0.1", "place": "http://localhost/"}


class OverUnix(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, place: Path) -> None:
        super().__init__("crm.example", timeout=30)
        self.place = place

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.place))


@dataclass
class Running:
    """A web application that runs as a service."""

    program: subprocess.Popen[bytes]
    place: Path
    said: bytes

    def ask(self, path: str) -> int:
        connection = OverUnix(self.place)
        connection.request("GET", path, headers=FORWARDED)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status


@pytest.fixture
def web(settings, tmp_path) -> Iterator[Running]:
    """`ostrov web` on a socket, told by a service manager of ours where to say that it is ready."""
    place, manager = tmp_path / "run" / "web.sock", tmp_path / "notify"
    place.parent.mkdir()
    if os.geteuid() == 0:
        os.chown(place.parent, -1, OF_THE_PROXY)
    place.parent.chmod(0o2770)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(manager))
        ear.settimeout(PATIENCE_SECONDS)
        environment = {
            **os.environ, "NOTIFY_SOCKET": str(manager), "OSTROV_WEB_SOCKET": str(place), "OSTROV_WEB_PROCESSES": "1",
            "OSTROV_HOME": str(settings.home), "OSTROV_DATABASE_URL": settings.database_url,
            "OSTROV_GATEWAY_URL": settings.gateway_url,
        }  # fmt: skip
        program = subprocess.Popen([sys.executable, "-m", "appliance.cli.main", "web"], env=environment)
        try:
            yield Running(program, place, ear.recv(1000))
        finally:
            if program.poll() is None:
                program.kill()
            program.wait(30)


def test_it_says_that_it_is_ready_when_its_socket_answers_and_lets_only_its_group_in(web):
    assert web.said == b"READY=1"
    assert web.ask("/healthz") == 200
    assert web.ask("/readyz") == 200
    assert stat.S_IMODE(web.place.stat().st_mode) == 0o660
    assert web.place.stat().st_gid == web.place.parent.stat().st_gid


def test_a_request_that_runs_is_finished_when_the_service_is_stopped(web):
    """The body is sent slowly, so the request is under way when the signal comes."""
    connection = OverUnix(web.place)
    body = b"username=nobody&password=wrong"
    connection.putrequest("POST", "/sign-in")
    connection.putheader("Content-Type", "application/x-www-form-urlencoded")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    connection.send(body[:10])

    def finish() -> None:
        time.sleep(1.5)
        connection.send(body[10:])

    sending = threading.Thread(target=finish)
    sending.start()
    time.sleep(0.5)
    web.program.send_signal(signal.SIGTERM)
    assert connection.getresponse().status < 500
    sending.join()
    assert web.program.wait(30) == 0
