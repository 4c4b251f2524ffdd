"""Words with the service manager (systemd): ready, still alive, stopping; and the sockets that it hands over.

Outside of a service nothing is said, and no socket is handed over. Standard library alone: every program may ask.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping

FIRST_SOCKET = 3
MICROSECONDS = 1_000_000
READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


def say(words: str, address: str | None = None) -> bool:
    """Tell the service manager at NOTIFY_SOCKET (or `address`); answers whether anybody was told."""
    place = os.environ.get("NOTIFY_SOCKET") if address is None else address
    if not place:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.sendto(words.encode(), "\0" + place[1:] if place.startswith("@") else place)
        except OSError:  # the manager has gone; a service works on without it
            return False
    return True


def watch_seconds() -> float | None:
    """How often to say ALIVE: half of what the manager waits before it takes this process for hung; None for never."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    text = os.environ.get("WATCHDOG_USEC", "")
    return int(text) / MICROSECONDS / 2 if text.isdigit() and int(text) else None


def inherited_sockets(environ: MutableMapping[str, str] | None = None) -> list[socket.socket]:
    """The listening sockets that were opened for this process; the children of this process are not told of them."""
    source = os.environ if environ is None else environ
    told, owner = source.pop("LISTEN_FDS", "0"), source.pop("LISTEN_PID", "")
    source.pop("LISTEN_FDNAMES", None)
    if owner != str(os.getpid()) or not told.isdigit():
        return []
    found = [socket.socket(fileno=FIRST_SOCKET + number) for number in range(int(told))]
    for one in found:
        one.set_inheritable(False)
    return found
