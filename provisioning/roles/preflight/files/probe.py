"""What a machine is like, as one JSON object: read by the role preflight, changes nothing.

Runs on the bare server from standard input with its own python3, so it uses the standard library alone.
"""

import hashlib
import json
import os
import platform
import socket
import subprocess
import sys

UDP_ECHO = (
    "import socket\n"
    "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.0.0.1', 0)); s.settimeout(1)\n"
    "s.sendto(b'x', s.getsockname()); s.recv(1)\n"
)


def run(*command):
    """Exit code and output of a command; 127 when it is not there, 124 when it hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError:
        return 127, ""
    except subprocess.TimeoutExpired:
        return 124, ""
    return done.returncode, done.stdout.strip()


def read(path):
    """A small file's text, empty when it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def system():
    """ID and VERSION_ID of /etc/os-release."""
    lines = (line.partition("=") for line in read("/etc/os-release").splitlines())
    values = {name: value.strip("\"'") for name, _, value in lines}
    return {"id": values.get("ID", "?"), "version": values.get("VERSION_ID", "?"), "name": values.get("PRETTY_NAME", "?")}


def memory():
    """All memory, in megabytes."""
    return next((int(line.split()[1]) // 1024 for line in read("/proc/meminfo").splitlines() if line.startswith("MemTotal")), 0)


def disks(needs):
    """One entry a file system: what it is asked for by the folders on it, and what is free, in megabytes."""
    found = {}
    for folder, megabytes in needs.items():
        device = os.stat(folder).st_dev
        room = os.statvfs(folder)
        entry = found.setdefault(device, {"folders": [], "needed": 0, "free": room.f_bavail * room.f_frsize // 2**20})
        entry["folders"].append(folder)
        entry["needed"] += megabytes
    return list(found.values())


def listeners(ports):
    """Who listens on these TCP ports: {port: names of processes}."""
    _, text = run("ss", "--listening", "--tcp", "--numeric", "--processes", "--no-header")
    found = {}
    for line in text.splitlines():
        fields = line.split()
        port = fields[3].rpartition(":")[2]
        if port in ports:
            names = line.partition('users:(("')[2].partition('"')[0] or "a process of another container"
            found.setdefault(port, set()).add(names)
    return {port: sorted(names) for port, names in found.items()}


def packet_filter():
    """Whether systemd really enforces IPAddressDeny= here: it drops the directive with a mere warning where it cannot."""
    plain, _ = run("systemd-run", "--quiet", "--wait", "--pipe", "--collect", sys.executable, "-c", UDP_ECHO)
    denied, _ = run(
        "systemd-run", "--quiet", "--wait", "--pipe", "--collect", "-p", "IPAddressDeny=any", sys.executable, "-c", UDP_ECHO
    )
    return {"plain_works": plain == 0, "denied_works": denied == 0}


def cards():
    """Graphics cards as the driver tells them: name and memory in megabytes; and what the bus shows without a driver."""
    code, text = run("nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits")
    rows = [line.split(", ") for line in text.splitlines()] if code == 0 else []
    bus = any(
        read(f"/sys/bus/pci/devices/{entry}/vendor").strip() == "0x10de"
        for entry in (os.listdir("/sys/bus/pci/devices") if os.path.isdir("/sys/bus/pci/devices") else [])
    )
    return {"cards": [{"name": r[0], "memory": int(r[1]), "driver": r[2]} for r in rows if len(r) == 3], "on_the_bus": bus}


def main(question):
    """Answer the question, a JSON object given as the first argument."""
    installed = os.path.exists("/var/lib/ostrov/release/state.json")
    needs = question["free_installed"] if installed else question["free"]
    # The machine's own `date`: what an administrator sees on it, and what every log will say.
    _, clock = run("date", "+%s")
    print(
        json.dumps(
            {
                "system": system(),
                "machine": platform.machine(),
                "kernel": platform.release(),
                "memory": memory(),
                "disks": disks({folder: size for folder, size in needs.items() if os.path.isdir(folder)}),
                "installed": installed,
                "clock": int(clock or 0),
                "listeners": listeners(question["ports"]),
                "cgroup2": os.path.exists("/sys/fs/cgroup/cgroup.controllers"),
                "packet_filter": packet_filter(),
                "gpu": cards() if question["profile"] == "gpu" else None,
                "hostname": socket.gethostname(),
                "state": read("/var/lib/ostrov/release/state.json"),
                "received": hashlib.sha256(read(question["received"]).encode()).hexdigest(),
            }
        )
    )


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
