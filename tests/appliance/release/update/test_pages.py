"""nginx is switched whole or not at all; an instance is ready when it says so itself."""

from __future__ import annotations

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from typing import ClassVar

import pytest
from release_twin import NEW, OLD, TwinMachine, furnish

from appliance.release.update.engine import StepFailed
from appliance.release.update.machine.pages import NginxFront, SocketInstances

UPSTREAM = "upstream ostrov {\n    server unix:/run/ostrov-web/1.0.0.sock fail_timeout=0;\n    keepalive 16;\n}\n"


class Nginx:
    """Loads its file at a reload, if the test of the configuration passes."""

    def __init__(self, layout):
        self.layout, self.sound, self.dies = layout, True, False
        self.loaded, self.reloads = layout.upstream.read_text(), 0

    def test(self):
        if not self.sound:
            raise StepFailed("`nginx -t` ended with code 1: unknown directive")

    def reload(self):
        if self.dies:
            raise KeyboardInterrupt
        self.loaded, self.reloads = self.layout.upstream.read_text(), self.reloads + 1


@pytest.fixture
def layout(tmp_path):
    made = furnish(tmp_path, readable=True)
    made.upstream.write_text(UPSTREAM)
    return made


@pytest.fixture
def nginx(layout):
    return Nginx(layout)


@pytest.fixture
def front(layout, nginx):
    return NginxFront(layout, nginx.test, nginx.reload)


def test_the_other_instance_is_named_and_everything_else_in_the_file_stays(front, nginx):
    front.serve(NEW)
    assert front.serving() == NEW
    assert nginx.loaded == UPSTREAM.replace(OLD, NEW)


def test_a_configuration_that_nginx_does_not_take_is_put_back_and_the_way_back_needs_no_reload(front, nginx, layout):
    nginx.sound = False
    with pytest.raises(StepFailed, match="unknown directive"):
        front.serve(NEW)
    assert layout.upstream.read_text() == UPSTREAM
    front.serve(OLD)
    assert nginx.reloads == 0


def test_what_died_between_the_file_and_the_reload_is_loaded_by_the_next_one(front, nginx):
    nginx.dies = True
    with pytest.raises(KeyboardInterrupt):
        front.serve(NEW)
    nginx.dies = False
    front.serve(OLD)
    assert (front.serving(), nginx.reloads, nginx.loaded) == (OLD, 1, UPSTREAM)
    front.serve(OLD)
    assert nginx.reloads == 1, "what is loaded already is not loaded again"


def test_a_file_without_a_socket_is_an_error_that_names_the_playbook(front, layout):
    layout.upstream.write_text("upstream ostrov {}\n")
    with pytest.raises(StepFailed) as caught:
        front.serving()
    assert "site.yml" in caught.value.remedy


class Readiness(BaseHTTPRequestHandler):
    """Answers /readyz with what the test wants."""

    answers: ClassVar[list] = []

    def do_GET(self):
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def address_string(self):
        return "socket"

    def log_message(self, *arguments):
        """Stay silent."""


@pytest.fixture
def instance(tmp_path, layout):
    """A web instance of OLD on its socket."""
    layout.sockets.mkdir(parents=True)
    server = socketserver.ThreadingUnixStreamServer(str(layout.socket(OLD)), Readiness)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Readiness
    server.shutdown()
    server.server_close()


def instances(layout, seconds=1.0):
    return SocketInstances(layout, TwinMachine(layout), seconds)


DOWN = {"ready": False, "checks": {"database": {"ready": False, "reason": "the schema is at migration 0001"}}}


def test_an_instance_is_waited_for_until_it_is_ready(layout, instance):
    instance.answers = [(503, DOWN), (503, DOWN), (200, {"ready": True})]
    assert instances(layout, 10.0).wait_ready(OLD)["ready_seconds"] >= 0.2


def test_an_instance_that_does_not_become_ready_says_why(layout, instance):
    instance.answers = [(503, DOWN)]
    with pytest.raises(StepFailed, match="the schema is at migration 0001"):
        instances(layout).wait_ready(OLD)


def test_an_instance_that_does_not_run_is_not_waited_for(layout):
    with pytest.raises(StepFailed, match="its socket does not answer"):
        instances(layout, 600.0).wait_ready(NEW)
