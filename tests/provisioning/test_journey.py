"""A computer of the staff opens the CRM by its name, and a person works with it."""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.provisioning import figures
from tests.provisioning.lab import network
from tests.provisioning.lab.browser import Browser, hidden_fields
from tests.provisioning.lab.guest import Guest
from tests.provisioning.lab.playbooks import DOMAIN

RECORDING = Path(__file__).resolve().parents[1] / "recordings/en-complaint.ogg"
PASSWORD = "Seven-herons-by-the-brook"
UNDERSTOOD_SECONDS = 600


@pytest.fixture(scope="module")
def anna(appliance: Guest) -> Iterator[Browser]:
    """A person whose account an administrator made on the server, signed in with a password of her own."""
    told = appliance.tell("ostrov user create --admin anna")
    with Browser(appliance) as browser:
        entered = browser.sign_in("anna", told.split()[-1])
        assert entered.url.path == "/profile", "a temporary password is changed before anything else"
        form = {**hidden_fields(entered.text), "old": told.split()[-1], "new": PASSWORD, "again": PASSWORD}
        assert browser.post("/profile/password", data=form).status_code == httpx.codes.OK
        yield browser


@pytest.fixture(scope="module")
def token(anna: Browser, appliance: Guest) -> dict[str, str]:
    """What a program of hers shows at the API."""
    secret = appliance.tell("ostrov token create --user anna").strip().splitlines()[-1]
    return {"Authorization": f"Bearer {secret}"}


def test_the_certificate_is_of_the_appliances_own_authority(appliance: Guest) -> None:
    with Browser(appliance) as browser:
        assert browser.get("/sign-in").status_code == httpx.codes.OK
    everyone = ssl.create_default_context()
    with socket_to(appliance) as wire, pytest.raises(ssl.SSLCertVerificationError):
        everyone.wrap_socket(wire, server_hostname=DOMAIN)


def test_the_certificate_is_for_no_other_name(appliance: Guest) -> None:
    own = ssl.create_default_context(cadata=appliance.tell("cat /etc/ostrov/pki/ca.crt"))
    with socket_to(appliance) as wire, pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        own.wrap_socket(wire, server_hostname="other.lab.test")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_of_tls_are_refused(appliance: Guest, version: ssl.TLSVersion) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with socket_to(appliance) as wire, pytest.raises(OSError, match=r"(?i)ssl|reset|closed"):
        context.wrap_socket(wire, server_hostname=DOMAIN)


def socket_to(guest: Guest) -> socket.socket:
    """A connection from the LAN to the CRM's door."""
    with network.on_lan():
        return socket.create_connection((guest.address, 443), 5)


def test_the_plain_door_leads_to_the_locked_one(appliance: Guest) -> None:
    with Browser(appliance) as browser:
        answer = browser.get(f"http://{DOMAIN}/people", follow_redirects=False)
    assert answer.status_code in {301, 308}
    assert answer.headers["location"] == f"https://{DOMAIN}/people"


def test_how_to_trust_the_authority_is_told_in_both_languages(appliance: Guest) -> None:
    with Browser(appliance) as browser:
        pages = [browser.get(f"http://{DOMAIN}/trust", headers={"Accept-Language": tongue}) for tongue in ("en", "ru")]
    assert {page.status_code for page in pages} == {httpx.codes.OK}
    text = "".join(page.text for page in pages)
    for system in ("Windows", "macOS", "Android", "Firefox"):
        assert system in text
    assert re.search("[а-яё]{6,}", text)


def test_the_browser_is_told_to_stay_on_the_locked_door(anna: Browser) -> None:
    answer = anna.get("/people")
    assert "max-age=" in answer.headers["strict-transport-security"]
    cookies = [cookie for cookie in anna.cookies.jar if cookie.domain.endswith("lab.test")]
    assert cookies
    assert all(cookie.secure for cookie in cookies)
    assert "nginx/" not in answer.headers.get("server", "")


def test_a_client_is_made_and_found(anna: Browser) -> None:
    form = hidden_fields(anna.get("/people/new").text)
    made = anna.post("/people", data={**form, "full_name": "Roald Amundsen", "email": "roald@example.org"})
    assert made.status_code == httpx.codes.OK
    assert re.fullmatch(r"/people/\d+", made.url.path), made.text[:2000]
    began = time.monotonic()
    while "Roald Amundsen" not in anna.get("/search", params={"q": "Amundsen"}).text:
        assert time.monotonic() - began < 60, "the client is not found"
        time.sleep(0.5)
    figures.record(new_client_found_seconds=time.monotonic() - began)


def test_a_call_becomes_proposals(anna: Browser, token: dict[str, str], appliance: Guest) -> None:
    if appliance.ask("ls /var/lib/ostrov/models/*/*/*.gguf").returncode:
        pytest.skip("the bundle brought no model")
    with RECORDING.open("rb") as recording:
        sent = anna.post(
            "/api/v1/communications",
            headers=token,
            data={"kind": "call", "occurred_at": "2026-11-19T15:05:00+03:00"},
            files={"recording": (RECORDING.name, recording)},
        )
    assert sent.status_code == httpx.codes.ACCEPTED, sent.text
    began = time.monotonic()
    while (found := anna.get(sent.headers["location"], headers=token).json())["state"] not in {"understood", "failed"}:
        assert time.monotonic() - began < UNDERSTOOD_SECONDS, found
        time.sleep(1)
    figures.record(call_understood_seconds=time.monotonic() - began)
    assert found["state"] == "understood", found
    assert "Helen Carter" in [proposal["value"] for proposal in found["proposals"] if proposal["field"] == "person"]


def test_what_happened_is_in_an_unbroken_audit_trail(anna: Browser, appliance: Guest) -> None:
    assert "holds" in appliance.tell("ostrov audit verify")
    assert {"user.created", "user.signed_in", "user.password_changed", "person.created"} <= {
        *asked(appliance, "SELECT action FROM audit.entries")
    }


def test_a_signing_in_of_the_trail_leads_to_the_address_of_the_computer(anna: Browser, appliance: Guest) -> None:
    """The address of the computer itself, not that of nginx which stands between."""
    signed_in = (
        "SELECT DISTINCT s.address FROM audit.entries e"
        " JOIN user_sessions s ON s.id = (e.details->>'session_id')::bigint"
        " WHERE e.action = 'user.signed_in'"
    )
    assert asked(appliance, signed_in) == [network.STAFF]


def asked(guest: Guest, query: str) -> list[str]:
    """Lines that the server's database answers to its administrator."""
    return guest.tell(f'runuser -u postgres -- psql -XAtqd ostrov -c "{query}"').split()
