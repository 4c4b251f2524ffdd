"""A gateway on another machine shows a certificate of the authority that the settings name, and asks for ours."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from appliance.settings import SettingsError
from webapp.ai.gateway import Gateway
from webapp.ai.link import Link

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


@contextmanager
def _serving(context: ssl.SSLContext) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answering)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An https address and the file of its authority."""
    key, certificate = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with _serving(context) as url:
        yield url, certificate


@pytest.fixture
def choosy_door(tmp_path: Path) -> Iterator[tuple[str, Path, Path]]:
    """An https address that lets in one certificate alone; its file (which is the authority's, too) and its key's."""
    key, certificate = _certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificate))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate, key)
    with _serving(context) as url:
        yield url, certificate, key


def test_a_gateway_of_the_named_authority_is_asked(door: tuple[str, Path]) -> None:
    url, authority = door
    assert Gateway(url, "key", 5, link=Link(str(authority))).state() == {"ready": True, "engines": {}}


def test_a_gateway_of_another_authority_is_not(door: tuple[str, Path], tmp_path: Path) -> None:
    url, _authority = door
    other = tmp_path / "other"
    other.mkdir()
    _key, stranger = _certificate(other)
    assert Gateway(url, "key", 5, link=Link(str(stranger))).state() == {"ready": False, "engines": {}}
    assert Gateway(url, "key", 5).state() == {"ready": False, "engines": {}}


def test_a_gateway_that_asks_for_a_certificate_is_shown_ours(choosy_door: tuple[str, Path, Path]) -> None:
    url, certificate, key = choosy_door
    shown = Link(str(certificate), str(certificate), str(key))
    assert Gateway(url, "key", 5, link=shown).state() == {"ready": True, "engines": {}}
    assert Gateway(url, "key", 5, link=Link(str(certificate))).state() == {"ready": False, "engines": {}}


def test_files_that_cannot_be_used_are_refused_by_the_name_of_their_setting(tmp_path: Path) -> None:
    _key, certificate = _certificate(tmp_path)
    (tmp_path / "other").mkdir()
    other, _certificate_of_other = _certificate(tmp_path / "other")
    with pytest.raises(SettingsError, match=r"OSTROV_GATEWAY_TRUST=/nowhere is not a file"):
        Gateway("https://127.0.0.1:1", "key", 5, link=Link("/nowhere"))
    with pytest.raises(SettingsError, match=r"OSTROV_GATEWAY_CERTIFICATE_KEY go together"):
        Gateway("https://127.0.0.1:1", "key", 5, link=Link(str(certificate), str(certificate)))
    with pytest.raises(SettingsError, match=r"OSTROV_GATEWAY_CERTIFICATE_KEY=.*KEY_VALUES_MISMATCH"):
        Gateway("https://127.0.0.1:1", "key", 5, link=Link(str(certificate), str(certificate), str(other)))
