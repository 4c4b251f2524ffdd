"""A client on the LAN's side of nginx: TLS with the appliance's certificates, cookies, the form's token."""

from __future__ import annotations

import http.client
import http.cookies
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from appliance.release.update.engine import StepFailed

TOKEN: Final = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
SECONDS: Final = 20.0


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    text: str
    location: str


def trusting(*certificates: Path) -> ssl.SSLContext:
    """A context that believes exactly these certificates, an authority's or a server's own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for certificate in certificates:
        if certificate.exists():
            context.load_verify_locations(certificate)
    return context


class _Connection(http.client.HTTPSConnection):
    """Connects to one address under the name of another."""

    def __init__(self, name: str, address: tuple[str, int], context: ssl.SSLContext) -> None:
        super().__init__(name, timeout=SECONDS, context=context)
        self._address = address
        self._trust = context

    def connect(self) -> None:
        """Connect to the address; the certificate must be the name's."""
        plain = socket.create_connection(self._address, timeout=SECONDS)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self.host)


@dataclass
class Client:
    """A browser, as far as signing in and looking at pages need one."""

    name: str
    context: ssl.SSLContext
    address: tuple[str, int] = ("127.0.0.1", 443)
    _cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self._ask("GET", path)

    def post(self, path: str, form: Mapping[str, str]) -> Answer:
        """Send a form, with the token of the page that it stands on."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"https://{self.name}",
            "Referer": f"https://{self.name}{path}",
        }
        return self._ask("POST", path, urlencode(form), headers)

    def _ask(self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        connection = _Connection(self.name, self.address, self.context)
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        try:
            connection.request(method, path, body or None, {"Cookie": cookie, "Accept": "text/html", **(headers or {})})
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise StepFailed(f"{method} https://{self.name}{path}: {type(error).__name__}: {error}") from None
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or ():
            self._cookies.update({name: morsel.value for name, morsel in http.cookies.SimpleCookie(line).items()})
        return Answer(response.status, text, response.headers.get("Location", ""))


def token_in(page: str) -> str:
    """The form's token in a page. Raises StepFailed when there is none."""
    found = TOKEN.search(page)
    if found is None:
        raise StepFailed("The sign-in page has no form.")
    return found[1]
