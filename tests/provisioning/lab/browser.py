"""A computer of the staff: opens the CRM by its name over TLS and trusts no authority but the appliance's own."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from tests.provisioning.lab import network
from tests.provisioning.lab.guest import Guest
from tests.provisioning.lab.playbooks import DOMAIN


class Wire(httpcore.SyncBackend):
    """Connects from the LAN, and knows one name: that of the CRM."""

    def __init__(self, address: str) -> None:
        self.address = address

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """A connection to the guest for the CRM's name, to the address itself otherwise."""
        with network.on_lan():
            return super().connect_tcp(
                self.address if host == DOMAIN else host, port, timeout, local_address, socket_options
            )


class Browser(httpx.Client):
    """What a browser of the staff does: cookies, forms with their hidden fields, redirects."""

    def __init__(self, guest: Guest, *, trusted: str | None = None, **options: Any) -> None:
        """`trusted`: certificates in PEM; those that the server hands out on its /trust page when not given."""
        context = ssl.create_default_context(cadata=trusted or authority(guest))
        transport = httpx.HTTPTransport(verify=context)
        transport._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=Wire(guest.address))
        super().__init__(
            base_url=f"https://{DOMAIN}",
            transport=transport,
            timeout=60,
            follow_redirects=True,
            # A form is taken only from a page of the CRM itself, which a browser names.
            **{"headers": {"Referer": f"https://{DOMAIN}/"}, **options},
        )

    def sign_in(self, username: str, password: str) -> httpx.Response:
        """Fill in the form of the first page."""
        page = self.get("/sign-in")
        return self.post(
            "/sign-in",
            data={**hidden_fields(page.text), "username": username, "password": password},
            headers={"Referer": str(page.url)},
        )


def hidden_fields(page: str) -> dict[str, str]:
    """Hidden fields of a page's forms: the token that proves that the form is ours."""
    fields = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            fields[name[1]] = value[1] if value else ""
    return fields


def authority(guest: Guest) -> str:
    """The certificate of the appliance's authority, as root reads it on the server."""
    return guest.tell("cat /etc/ostrov/pki/ca.crt")
