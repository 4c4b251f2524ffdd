"""What a machine is like, as one JSON object: read by the role preflight, changes nothing.

Runs on the bare server from standard input with its own python3, so it uses the standard library alone.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

SYSTEM = {"id": "ID", "version": "VERSION_ID", "name": "PRETTY_NAME"}
UDP_ECHO = (
    "import socket\n"
    "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.0.0.1', 0)); s.settimeout(1)\n"
    "s.sendto(b'x', s.getsockname()); s.recv(1)\n"
)


def run(*command: str) -> tuple[int, str]:
    """Exit code and output of a command; 127 when it is not there, 124 when it hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError:
        return 127, ""
    except subprocess.TimeoutExpired:
        return 124, ""
    return done.returncode, done.stdout.strip()


def read(path: str | Path) -> str:
    """A small file's text, empty when it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def system() -> dict[str, str]:
    """ID and VERSION_ID of /etc/os-release."""
    lines = (line.partition("=") for line in read("/etc/os-release").splitlines())
    values = {name: value.strip("\"'") for name, _, value in lines}
    return {key: values.get(name, "?") for key, name in SYSTEM.items()}


def memory() -> int:
    """All memory, in megabytes."""
    lines = read("/proc/meminfo").splitlines()
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("MemTotal")), 0)


def disks(needs: dict[str, int]) -> list[dict[str, Any]]:
    """One entry a file system: what it is asked for by the folders on it, and what is free, in megabytes."""
    found: dict[int, dict[str, Any]] = {}
    for folder, megabytes in needs.items():
        device = Path(folder).stat().st_dev
        room = os.statvfs(folder)
        free = room.f_bavail * room.f_frsize // 2**20
        entry = found.setdefault(device, {"folders": [], "needed": 0, "free": free})
        entry["folders"].append(folder)
        entry["needed"] += megabytes
    return list(found.values())


def listeners(ports: list[str]) -> dict[str, list[str]]:
    """Who listens on these TCP ports: {port: names of processes}."""
    _, text = run("ss", "--listening", "--tcp", "--numeric", "--processes", "--no-header")
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        fields = line.split()
        port = fields[3].rpartition(":")[2]
        if port in ports:
            name = line.partition('users:(("')[2].partition('"')[0] or "a process of another container"
            found.setdefault(port, set()).add(name)
    return {port: sorted(names) for port, names in found.items()}


def echoes(*properties: str) -> bool:
    """Whether a unit with these properties can send itself a packet."""
    command = ["systemd-run", "--quiet", "--wait", "--pipe", "--collect", *properties, sys.executable, "-c", UDP_ECHO]
    return run(*command)[0] == 0


def packet_filter() -> dict[str, bool]:
    """Whether systemd enforces IPAddressDeny= here: where it cannot, it drops the directive with a mere warning."""
    return {"plain_works": echoes(), "denied_works": echoes("-p", "IPAddressDeny=any")}


def cards() -> dict[str, Any]:
    """Graphics cards as the driver tells them (memory in megabytes), and whether the bus shows any without a driver."""
    query = ("--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits")
    code, text = run("nvidia-smi", *query)
    rows = [line.split(", ") for line in text.splitlines()] if code == 0 else []
    vendors = [read(path).strip() for path in Path("/sys/bus/pci/devices").glob("*/vendor")]
    seen = [{"name": name, "memory": int(memory), "driver": driver} for name, memory, driver in rows]
    return {"cards": seen, "on_the_bus": "0x10de" in vendors}


def release(current: Path) -> str:
    """The installed release; empty when none was ever finished."""
    return current.readlink().name if current.is_symlink() else ""


def main(question: dict[str, Any]) -> None:
    """Answer the question."""
    installed = release(Path("/opt/ostrov/current"))
    needs = question["free_installed"] if installed else question["free"]
    # The machine's own `date`: what an administrator sees on it, and what every log will say.
    _, clock = run("date", "+%s")
    answer = {
        "system": system(),
        "machine": platform.machine(),
        "kernel": platform.release(),
        "memory": memory(),
        "disks": disks({folder: size for folder, size in needs.items() if Path(folder).is_dir()}),
        "installed": installed,
        "clock": int(clock or 0),
        "listeners": listeners(question["ports"]),
        "cgroup2": Path("/sys/fs/cgroup/cgroup.controllers").exists(),
        "packet_filter": packet_filter(),
        "gpu": cards() if question["profile"] == "gpu" else None,
        "state": read("/var/lib/ostrov/release/state.json"),
        "received": hashlib.sha256(read(question["received"]).encode()).hexdigest(),
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
