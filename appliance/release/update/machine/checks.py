"""The doctor's opinion before an update, and the room on disks."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from appliance.release.update.engine import StepFailed
from appliance.release.update.journal import Facts
from appliance.release.update.layout import Layout
from appliance.release.update.machine.running import PLAIN

DOCTOR_SECONDS: Final = 60.0
BROKEN: Final = 2
# What an update stands on. A missing backup, or a waiver that ran out, must not keep a server from a mend.
# It finds this very update open; preflight looks at the release itself.
LOOKED_AT: Final = frozenset({"services.release"})
GROUPS: Final = "services,database,audit"
COULD_NOT_CHECK: Final = 3


@dataclass(frozen=True)
class OstrovDoctor:
    """The real part of the port `Doctor`: `ostrov doctor --json` of the release that serves."""

    layout: Layout

    def examine(self) -> Facts:
        """Ask the doctor. Raises StepFailed when it finds something broken."""
        command = [str(self.layout.root / "usr/local/bin/ostrov"), "doctor", "--json", "--only", GROUPS]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=DOCTOR_SECONDS, env=PLAIN, cwd="/"
            )
        except (subprocess.TimeoutExpired, OSError) as error:
            raise StepFailed(f"`ostrov doctor` did not answer: {error}", "Look why: ostrov doctor") from None
        if "No such command" in done.stderr:
            return {"ran": False, "reason": "the release that serves has no doctor"}
        findings = _findings(done.stdout)
        broken = [one for one in findings if one.get("status") == "fail" and one.get("id") not in LOOKED_AT]
        if broken or (done.returncode == BROKEN and not findings):
            told = "; ".join(f"{one.get('title')}: {one.get('observed')}" for one in broken)
            raise StepFailed(f"The doctor finds: {told}", " ".join(str(one.get("remedy", "")) for one in broken))
        if done.returncode == COULD_NOT_CHECK and not findings:
            raise StepFailed(f"`ostrov doctor` could not check: {done.stderr.strip()[-400:]}", "Type: ostrov doctor")
        warned = [str(one.get("title")) for one in findings if one.get("status") == "warn"]
        return {"ran": True, "exit_code": done.returncode, "findings": len(findings), "warnings": warned}


def _findings(text: str) -> list[dict[str, Any]]:
    """The findings in the doctor's answer."""
    try:
        answer = json.loads(text)
    except ValueError:
        return []
    found = answer.get("findings", []) if isinstance(answer, dict) else answer
    return [one for one in found if isinstance(one, dict)]


class DiskRoom:
    """The real part of the port `Room`."""

    def free(self, folder: Path) -> int:
        """Bytes that are free where a folder lies, or will lie."""
        while not folder.exists():
            folder = folder.parent
        return shutil.disk_usage(folder).free
