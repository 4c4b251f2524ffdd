"""The lab's LAN: a bridge in a namespace of its own, where the staff's computers and "the internet" stand.

Nothing leads from there to the machine's own network, so a guest has no way out, whatever it tries.
"""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.provisioning.lab.places import run

LAN = "ostrov-lan"
"""The namespace of the LAN: whoever runs in it is a computer of the staff, or the controller."""
STAFF = "198.18.77.1"
NETWORK = "198.18.77.0/24"
NETWORK6 = "fd77:6f73:7472::/64"
OUTSIDE = "203.0.113.10"
"""An address beyond the LAN, where the tests listen to see whether anything gets out."""
OUTSIDE6 = "2001:db8:77::10"
HOSTS = Path("/etc/netns") / LAN / "hosts"


def address(number: int) -> str:
    """A guest's address on the LAN."""
    return f"198.18.77.{number}"


def address6(number: int) -> str:
    """A guest's IPv6 address on the LAN."""
    return f"fd77:6f73:7472::{number:x}"


def namespaces() -> set[str]:
    """Network namespaces that have names."""
    return {line.split()[0] for line in run(["ip", "netns", "list"]).splitlines() if line.strip()}


def inside(command: list[str]) -> list[str]:
    """The same command as a computer of the LAN runs it."""
    return ["ip", "netns", "exec", LAN, *command]


@contextmanager
def on_lan(namespace: str = LAN) -> Iterator[None]:
    """Sockets and processes that this thread opens meanwhile are those of a computer of the LAN (or of a guest)."""
    with (
        Path("/proc/thread-self/ns/net").open(encoding="ascii") as here,
        (Path("/run/netns") / namespace).open(encoding="ascii") as there,
    ):
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(here.fileno())


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, 0x40000000):  # CLONE_NEWNET
        raise OSError(ctypes.get_errno(), "setns")


def make_lan() -> None:
    """The LAN with the staff's computer and the outside, unless it is there."""
    if LAN in namespaces():
        return
    HOSTS.parent.mkdir(parents=True, exist_ok=True)
    HOSTS.write_text(f"127.0.0.1 localhost\n{STAFF} staff.lab.test\n{OUTSIDE} outside.test\n")
    (HOSTS.parent / "resolv.conf").write_text("")
    run(["ip", "netns", "add", LAN])
    ip = ["ip", "-n", LAN]
    # Without an address of its own a bridge takes one of its cables': connections stand still when that one is pulled.
    run([*ip, "link", "add", "lan0", "address", "02:00:c6:12:4d:01", "type", "bridge"])
    run([*ip, "addr", "add", f"{STAFF}/24", "dev", "lan0"])
    run([*ip, "addr", "add", f"{OUTSIDE}/32", "dev", "lan0"])
    run([*ip, "addr", "add", f"{address6(1)}/64", "dev", "lan0", "nodad"])
    run([*ip, "addr", "add", f"{OUTSIDE6}/128", "dev", "lan0", "nodad"])
    for link in ("lo", "lan0"):
        run([*ip, "link", "set", link, "up"])


def plug(namespace: str, number: int) -> None:
    """A namespace for a guest, with one cable into the LAN; the router it is told of leads nowhere."""
    if namespace in namespaces():
        return
    run(["ip", "netns", "add", namespace])
    run(["ip", "-n", LAN, "link", "add", f"port{number}", "type", "veth", "peer", "name", "host0", "netns", namespace])
    run(["ip", "-n", LAN, "link", "set", f"port{number}", "master", "lan0", "up"])
    ip = ["ip", "-n", namespace]
    run([*ip, "addr", "add", f"{address(number)}/24", "dev", "host0"])
    run([*ip, "addr", "add", f"{address6(number)}/64", "dev", "host0", "nodad"])
    for link in ("lo", "host0"):
        run([*ip, "link", "set", link, "up"])
    run([*ip, "route", "add", "default", "via", STAFF])
    run([*ip, "-6", "route", "add", "default", "via", address6(1)])


def unplug(namespace: str) -> None:
    """Take a guest's namespace away, and its cable with it."""
    if namespace in namespaces():
        # The kernel clears a deleted namespace in its own time; a cable that is pulled is gone at once, at both ends.
        subprocess.run(["ip", "-n", namespace, "link", "del", "host0"], check=False, capture_output=True)
        run(["ip", "netns", "del", namespace])


def remove_lan() -> None:
    """Take the LAN away."""
    unplug(LAN)
    for path in sorted(HOSTS.parent.glob("*")):
        path.unlink()
    if HOSTS.parent.exists():
        HOSTS.parent.rmdir()
