"""Ray itself, started by the command lines and settings of its units, as two machines with GPUs would start it.

Each machine is a network namespace here, and the GPUs are only counted. OSTROV_TEST_RAY names the folder of programs of
an environment that holds the package `ray`; it is not part of ours.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.provisioning.grow.clusters import until
from tests.provisioning.lab.places import LabError, run
from tests.provisioning.units.rendering import render

PROGRAMS = os.environ.get("OSTROV_TEST_RAY", "")
HEAD, OTHER = "192.0.2.14", "192.0.2.15"
NAMES = {HEAD: "ostrov-ray1", OTHER: "ostrov-ray2"}
EC = shlex.split("-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256")
ASK = f"""
import ray
ray.init(address="{HEAD}:6379", log_to_driver=False)
nodes = sorted((node["NodeManagerAddress"], node["Resources"].get("GPU")) for node in ray.nodes() if node["Alive"])

@ray.remote(num_gpus=4)
def where():
    import time
    time.sleep(2)
    return ray.util.get_node_ip_address()

print("seen", nodes, sorted(set(ray.get([where.remote() for _ in range(4)], timeout=60))))
"""
pytestmark = [
    pytest.mark.skipif(not PROGRAMS, reason="OSTROV_TEST_RAY names no environment with ray"),
    pytest.mark.skipif(os.geteuid() != 0, reason="two networks on one machine need root"),
    pytest.mark.timeout(300),
]


def certificate(folder: Path, name: str, address: str) -> None:
    """A certificate of the links, as the role interconnect makes them."""
    usage = "extendedKeyUsage=serverAuth,clientAuth"
    alternative = f"subjectAltName=DNS:{name},IP:{address}"
    files = ["-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr"]
    run(["openssl", "req", "-new", *EC, "-subj", "/CN=ray", "-addext", usage, "-addext", alternative, *files])
    signed = ["-in", folder / f"{name}.csr", "-out", folder / f"{name}.crt", "-copy_extensions", "copy", "-days", "2"]
    run(["openssl", "x509", "-req", *signed, "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key"])


def environment(folder: Path, address: str, **other: str) -> dict[str, str]:
    """What the unit's file of settings gives to Ray."""
    lines = [line for line in render("ray", "ray.env.j2", given(folder, address)).splitlines() if line[:1].isupper()]
    return {**os.environ, **dict(line.split("=", 1) for line in lines), "HOME": str(folder), **other}


def given(folder: Path, address: str) -> dict[str, object]:
    """What an inventory of two machines with four GPUs gives to the role."""
    name = NAMES[address]
    return {
        "ray_nodes": 2, "ray_gpus": 4, "ray_interface": "lan0", "ray_store_bytes": 100_000_000,
        "ray_programs": PROGRAMS, "ray_leads": address == HEAD, "ray_head_address": HEAD, "ray_address": address,
        "ray_peers": [OTHER if address == HEAD else HEAD], "ray_authority": folder / "ca.crt",
        "ray_certificate": folder / f"{name}.crt", "ray_certificate_key": folder / f"{name}.key",
    }  # fmt: skip


def started(folder: Path, address: str) -> subprocess.Popen[bytes]:
    """The unit's own command line, on its machine."""
    unit = render("ray", "ostrov-ray.service.j2", given(folder, address)).replace("%i", HEAD)
    command = re.search(r"^ExecStart=((?:.*\\\n)*.*)$", unit, re.MULTILINE)
    assert command
    line = command[1].replace("\\\n", " ")
    words = shlex.split(line.replace("/var/cache/ostrov-ray", str(folder / "temp")))
    with (folder / f"{NAMES[address]}.log").open("wb") as log:
        return subprocess.Popen(
            ["ip", "netns", "exec", NAMES[address], *words], env=environment(folder, address), stdout=log, stderr=log
        )


def up(folder: Path, address: str) -> None:
    """Wait until Ray of a machine says that it runs: the other one joins a head that is there."""
    log = folder / f"{NAMES[address]}.log"
    try:
        until(lambda: "Ray runtime started" in log.read_text(), f"Ray of {address}", 60)
    except AssertionError as late:
        raise AssertionError(f"{late}:\n{log.read_text()[-4000:]}") from late


def told(folder: Path, address: str, **other: str) -> str:
    """What a program on one of the machines gets from Ray; nothing within half a minute is nothing."""
    words = ["ip", "netns", "exec", NAMES[address], f"{PROGRAMS}/python", "-c", ASK]
    with suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            words,
            env=environment(folder, address, **other),
            capture_output=True,
            text=True,
            check=False,
            timeout=90 if not other else 30,
        )
        return done.stdout
    return ""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Two machines with Ray between them; the folder has their files. Its name is short: those of sockets are long."""
    made = Path(tempfile.mkdtemp(prefix="ray-"))
    files = ["-keyout", made / "ca.key", "-out", made / "ca.crt", "-days", "2"]
    run(["openssl", "req", "-x509", *EC, "-subj", "/CN=links", "-addext", "basicConstraints=critical,CA:TRUE", *files])
    first, second = NAMES.values()
    processes = []
    try:
        for name in NAMES.values():
            run(["ip", "netns", "add", name])
        run(["ip", "-n", first, "link", "add", "lan0", "type", "veth", "peer", "name", "lan0", "netns", second])
        for address, name in NAMES.items():
            run(["ip", "-n", name, "addr", "add", f"{address}/24", "dev", "lan0"])
            for link in ("lan0", "lo"):
                run(["ip", "-n", name, "link", "set", link, "up"])
            certificate(made, name, address)
        for address in NAMES:
            processes.append(started(made, address))
            up(made, address)
        yield made
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(30)
        for name in NAMES.values():
            with suppress(LabError):
                run(["ip", "netns", "del", name])
        shutil.rmtree(made, ignore_errors=True)


def test_two_machines_lend_their_gpus_to_one_program(folder: Path) -> None:
    said = told(folder, HEAD)
    assert f"seen [('{HEAD}', 4.0), ('{OTHER}', 4.0)] ['{HEAD}', '{OTHER}']" in said, said


def test_nobody_without_a_certificate_of_the_authority_reaches_ray(folder: Path) -> None:
    assert told(folder, OTHER, RAY_USE_TLS="0") == ""
    stranger = ["-keyout", folder / "stranger.key", "-out", folder / "stranger.crt", "-days", "2"]
    run(["openssl", "req", "-x509", *EC, "-subj", "/CN=ray", *stranger])
    own = {"RAY_TLS_SERVER_CERT": f"{folder}/stranger.crt", "RAY_TLS_SERVER_KEY": f"{folder}/stranger.key"}
    assert told(folder, OTHER, **own) == ""
