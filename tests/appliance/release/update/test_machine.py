"""The parts that work on the machine: settings, packages, an environment out of wheels, a client over TLS."""

from __future__ import annotations

import base64
import hashlib
import ssl
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest
from release_twin import OLD, furnish

from appliance.release.update.engine import StepFailed
from appliance.release.update.machine.bundles import SignedBundles
from appliance.release.update.machine.client import Client, token_in, trusting
from appliance.release.update.machine.debian import offered_in
from appliance.release.update.machine.installing import WheelInstaller
from appliance.release.update.machine.running import run, variables

VERSION = "1.1.0"
PROGRAM = """
import sys
def main():
    print(f"ostrov, version {VERSION}" if "--version" in sys.argv else "usage")
"""


def test_settings_are_read_as_systemd_reads_them(tmp_path):
    file = tmp_path / "common.env"
    file.write_text("# of the company\nOSTROV_COMPANY_NAME='Рога и копыта'\nEMPTY=\nOSTROV_URL=a=b\n")
    assert variables(file, tmp_path / "absent.env") == {
        "OSTROV_COMPANY_NAME": "Рога и копыта",
        "EMPTY": "",
        "OSTROV_URL": "a=b",
    }


def test_a_program_that_fails_is_told_with_the_end_of_its_words():
    with pytest.raises(StepFailed, match="ended with code 3: it hurts"):
        run(["/bin/sh", "-c", "echo it hurts >&2; exit 3"], seconds=10)


def test_a_program_that_hangs_is_ended():
    with pytest.raises(StepFailed, match="did not end within 0 s"):
        run(["/bin/sleep", "60"], seconds=0.2)


def test_a_program_ends_with_the_update_that_started_it(tmp_path):
    order = "from appliance.release.update.machine.running import run; run(['sh', '-c', '{}'], seconds=60)"
    order = order.format(f"echo $$ >{tmp_path}/pid; exec sleep 60")
    parent = subprocess.Popen([sys.executable, "-c", order])
    note = tmp_path / "pid"
    while not (note.exists() and note.read_text().strip()):
        time.sleep(0.05)
    child = psutil.Process(int(note.read_text()))
    parent.kill()
    parent.wait()
    assert psutil.wait_procs([child], timeout=20)[0]


def test_what_an_interrupted_unpacking_left_is_cleared_away(layout):
    folder = layout.bundle(VERSION)
    left = [folder.with_name(f".{VERSION}.fresh"), folder.with_name(f"..{VERSION}.fresh.unpacking-x1y2")]
    for path in left:
        path.mkdir()
    SignedBundles(layout).clear(folder, keep=False)
    assert not any(path.exists() for path in left)


def test_a_bundle_that_was_there_is_there_again_when_its_unpacking_was_interrupted(layout):
    folder = layout.bundle(VERSION)
    folder.with_name(f".{VERSION}.fresh").mkdir()
    SignedBundles(layout).clear(folder, keep=True)
    assert folder.exists()
    SignedBundles(layout).clear(folder, keep=True)
    assert folder.exists()
    SignedBundles(layout).clear(folder, keep=False)
    assert not folder.exists()


def test_packages_of_a_repository_are_read_with_their_versions():
    index = "Package: nginx\nArchitecture: amd64\nVersion: 1.26.3-3\nDepends: libc6\n\nPackage: age\nVersion: 1.2.1-1\n"
    assert offered_in(index) == {"nginx": "1.26.3-3", "age": "1.2.1-1"}


@pytest.fixture
def bundle(tmp_path):
    """An unpacked bundle with one wheel: a program named ostrov that knows its version."""
    wheels = tmp_path / "bundle/wheels"
    wheels.mkdir(parents=True)
    path = wheels / f"ostrov-{VERSION}-py3-none-any.whl"
    info = f"ostrov-{VERSION}.dist-info"
    parts = {
        "the_program.py": PROGRAM.replace("{VERSION}", VERSION),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: ostrov\nVersion: {VERSION}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nostrov = the_program:main\n",
    }
    rows = []
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in parts.items():
            wheel.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows.append(f"{name},sha256={digest},{len(text.encode())}")
        wheel.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,"]) + "\n")
    lock = f"ostrov=={VERSION} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"
    (wheels / "requirements.lock").write_text(lock)
    (tmp_path / "bundle/manifest.json").write_text(f'{{"version": "{VERSION}"}}')
    return tmp_path / "bundle"


@pytest.fixture
def layout(tmp_path):
    return furnish(tmp_path / "machine", readable=True)


def test_a_release_is_made_of_wheels_alone_and_tried_once(layout, bundle):
    installer = WheelInstaller(layout)
    installer.install(bundle, VERSION)
    assert layout.installed() == [OLD, VERSION]
    installer.smoke(VERSION)


def test_a_release_with_a_command_that_cannot_be_loaded_is_found_before_it_serves(layout, bundle):
    installer = WheelInstaller(layout)
    installer.install(bundle, VERSION)
    (named,) = layout.release(VERSION).glob("venv/lib/*/site-packages/ostrov-*.dist-info/entry_points.txt")
    with named.open("a") as file:
        file.write("[ostrov.commands]\nweb = the_program:absent\n")
    with pytest.raises(StepFailed, match="absent"):
        installer.smoke(VERSION)


def test_the_modules_of_a_release_are_compiled(layout, bundle):
    WheelInstaller(layout).install(bundle, VERSION)
    assert list(layout.release(VERSION).glob("venv/lib/*/site-packages/__pycache__/the_program.*.pyc"))


def test_a_wheel_that_differs_from_its_hash_is_not_installed_and_the_release_does_not_count(layout, bundle):
    with next((bundle / "wheels").glob("*.whl")).open("ab") as wheel:
        wheel.write(b"x")
    with pytest.raises(StepFailed, match="hash"):
        WheelInstaller(layout).install(bundle, VERSION)
    assert layout.installed() == [OLD]


class Page(BaseHTTPRequestHandler):
    """A page with a form that wants its token and its cookie back."""

    def do_GET(self):
        self._answer(200, '<input type="hidden" name="csrf_token" value="t1">', "session=s1; Path=/; HttpOnly")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        sound = "csrf_token=t1" in body and "session=s1" in self.headers["Cookie"]
        self._answer(303 if sound and self.headers["Referer"] else 400, "", "session=s2; Path=/")

    def _answer(self, status, text, cookie):
        self.send_response(status)
        self.send_header("Set-Cookie", cookie)
        self.send_header("Location", "/")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments):
        """Stay silent."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A server with a certificate of its own for one name."""
    folder = tmp_path_factory.mktemp("tls")
    subject = ["-subj", "/CN=crm.example.lan", "-addext", "subjectAltName=DNS:crm.example.lan"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*made, "-keyout", folder / "key", "-out", folder / "crt"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "crt", folder / "key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder / "crt", server.server_address
    server.shutdown()
    server.server_close()


def test_the_client_brings_cookie_token_and_origin_back(site):
    certificate, address = site
    client = Client("crm.example.lan", trusting(certificate), address)
    token = token_in(client.get("/sign-in").text)
    assert client.post("/sign-in", {"csrf_token": token}).status == 303


def test_the_client_refuses_another_name_and_an_unknown_certificate(site, tmp_path):
    certificate, address = site
    with pytest.raises(StepFailed, match="mismatch"):
        Client("other.example.lan", trusting(certificate), address).get("/")
    with pytest.raises(StepFailed, match="self-signed certificate"):
        Client("crm.example.lan", trusting(tmp_path / "absent.crt"), address).get("/")
