"""systemd's units."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
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
        self._change("start", [unit], START_SECONDS)

    def stop(self, unit: str) -> None:
        """Stop a unit and wait until its work in hand is finished."""
        self._change("stop", [unit], STOP_SECONDS)
        if _says("is-failed", unit) == "failed":
            run(["systemctl", "reset-failed", unit], seconds=60)

    def restart(self, units: Sequence[str]) -> None:
        """Restart units all at once, or start them. Raises StepFailed with the last log lines of a culprit."""
        if units:
            self._change("restart", units, START_SECONDS)

    def settle(self, units: Sequence[str]) -> None:
        """See units run for a while without being started anew. Raises StepFailed with a culprit's last lines."""
        began = time.monotonic()
        restarts = {unit: _shown("NRestarts", unit) for unit in units}
        while time.monotonic() - began < SETTLE_SECONDS:
            for unit in units:
                if not self.active(unit) or _shown("NRestarts", unit) != restarts[unit]:
                    raise StepFailed(f"{unit} does not keep running. {last_lines(unit)}".strip())
            time.sleep(0.3)

    def _change(self, verb: str, units: Sequence[str], seconds: float) -> None:
        # What failed often enough is not started again by systemd until it is told to forget.
        failed = [unit for unit in units if _says("is-failed", unit) == "failed"]
        if verb != "stop" and failed:
            run(["systemctl", "reset-failed", *failed], seconds=60)
        try:
            run(["systemctl", verb, *units], seconds=seconds)
        except StepFailed as failure:
            culprit = next((unit for unit in units if not self.active(unit)), units[0])
            raise StepFailed(f"{failure} {last_lines(culprit)}".strip(), failure.remedy) from None


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
