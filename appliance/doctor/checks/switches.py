"""The offline switches are set where they count: in the environment of the processes that run."""

from __future__ import annotations

from appliance.doctor.check import Check
from appliance.doctor.demo import demo_state
from appliance.doctor.host import Host
from appliance.doctor.machine import NEEDS_ROOT
from appliance.doctor.result import CouldNot, Fail, Inapplicable, Ok, Result
from appliance.doctor.said import Said, listed, same
from appliance.doctor.systemd import unit_states
from appliance.offline import PROXIES, SWITCHES


def look(host: Host) -> Result:
    """Read the environment of each process of ours."""
    wrong: list[Said] = []
    hidden: list[str] = []
    seen = 0
    for name, pid in processes(host).items():
        try:
            raw = host.machine.path(f"/proc/{pid}/environ").read_bytes()
        except PermissionError:
            hidden.append(name)
            continue
        except OSError:
            continue  # it ended just now; the check of its part tells of that
        if not raw:
            continue
        seen += 1
        environment = dict(each.partition("=")[::2] for each in raw.decode("utf-8", "replace").split("\0") if each)
        lacks = [switch for switch, value in SWITCHES.items() if environment.get(switch) != value]
        proxies = [proxy for proxy in PROXIES if environment.get(proxy)]
        if lacks or proxies:
            wrong.append(same(f"{name}: {', '.join([*lacks[:3], *proxies])}"))
    if wrong:
        remedy = Said("ansible-playbook site.yml --tags configure", "ansible-playbook site.yml --tags configure")
        return Fail(listed(wrong), remedy if host.place.server else same("ostrov demo stop ; make demo"))
    if hidden:
        told = ", ".join(hidden)
        return CouldNot(Said(f"May not be read: {told}", f"Нельзя прочитать: {told}"), NEEDS_ROOT)
    if not seen:
        return Inapplicable(Said("No process of ours runs here.", "Наших процессов здесь нет."))
    return Ok(Said(f"Set in {seen} processes.", f"Установлены в процессах: {seen}."))


def processes(host: Host) -> dict[str, int]:
    """The main process of each part that runs Python of ours."""
    if host.place.server:
        return {
            unit: state.pid for unit, state in unit_states(host).items() if unit.startswith("ostrov-") and state.pid
        }
    told = demo_state(host)["processes"]
    return {name: each["pid"] for name, each in told.items() if each.get("pid") and name != "postgres"}


CHECK = Check(
    id="ai.offline",
    title=Said("Libraries are told to stay offline", "Библиотекам запрещён выход в сеть"),
    expected=Said(
        "Every offline switch is set in every running process, and no proxy.",
        "Во всех процессах заданы все запреты сети и нет прокси.",
    ),
    control="ISO 27001 A.8.12; CIS v8 4.8",
    run=look,
    needs=("services.machine",),
    server=False,
)
