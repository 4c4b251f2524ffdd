"""A gateway on another machine has to show a certificate of the authority that the settings name."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from webapp.ai.gateway import Gateway

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"ready": true, "engines": {}}')

    def log_message(self, *_words: object) -> None:
        """Tests are silent."""


def _certificate(folder: Path) -> tuple[Path, Path]:
    key, certificate = folder / "key", folder / "crt"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-subj", "/CN=gateway", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key)]
    subprocess.run([*words, "-out", str(certificate)], check=True, capture_output=True)
    return key, certificate


@pytest.fixture
def door(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An https address and the file of its authority."""
    key, certificate = _certificate(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), Answering)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}", certificate
    server.shutdown()
    server.server_close()


def test_a_gateway_of_the_named_authority_is_asked(door: tuple[str, Path]) -> None:
    url, authority = door
    assert Gateway(url, "key", 5, trust=str(authority)).state() == {"ready": True, "engines": {}}


def test_a_gateway_of_another_authority_is_not(door: tuple[str, Path], tmp_path: Path) -> None:
    url, _authority = door
    other = tmp_path / "other"
    other.mkdir()
    _key, stranger = _certificate(other)
    assert Gateway(url, "key", 5, trust=str(stranger)).state() == {"ready": False, "engines": {}}
    assert Gateway(url, "key", 5).state() == {"ready": False, "engines": {}}
