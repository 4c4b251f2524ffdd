"""systemd's units."""

from __future__ import annotations

import subprocess
import time
from typing import Final

from appliance.release.update.engine import StepFailed
from appliance.release.update.machine.running import PLAIN, run

START_SECONDS: Final = 300.0
STOP_SECONDS: Final = 300.0
SETTLE_SECONDS: Final = 3.0
LOG_LINES: Final = "8"


class SystemdServices:
    """Asks systemd; the real part of the port `Services`."""

    def active(self, unit: str) -> bool:
        """Whether a unit runs."""
        return _says("is-active", unit) in {"active", "reloading"}

    def enabled(self, unit: str) -> bool:
        """Whether a unit is started at boot; one without an [Install] part is somebody else's business."""
        return _says("is-enabled", unit) in {"enabled", "enabled-runtime"}

    def at_boot(self, unit: str, *, wanted: bool) -> None:
        """Let a unit be started at boot, or not."""
        run(["systemctl", "--quiet", "enable" if wanted else "disable", unit], seconds=60)

    def start(self, unit: str) -> None:
        """Start a unit. Raises StepFailed with its last log lines."""
        self._change("start", unit, START_SECONDS)

    def stop(self, unit: str) -> None:
        """Stop a unit and wait until its work in hand is finished."""
        self._change("stop", unit, STOP_SECONDS)
        if _says("is-failed", unit) == "failed":
            run(["systemctl", "reset-failed", unit], seconds=60)

    def restart(self, unit: str) -> None:
        """Restart a unit that runs, or start it."""
        self._change("restart", unit, START_SECONDS)

    def settle(self, unit: str) -> None:
        """See a started unit run for a while without being started anew. Raises StepFailed with its last log lines."""
        began, restarts = time.monotonic(), _shown("NRestarts", unit)
        while time.monotonic() - began < SETTLE_SECONDS:
            if not self.active(unit) or _shown("NRestarts", unit) != restarts:
                raise StepFailed(f"{unit} does not keep running. {last_lines(unit)}".strip())
            time.sleep(0.3)

    def _change(self, verb: str, unit: str, seconds: float) -> None:
        # What failed often enough is not started again by systemd until it is told to forget.
        if verb != "stop" and _says("is-failed", unit) == "failed":
            run(["systemctl", "reset-failed", unit], seconds=60)
        try:
            run(["systemctl", verb, unit], seconds=seconds)
        except StepFailed as failure:
            raise StepFailed(f"{failure} {last_lines(unit)}".strip(), failure.remedy) from None


def _says(verb: str, unit: str) -> str:
    """What systemd says of a unit; its exit code says the same."""
    command = ["systemctl", verb, unit]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=PLAIN, timeout=60).stdout.strip()


def _shown(name: str, unit: str) -> str:
    """One property of a unit."""
    return run(["systemctl", "show", "--value", "--property", name, unit], seconds=60).strip()


def last_lines(unit: str) -> str:
    """The last lines of a unit's log."""
    try:
        text = run(["journalctl", "--unit", unit, "--lines", LOG_LINES, "--no-pager", "--output", "cat"], seconds=30)
    except StepFailed:
        return ""
    return f"Its log ends: {text.strip()[-800:]}" if text.strip() else ""
