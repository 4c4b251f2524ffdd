"""Where the lab keeps its things, and the programs that it needs."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
HOME = Path(os.environ.get("OSTROV_LAB_HOME", "~/.cache/ostrov/lab")).expanduser()
BASE = HOME / "base"
READY = "ready"
"""The snapshot that all others stand on: a bare server that answers to ssh."""
SNAPSHOTS = HOME / "snapshots"
GUESTS = HOME / "guests"
KEY = HOME / "key"
KNOWN_HOSTS = HOME / "known_hosts"
CONNECTIONS = HOME / "connections"
"""Sockets of open ssh connections, one a guest's address."""
PACKAGES = {
    "systemd-nspawn": "systemd-container",
    "debootstrap": "debootstrap",
    "apt-ftparchive": "apt-utils",
    "gpg": "gnupg",
    "nft": "nftables",
    "ip": "iproute2",
    "ssh": "openssh-client",
}
"""Programs that the lab runs, and the Debian package that brings each."""


class LabError(RuntimeError):
    """The lab cannot do what it was asked for; the message says what to do."""


def run(command: Sequence[str | Path], *, seconds: float = 600, given: str | None = None) -> str:
    """What a command that must succeed has printed; its error output is in the error otherwise."""
    done = subprocess.run(
        [str(word) for word in command], check=False, capture_output=True, text=True, timeout=seconds, input=given
    )
    if done.returncode:
        raise LabError(
            f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}".strip()
        )
    return done.stdout


@contextmanager
def alone() -> Iterator[None]:
    """One change of the lab's stock (addresses, layers) at a time, whoever makes it."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def control_group() -> Path:
    """Where the unified control groups are mounted on this machine."""
    for place in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")):
        if (place / "cgroup.procs").exists() and (place / "cgroup.controllers").exists():
            return place
    raise LabError("No unified control groups are mounted: mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified")
