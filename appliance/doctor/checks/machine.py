"""The ground: systemd and a release to run on a server, the supervisor of a demo."""

from __future__ import annotations

from appliance.doctor.check import Check
from appliance.doctor.demo import demo_state
from appliance.doctor.host import Host
from appliance.doctor.place import CURRENT
from appliance.doctor.result import Fail, Ok, Result
from appliance.doctor.said import Said, same

RUNNING = frozenset({"running", "degraded", "starting"})


def look(host: Host) -> Result:
    """Say whether there is anything to look at."""
    return _server(host) if host.place.server else _demo(host)


def _server(host: Host) -> Result:
    """Systemd is up, and `current` leads to a release."""
    state = host.machine.run("systemctl", "is-system-running").out.strip()
    if state not in RUNNING:
        observed = Said(f"systemd says: {state or 'nothing'}", f"systemd отвечает: {state or 'ничего'}")
        return Fail(observed, same("systemctl list-jobs; systemctl --failed"))
    folder = host.machine.path(CURRENT)
    if not host.place.release or not (folder / "venv" / "bin" / "ostrov").exists():
        return Fail(
            Said(f"{CURRENT} leads to no release.", f"{CURRENT} не ведёт ни к одному релизу."),
            same("ls -l /opt/ostrov/releases /opt/ostrov/current; ostrov update history"),
        )
    return Ok(Said(f"Release {host.place.release}.", f"Релиз {host.place.release}."))


def _demo(host: Host) -> Result:
    """The supervisor runs."""
    now = demo_state(host)
    if not now["running"]:
        observed = Said(f"No demo runs on {host.place.home}.", f"На {host.place.home} демо не запущено.")
        return Fail(
            observed, Said("make demo (or say where it is: OSTROV_HOME)", "make demo (или укажите OSTROV_HOME)")
        )
    return Ok(Said(f"A demo at {now['url']}.", f"Демо на {now['url']}."))


CHECK = Check(
    id="services.machine",
    title=Said("The appliance is there", "Устройство на месте"),
    expected=Said(
        "systemd runs and `current` leads to a release; or a demo runs.",
        "systemd работает, `current` ведёт к релизу; или запущено демо.",
    ),
    control="ISO 27001 A.8.9",
    run=look,
    server=False,
)
