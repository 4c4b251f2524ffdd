"""What must be true before anything starts; each refusal is a sentence that names the cause and the remedy."""

from __future__ import annotations

import errno
import shutil
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from appliance.demo.units import Fatal

GIGABYTE = 1_000_000_000
STATE_BYTES = 1_000_000_000
MEMORY_WARNING_BYTES = 4_000_000_000


def check_ports(ports: Mapping[str, int]) -> None:
    """Refuse when a port is taken, naming its holder when the system tells."""
    for variable, port in ports.items():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                if error.errno == errno.EACCES:
                    raise Fatal(f"Port {port} needs rights that we lack.", f"Set {variable} above 1023.") from error
                sentence = f"Port {port} is taken{_holder(port)}."
                raise Fatal(sentence, f"Stop that program, or choose another port: {variable}={port + 1000}") from error
    seen: dict[int, str] = {}
    for variable, port in ports.items():
        if port in seen:
            raise Fatal(f"{variable} and {seen[port]} are both {port}.", "Give each its own port.")
        seen[port] = variable


def _holder(port: int) -> str:
    """Describe the process that listens on a port, as far as we may know."""
    with suppress(psutil.Error):
        for connection in psutil.net_connections("inet"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    return " by another program"


def check_disk(places: Mapping[Path, int]) -> None:
    """Refuse when a disk has less room than will be needed; places on the same disk are added up."""
    needed: dict[int, tuple[Path, int]] = {}
    for place, count in places.items():
        existing = next(folder for folder in (place, *place.parents) if folder.exists())
        device = existing.stat().st_dev
        needed[device] = (existing, needed.get(device, (existing, 0))[1] + count)
    for folder, count in needed.values():
        free = shutil.disk_usage(folder).free
        if free < count:
            sentence = f"The disk of {folder} has {free / GIGABYTE:.1f} GB free; {count / GIGABYTE:.1f} GB are needed."
            raise Fatal(
                sentence, "Make room, or put the state elsewhere: OSTROV_HOME=/path (weights: OSTROV_MODEL_CACHE)."
            )


def memory_warning() -> str:
    """Return a sentence when the machine is short of memory, else nothing."""
    available = psutil.virtual_memory().available
    if available >= MEMORY_WARNING_BYTES:
        return ""
    return (
        f"Only {available / GIGABYTE:.1f} GB of memory are free; the models may be slow. OSTROV_DEMO_MODEL=small helps."
    )
