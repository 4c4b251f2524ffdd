"""The real machine: commands with a bound, addresses, certificates, and questions to a real PostgreSQL."""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from appliance.doctor.checks import cluster, disk
from appliance.doctor.machine import CONNECTED, CouldNotAsk, RealMachine
from appliance.doctor.result import Status
from tests.appliance.doctor.conftest import write_entries

ASKING = [sys.executable, "-I", "-m", "appliance.doctor.asking"]


def test_a_command_that_hangs_is_ended_and_told():
    started = time.monotonic()
    with pytest.raises(CouldNotAsk) as refusal:
        RealMachine().run("sleep", "20", seconds=0.2)
    assert time.monotonic() - started < 5
    assert refusal.value.observed.en == "sleep gave no answer in 0 s."


def test_a_program_that_is_not_installed_is_told():
    with pytest.raises(CouldNotAsk) as refusal:
        RealMachine().run("no-such-program", "--now")
    assert "no-such-program is not installed" in refusal.value.observed.en
    assert "no-such-program --now" in refusal.value.remedy.en


def test_a_directory_is_asked_for_files_and_for_nothing_that_runs(tmp_path: Path):
    machine = RealMachine(tmp_path)
    assert machine.path("/etc/hosts") == tmp_path / "etc/hosts"
    assert not machine.live
    with pytest.raises(CouldNotAsk):
        machine.run("true")
    assert machine.run("true", live=False).code == 0


def test_what_a_command_says_last_is_its_error():
    output = RealMachine().run("sh", "-c", "echo fine; echo first >&2; echo last >&2; exit 3")
    assert (output.code, output.out, output.last_line) == (3, "fine\n", "last")


def test_an_address_is_reached_refused_or_silent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert RealMachine().reach("127.0.0.1", port) == CONNECTED
    assert RealMachine().reach("127.0.0.1", port) == "ECONNREFUSED"


@pytest.fixture
def tls(tmp_path: Path):
    """An HTTPS server on loopback that answers only under its name, as nginx does."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=crm.lab.test"]
    subprocess.run([*command, *names], cwd=tmp_path, check=True, capture_output=True)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.headers["Host"] == "crm.lab.test" else 421)
            self.end_headers()
            self.wfile.write(self.path.encode())

        def log_message(self, *_arguments):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], (tmp_path / "cert.pem").read_text()
    server.shutdown()


def test_the_front_door_is_asked_under_its_name(tls):
    port, _ = tls
    answer = RealMachine().ask(f"https://127.0.0.1:{port}/readyz", 5.0, "crm.lab.test")
    assert (answer.status, answer.text) == (200, "/readyz")
    assert RealMachine().ask(f"https://127.0.0.1:{port}/readyz", 5.0).status == 421


def test_the_certificate_that_is_shown_is_read(tls):
    port, pem = tls
    assert RealMachine().certificate("127.0.0.1", port, "crm.lab.test").strip() == pem.strip()


def ask(request: dict) -> dict:
    done = subprocess.run(ASKING, input=json.dumps(request), capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def test_questions_to_the_database_are_read_only_and_leave_its_address_off_the_command_line(server):
    url = server.database.url("ostrov_owner")
    facts = ask({"ask": "facts", "url": url})["facts"]
    assert facts["settings"]["data_checksums"] == "on"
    assert facts["audit_entries"]["seq"] == 5
    server.all()
    assert not [command for command in server.machine.commands if str(server.database.sockets) in command]


def test_a_long_chain_is_walked_in_pieces_and_what_is_left_is_told(server):
    write_entries(server.database, 400)
    request = {"ask": "chain", "url": server.database.url("ostrov_owner"), "after": 0, "head": "", "seconds": 0.0}
    first = ask(request)["chain"]
    assert (first["holds"], first["entries"], first["upto"], first["of"]) == (True, 1, 1, 405)
    rest = ask({**request, "after": 1, "head": first["head"], "seconds": 60.0})["chain"]
    assert (rest["holds"], rest["entries"], rest["upto"]) == (True, 404, 405)


def test_a_second_run_walks_only_the_new_entries(server):
    assert "5 walked now" in server.one("audit.chain").observed.en
    write_entries(server.database, 2)
    assert "7 entries hold (2 walked now)" in server.one("audit.chain").observed.en
    server.deep = True
    assert "7 walked now" in server.one("audit.chain").observed.en


GIGABYTE = 10**9


@pytest.mark.parametrize(
    ("free", "size", "inodes", "status"),
    [
        (40, 100, 0.9, Status.OK),
        (60, 1000, 0.9, Status.OK),
        (12, 100, 0.9, Status.WARN),
        (1.5, 5, 0.9, Status.WARN),
        (4, 100, 0.9, Status.FAIL),
        (0.4, 1, 0.9, Status.FAIL),
        (40, 100, 0.01, Status.FAIL),
    ],
)
def test_a_disk_is_judged_by_share_bytes_and_inodes(free, size, inodes, status):
    result = disk.judge({Path("/var"): disk.Room(int(free * GIGABYTE), int(size * GIGABYTE), inodes)})
    assert result.status is status
    assert "/var" in result.observed.en


@pytest.mark.parametrize(
    ("age", "status"), [(1000, Status.OK), (1_200_000_000, Status.WARN), (1_900_000_000, Status.FAIL)]
)
def test_transactions_that_grow_old_are_told_in_time(age, status):
    result = cluster.judge_age({"name": "ostrov", "age": age})
    assert result.status is status
    assert "vacuumdb --freeze" in result.remedy.en or status is Status.OK
