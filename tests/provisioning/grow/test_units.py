"""Units that only several machines have: confined within a budget, and let out to their peers alone."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.provisioning.units.rendering import Unit, render
from tests.provisioning.units.test_exposure import exposure

HEAD, OTHER = "192.0.2.14", "192.0.2.15"
MACHINES = {"ray_nodes": 2, "ray_gpus": 4, "ray_interface": "enp2s0", "ray_head_address": HEAD}
LEADS = {**MACHINES, "ray_leads": True, "ray_address": HEAD, "ray_peers": [OTHER]}
LENDS = {**MACHINES, "ray_leads": False, "ray_address": OTHER, "ray_peers": [HEAD]}
DOOR = {"gateway_door_address": HEAD, "gateway_door_clients": ["192.0.2.13"]}

UNITS = [
    Unit("ostrov-ray-head.service", "ray", "ostrov-ray.service.j2", LEADS),
    Unit("ostrov-ray-worker@.service", "ray", "ostrov-ray.service.j2", LENDS),
    Unit("ostrov-gateway-door.service", "gateway_door", "ostrov-gateway-door.service.j2", DOOR),
]
needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (Debian's package systemd)"
)


@needs_analyze
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_between_machines_is_exposed_no_more_than_the_others(unit: Unit, tmp_path: Path) -> None:
    number, costly = exposure(unit, tmp_path)
    assert number <= 2.0, costly


@needs_analyze
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_every_line(unit: Unit, tmp_path: Path) -> None:
    path = tmp_path / unit.name.replace("@.", f"@{HEAD}.")
    # The programs are not on this machine; everything else is looked at.
    path.write_text(re.sub(r"^(Exec\w+=)\S+", r"\1/bin/true", unit.text(), flags=re.MULTILINE))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    about = [line for line in done.stderr.splitlines() if path.name in line and "not found" not in line]
    # Older systemd than the server's knows neither of the two settings of growing pauses.
    assert [line for line in about if "RestartSteps" not in line and "RestartMaxDelaySec" not in line] == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_reaches_loopback_and_its_peers_and_nobody_else(unit: Unit) -> None:
    text = unit.text()
    allowed = re.findall(r"^IPAddressAllow=(\S+)", text, re.MULTILINE)
    peers = [*unit.given.get("ray_peers", []), *unit.given.get("gateway_door_clients", [])]
    own = unit.given.get("ray_address") or unit.given["gateway_door_address"]
    assert "IPAddressDeny=any" in text
    assert sorted(allowed) == sorted(["localhost", own, *peers])


def test_ray_is_silent_encrypted_and_shows_no_dashboard() -> None:
    head, settings = UNITS[0].text(), render("ray", "ray.env.j2", LEADS)
    assert "--disable-usage-stats" in head
    assert "--include-dashboard=false" in head
    assert {"RAY_USE_TLS=1", "RAY_USAGE_STATS_ENABLED=0", "NCCL_SOCKET_IFNAME=enp2s0"} <= set(settings.splitlines())
    assert f"--address=%i:{6379}" in UNITS[1].text()


def test_the_door_lets_in_its_clients_and_denies_the_rest() -> None:
    door = render("gateway_door", "nginx.conf.j2", DOOR)
    assert re.findall(r"^\s*(allow \S+|deny \S+);", door, re.MULTILINE) == ["allow 192.0.2.13", "deny all"]
    assert "ssl_protocols TLSv1.3;" in door
    assert f"listen {HEAD}:8443 ssl;" in door
