"""Which addresses are inside: this machine and private networks. Client data is sent nowhere else."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

NETWORKS = tuple(
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
WEB: Mapping[str, int] = {"http": 80, "https": 443}
AMQP: Mapping[str, int] = {"amqp": 5672, "amqps": 5671}


class AddressRefused(Exception):
    """An address is not inside, or is none; the message names the setting and the remedy."""


def _addresses(host: str, port: int) -> list[str]:
    """Return every IP address behind a host name or literal."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_inside(address: str) -> bool:
    """Tell whether an IP address is loopback or private; an IPv4 address dressed as IPv6 is undressed first."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in NETWORKS if network.version == found.version)


def checked(setting: str, url: str, remedy: str, *, schemes: Mapping[str, int] = WEB, credentials: bool = False) -> str:
    """Return the URL without its trailing slash. Raises AddressRefused unless every address behind it is inside.

    `schemes` maps the schemes that are allowed to their usual ports; `credentials` allows a name and password in it,
    which are then left out of every message.
    """
    parts = urlsplit(url)
    shown = url if parts.password is None else url.replace(f":{parts.password}@", ":***@")
    try:
        port = parts.port or schemes.get(parts.scheme, 0)
    except ValueError:
        message = f"{setting}={shown!r} has no valid port. {remedy}"
        raise AddressRefused(message) from None
    named = parts.username is not None and not credentials
    if parts.scheme not in schemes or not parts.hostname or named:
        message = f"{setting}={shown!r} is not a plain {' or '.join(schemes)} address. {remedy}"
        raise AddressRefused(message)
    try:
        addresses = _addresses(parts.hostname, port)
    except OSError:
        message = f"{setting}={shown!r}: the name {parts.hostname} cannot be resolved. {remedy}"
        raise AddressRefused(message) from None
    outside = [address for address in addresses if not is_inside(address)]
    if outside:
        message = f"{setting}={shown!r} leads outside ({outside[0]}): client data must not leave. {remedy}"
        raise AddressRefused(message)
    return url.rstrip("/")
