"""How much each unit could do when it is taken over, by systemd's own reckoning."""

from __future__ import annotations

import json

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.machine import CouldNotAsk
from appliance.doctor.result import Fail, Ok, Result
from appliance.doctor.said import Said, listed, same

BUDGET, WEB_BUDGET, GPU_BUDGET = 2.0, 1.5, 4.0
ENGINES = ("ostrov-llm", "ostrov-embed", "ostrov-speech", "ostrov-ray")
ROOTS_OWN = ("ostrov-update", "ostrov-doctor")  # they are root's tools: to change, or to see, everything


def look(host: Host) -> Result:
    """Compare every unit of ours with its budget."""
    output = host.machine.run("systemd-analyze", "security", "--json=short", "--no-pager", seconds=10)
    try:
        scores = {str(row["unit"]): float(row["exposure"]) for row in json.loads(output.out)}
    except (ValueError, KeyError, TypeError) as error:
        raise CouldNotAsk(
            same(output.last_line or "systemd-analyze security"), same("systemd-analyze security")
        ) from error
    ours = {
        unit: score for unit, score in scores.items() if unit.startswith("ostrov-") and not unit.startswith(ROOTS_OWN)
    }
    over = {unit: score for unit, score in ours.items() if score > budget(unit, host.place.profile)}
    if over:
        told = [
            Said(
                f"{unit}: {score} (budget {budget(unit, host.place.profile)})",
                f"{unit}: {score} (предел {budget(unit, host.place.profile)})",
            )
            for unit, score in over.items()
        ]
        first = next(iter(over))
        remedy = Said(
            f"systemd-analyze security {first} ; systemctl cat {first} (a drop-in of yours?) ; systemctl daemon-reload",
            f"systemd-analyze security {first} ; systemctl cat {first} (ваш drop-in?) ; systemctl daemon-reload",
        )
        return Fail(listed(told), remedy)
    if not ours:
        raise CouldNotAsk(
            Said("No unit of ours is loaded.", "Наших юнитов не загружено."), same("systemctl list-units 'ostrov*'")
        )
    return Ok(same(", ".join(f"{unit.removesuffix('.service')} {score}" for unit, score in sorted(ours.items()))))


def budget(unit: str, profile: str) -> float:
    """The highest exposure that a unit may have; engines on a GPU need its devices and writable code."""
    if unit.startswith("ostrov-web"):
        return WEB_BUDGET
    return GPU_BUDGET if profile == "gpu" and unit.startswith(ENGINES) else BUDGET


CHECK = Check(
    id="security.exposure",
    title=Said("Units are hardened", "Юниты защищены"),
    expected=Said(
        f"systemd-analyze security: web <= {WEB_BUDGET}, ours <= {BUDGET} (engines on a GPU <= {GPU_BUDGET}).",
        f"systemd-analyze security: web <= {WEB_BUDGET}, наши <= {BUDGET} (модели на GPU <= {GPU_BUDGET}).",
    ),
    control="ISO 27001 A.8.9; CIS v8 4.1",
    run=look,
    needs=("services.machine",),
    seconds=12.0,
)
