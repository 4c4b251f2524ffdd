"""What services say to systemd, and what it hands to them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from appliance import service_manager

TAKES_THE_SOCKET = """
import os
from appliance.service_manager import inherited_sockets
os.environ["LISTEN_PID"] = str(os.getpid())
one, = inherited_sockets()
print(one.getsockname()[1], "LISTEN_FDS" in os.environ, one.get_inheritable())
"""


def test_words_arrive_at_the_address_that_was_given(tmp_path):
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        assert service_manager.say(service_manager.READY, address)
        assert manager.recv(100) == b"READY=1"


def test_outside_of_a_service_nothing_is_said():
    assert not service_manager.say(service_manager.READY, "")


def test_a_manager_that_has_gone_stops_nobody(tmp_path):
    assert not service_manager.say(service_manager.READY, str(tmp_path / "nobody"))


def test_a_socket_that_was_opened_for_this_process_is_taken_over_and_kept_from_its_children():
    with socket.create_server(("127.0.0.1", 0)) as opened:

        def as_third() -> None:
            os.dup2(opened.fileno(), service_manager.FIRST_SOCKET)

        said = subprocess.run(
            [sys.executable, "-c", TAKES_THE_SOCKET], env={**os.environ, "LISTEN_FDS": "1"}, preexec_fn=as_third,
            close_fds=False, capture_output=True, text=True, check=True,
        ).stdout.split()  # fmt: skip
        assert said == [str(opened.getsockname()[1]), "False", "False"]


def test_a_socket_that_was_opened_for_another_process_is_left_alone():
    environ = {"LISTEN_FDS": "1", "LISTEN_PID": "1"}
    assert service_manager.inherited_sockets(environ) == []
