"""Units of the whole machine that have failed, the product's or not."""

from __future__ import annotations

import json

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.machine import CouldNotAsk
from appliance.doctor.result import Ok, Result, Warn
from appliance.doctor.said import Said, listed, same
from appliance.doctor.systemd import units_of


def look(host: Host) -> Result:
    """Name the failed units that no other check tells of."""
    output = host.machine.run("systemctl", "list-units", "--failed", "--all", "--output=json", "--no-pager")
    try:
        units = [str(unit["unit"]) for unit in json.loads(output.out)]
    except (ValueError, KeyError, TypeError) as error:
        raise CouldNotAsk(same(output.last_line or "systemctl list-units"), same("systemctl --failed")) from error
    told = {unit for units in units_of(host).values() for unit in units}
    others = sorted(set(units) - told)
    if others:
        first = others[0]
        return Warn(listed(others), same(f"systemctl status {first} ; systemctl reset-failed {first}"))
    return Ok(Said("None.", "Нет."))


CHECK = Check(
    id="services.failed",
    title=Said("No other unit has failed", "Других сбойных юнитов нет"),
    expected=Said("systemctl --failed lists nothing.", "systemctl --failed пуст."),
    control="ISO 27001 A.8.16",
    run=look,
    needs=("services.machine",),
)
