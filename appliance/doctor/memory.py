"""What the doctor remembers between runs: how every check stood, and how far the audit chain has been walked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from appliance.doctor.result import Finding, Status

LAST = "last.json"


@dataclass(frozen=True)
class Before:
    """How the checks stood at the run before."""

    at: str
    statuses: dict[str, str]

    def changed(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return what stands otherwise now; at a first run, everything that is not well."""
        return [
            finding
            for finding in findings
            if self.statuses.get(finding.id, str(Status.OK)) != str(finding.status)
            and not (finding.id not in self.statuses and finding.status is Status.INAPPLICABLE)
        ]


def read_json(path: Path) -> dict[str, Any]:
    """Read what was remembered; nothing when it is missing or torn."""
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def write_json(path: Path, value: dict[str, Any]) -> bool:
    """Remember, whole or not at all; False where this user may not write."""
    work = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        work.write_text(json.dumps(value, indent=1), encoding="utf-8")
        work.replace(path)
    except OSError:
        return False
    return True


def recall(folder: Path) -> Before:
    """Return how it stood at the run before."""
    last = read_json(folder / LAST)
    statuses = last.get("statuses", {})
    return Before(str(last.get("at", "")), statuses if isinstance(statuses, dict) else {})


def remember(folder: Path, findings: Sequence[Finding], before: Before, now: datetime) -> bool:
    """Note how it stands; what was not looked at this time stays as it was."""
    statuses = {**before.statuses, **{finding.id: str(finding.status) for finding in findings}}
    return write_json(folder / LAST, {"at": now.isoformat(timespec="seconds"), "statuses": statuses})
