"""A service that was handed its socket can be restarted: who asks meanwhile waits, and is not refused."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading

SERVES = """
import os
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from appliance.service_manager import inherited_sockets
from inference.serving import serve

os.environ["LISTEN_PID"] = str(os.getpid())
sockets = inherited_sockets()
app = Starlette(routes=[Route("/", lambda _request: PlainTextResponse(str(os.getpid())))])
serve(app, host="127.0.0.1", port=1, sockets=sockets)
"""
FIRST = 3


def ask(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/")
    number = int(connection.getresponse().read())
    connection.close()
    return number


def test_a_caller_who_comes_during_a_restart_is_answered_by_the_next_process():
    with (
        socket.create_server(("127.0.0.1", 0), backlog=16) as opened,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        port = opened.getsockname()[1]
        manager.bind("")
        manager.settimeout(60)
        environment = {**os.environ, "LISTEN_FDS": "1", "NOTIFY_SOCKET": "@" + manager.getsockname()[1:].decode()}

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                [sys.executable, "-c", SERVES], env=environment, close_fds=False,
                preexec_fn=lambda: os.dup2(opened.fileno(), FIRST),  # noqa: PLW1509 - one system call, no lock
            )  # fmt: skip

        def stop(program: subprocess.Popen[bytes]) -> None:
            program.send_signal(signal.SIGTERM)
            assert program.wait(30) == 0
            assert manager.recv(100) == b"STOPPING=1"

        first = start()
        assert manager.recv(100) == b"READY=1"
        assert ask(port) == first.pid
        stop(first)
        answers: list[int] = []
        caller = threading.Thread(target=lambda: answers.append(ask(port)))
        caller.start()
        second = start()
        caller.join(60)
        assert answers == [second.pid]
        assert manager.recv(100) == b"READY=1"
        stop(second)
