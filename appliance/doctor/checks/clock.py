"""The clock: kept by somebody, and not before what has already been written."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.place import CURRENT
from appliance.doctor.result import Fail, Ok, Result, Warn
from appliance.doctor.said import Said

SET_IT = Said(
    "Set it: timedatectl set-time 'YYYY-MM-DD hh:mm:ss'", "Установите: timedatectl set-time 'ГГГГ-ММ-ДД чч:мм:сс'"
)

KEEP_IT = Said(
    "Name a time server of your LAN in the inventory (docs/install.md), then: "
    "ansible-playbook site.yml --tags base,nftables",
    "Укажите сервер времени вашей сети в инвентаре (docs/install.md), затем: "
    "ansible-playbook site.yml --tags base,nftables",
)


def look(host: Host) -> Result:
    """Compare the clock with the release's date, then ask who keeps it."""
    built, now = _built_at(host), host.machine.now()
    if built is not None and now < built:
        observed = Said(
            f"It shows {now:%F %R}, before the release was built ({built:%F}).",
            f"Показывают {now:%F %R} — раньше сборки релиза ({built:%F}).",
        )
        return Fail(observed, SET_IT)
    output = host.machine.run("timedatectl", "show", "--property=NTPSynchronized", "--property=NTP")
    fields = dict(line.partition("=")[::2] for line in output.out.split())
    if fields.get("NTPSynchronized") != "yes":
        return Warn(
            Said("Nobody keeps the clock.", "За часами никто не следит."),
            KEEP_IT,
        )
    return Ok(Said("Synchronised.", "Синхронизированы."))


def _built_at(host: Host) -> datetime | None:
    """When the running release was built, by its manifest."""
    try:
        told = json.loads(host.machine.path(CURRENT / "manifest.json").read_text(encoding="utf-8"))["built_at"]
        moment = datetime.fromisoformat(str(told))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


CHECK = Check(
    id="services.clock",
    title=Said("The clock is right", "Часы идут верно"),
    expected=Said(
        "Kept by a time server, and after the day on which the release was built.",
        "Синхронизированы и показывают время после сборки релиза.",
    ),
    control="ISO 27001 A.8.17; CIS v8 8.4",
    run=look,
)
