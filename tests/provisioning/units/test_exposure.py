"""Every unit of ours is confined: its exposure, as systemd scores it from the file, stays within a budget.

systemd's scale goes from 0 (confined) to 10 (exposed); `--threshold` counts in tenths.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.provisioning.units.rendering import Unit, engines

WEB = 1.5
OURS = 2.0

UNITS = [
    (Unit("ostrov-web@1.0.0.service", "web", "ostrov-web@.service.j2"), WEB),
    (Unit("ostrov-worker.service", "worker", "ostrov-worker.service.j2"), OURS),
    (Unit("ostrov-gateway.service", "gateway", "ostrov-gateway.service.j2"), OURS),
    *((unit, OURS) for profile in ("cpu", "gpu") for unit in engines(profile)),
]
NAMES = [f"{unit.name} of {unit.given.get('engine', {}).get('command', unit.role)}" for unit, _budget in UNITS]

needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (Debian's package systemd)"
)


def exposure(unit: Unit, folder: Path) -> tuple[float, str]:
    """Score one unit file without starting anything; also the lines that cost most."""
    path = folder / unit.name
    path.write_text(unit.text(), encoding="utf-8")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager"]
    scored = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    rows = subprocess.run([*command, "--json=short", str(path)], capture_output=True, text=True, check=False)
    last = next(line for line in scored.stdout.splitlines() if "Overall exposure level" in line)
    number = float(last.split(":")[-1].split()[0])
    costly = [row for row in json.loads(rows.stdout) if row["exposure"] not in (None, "0", 0)]
    return number, ", ".join(f"{row['name']} {row['exposure']}" for row in costly)


@needs_analyze
@pytest.mark.parametrize(("unit", "budget"), UNITS, ids=NAMES)
def test_a_unit_of_ours_is_exposed_no_more_than_its_budget(unit, budget, tmp_path):
    number, costly = exposure(unit, tmp_path)
    assert number <= budget, costly


@needs_analyze
def test_a_unit_that_is_not_confined_is_told_from_one_that_is(tmp_path):
    bare = Unit("bare.service", "web", "ostrov-web@.service.j2")
    path = tmp_path / bare.name
    path.write_text("[Service]\nExecStart=/bin/true\n")
    scored = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(path)], capture_output=True, check=False
    )
    assert scored.returncode != 0
