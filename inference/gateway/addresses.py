"""Engines live on this machine or in private networks; any other address is refused when the gateway starts."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

NETWORKS = tuple(
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)


class AddressRefused(Exception):
    """An engine's address is not inside; the message names the setting and the remedy."""


def _addresses(host: str, port: int) -> list[str]:
    """Return every IP address behind a host name or literal."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _is_inside(address: str) -> bool:
    """Tell whether an IP address is loopback or private; an IPv4 address dressed as IPv6 is undressed first."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in NETWORKS if network.version == found.version)


def checked_url(setting: str, url: str) -> str:
    """Return the URL without its trailing slash. Raises AddressRefused unless every address behind it is inside."""
    remedy = f"Set {setting} to an engine on this machine or in a private network, such as http://127.0.0.1:8091."
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        message = f"{setting}={url!r} has no valid port. {remedy}"
        raise AddressRefused(message) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        message = f"{setting}={url!r} is not a plain http or https address. {remedy}"
        raise AddressRefused(message)
    try:
        addresses = _addresses(parts.hostname, port)
    except OSError:
        message = f"{setting}={url!r}: the name {parts.hostname} cannot be resolved. {remedy}"
        raise AddressRefused(message) from None
    outside = [address for address in addresses if not _is_inside(address)]
    if outside:
        message = f"{setting}={url!r} leads outside ({outside[0]}): client data must not leave. {remedy}"
        raise AddressRefused(message)
    return url.rstrip("/")
