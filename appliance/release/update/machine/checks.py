"""The doctor's opinion before an update, and the room on disks."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from appliance.release.update.engine import StepFailed
from appliance.release.update.journal import Facts
from appliance.release.update.layout import Layout
from appliance.release.update.machine.running import PLAIN
from appliance.release.update.plan import ENGINES

DOCTOR_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 2.0
# It finds this very update open; preflight looks at the release itself.
LOOKED_AT: Final = "services.release"
# The CRM serves without its engines, and the update may be what mends one: the probe asks those that run.
SPARED: Final = tuple(f"services.{unit.removeprefix('ostrov-').removesuffix('.service')}" for unit in ENGINES)
# What an update stands on. A missing backup, or a waiver that ran out, must not keep a server from a mend.
GROUPS: Final = "services,database,audit"


@dataclass(frozen=True)
class OstrovDoctor:
    """The real part of the port `Doctor`: `ostrov doctor --json` of the release that serves."""

    layout: Layout

    def examine(self) -> Facts:
        """Ask the doctor. Raises StepFailed when it finds something broken, twice: a moment's look may be unlucky."""
        code, findings = self._ask()
        broken = _broken(findings)
        if broken:
            time.sleep(PAUSE_SECONDS)
            code, findings = self._ask()
            broken = {name: one for name, one in _broken(findings).items() if name in broken}
        if broken:
            told = "; ".join(f"{one.get('title')}: {one.get('observed')}" for one in broken.values())
            raise StepFailed(f"The doctor finds: {told}", " ".join(str(one.get("remedy")) for one in broken.values()))
        warned = [str(one.get("title")) for one in findings if one.get("status") == "warn" or _spared(one)]
        return {"ran": code is not None, "findings": len(findings), "warnings": warned}

    def _ask(self) -> tuple[int | None, list[dict[str, Any]]]:
        """The doctor's exit code and findings; no code when the release that serves has no doctor."""
        command = [str(self.layout.root / "usr/local/bin/ostrov"), "doctor", "--json", "--only", GROUPS]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=DOCTOR_SECONDS, env=PLAIN, cwd="/"
            )
        except (subprocess.TimeoutExpired, OSError) as error:
            raise StepFailed(f"`ostrov doctor` did not answer: {error}", "Look why: ostrov doctor") from None
        if "No such command" in done.stderr:
            return None, []
        findings = _findings(done.stdout)
        if not findings:
            raise StepFailed(f"`ostrov doctor` could not check: {done.stderr.strip()[-400:]}", "Type: ostrov doctor")
        return done.returncode, findings


def _broken(findings: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What is broken, by the name of the check."""
    failed = (one for one in findings if one.get("status") == "fail" and not _spared(one))
    return {str(one.get("id")): one for one in failed if one.get("id") != LOOKED_AT}


def _spared(finding: dict[str, Any]) -> bool:
    """Whether it is an engine that is broken, and nothing else."""
    return finding.get("status") == "fail" and finding.get("id") in SPARED


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
