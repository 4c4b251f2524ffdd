"""The findings as a text file for node_exporter."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from appliance.doctor.result import Finding, Status

NAMES = (
    "ostrov_doctor_status",
    "ostrov_doctor_check_seconds",
    "ostrov_doctor_last_run_timestamp_seconds",
    "ostrov_doctor_seconds",
)
NUMBERS = {Status.OK: 0, Status.WAIVED: 0, Status.WARN: 1, Status.FAIL: 2, Status.UNKNOWN: 3, Status.SKIPPED: 3}
READABLE = 0o644


def as_text(findings: Sequence[Finding], now: datetime, seconds: float) -> str:
    """Write the figures; what does not apply here has none."""
    status, took, last, whole = NAMES
    lines = [f"# HELP {status} 0 well or waived, 1 warning, 2 failure, 3 not checked.", f"# TYPE {status} gauge"]
    told = [finding for finding in findings if finding.status in NUMBERS]
    lines += [f'{status}{{id="{each.id}",group="{each.group}"}} {NUMBERS[each.status]}' for each in told]
    lines += [f"# HELP {took} Seconds that a check took.", f"# TYPE {took} gauge"]
    lines += [f'{took}{{id="{each.id}"}} {each.took_ms / 1000:.3f}' for each in told]
    lines += [f"# HELP {last} When the doctor ran.", f"# TYPE {last} gauge", f"{last} {now.timestamp():.0f}"]
    lines += [f"# HELP {whole} Seconds that the doctor took.", f"# TYPE {whole} gauge", f"{whole} {seconds:.3f}"]
    return "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    """Put the file in its place in one step: node_exporter never reads half of it. Raises OSError."""
    work = path.with_name(f".{path.name}.{os.getpid()}")
    work.write_text(text, encoding="utf-8")
    work.chmod(READABLE)
    work.replace(path)
