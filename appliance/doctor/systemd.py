"""What systemd tells of the units, asked once for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.doctor.host import Host
from appliance.doctor.machine import CouldNotAsk
from appliance.doctor.said import Said, same

PROPERTIES = "Id,LoadState,ActiveState,SubState,UnitFileState,ConditionResult,NRestarts,Result,MainPID"
RUNS = frozenset({"active", "reloading", "activating"})
STARTS_AT_BOOT = frozenset({"enabled", "enabled-runtime", "static", "generated", "indirect", "alias"})


@dataclass(frozen=True)
class UnitState:
    """How one unit is."""

    id: str
    loaded: bool
    active: str
    sub: str
    enabled: str
    restarts: int
    result: str
    pid: int
    condition: bool

    @property
    def waits(self) -> bool:
        """Whether systemd did not start it because something that it needs is not there yet: an engine's model."""
        return self.active == "inactive" and not self.condition

    @property
    def runs(self) -> bool:
        """Whether it does its work, or has done it (a oneshot that stays active)."""
        return self.active in RUNS and self.sub != "auto-restart"

    @property
    def at_boot(self) -> bool:
        """Whether it comes back after a reboot."""
        return self.enabled in STARTS_AT_BOOT


def units_of(host: Host) -> dict[str, tuple[str, ...]]:
    """Return the units of each part of this server; the first is the one that must be enabled."""
    return {
        "postgresql": ("postgresql@17-main.service",),
        "nginx": ("nginx.service",),
        "nftables": ("nftables.service",),
        "ulogd2": ("ulogd2.service",),
        "web": (f"ostrov-web@{host.place.release}.service",),
        "worker": ("ostrov-worker.service",),
        "gateway": ("ostrov-gateway.socket", "ostrov-gateway.service"),
        "llm": ("ostrov-llm.service",),
        "embed": ("ostrov-embed.service",),
        "speech": ("ostrov-speech.service",),
    }


def unit_states(host: Host) -> dict[str, UnitState]:
    """Return the state of every unit that belongs here."""
    return host.once("units", lambda: _ask(host))


def _ask(host: Host) -> dict[str, UnitState]:
    """Ask systemd for all units at once."""
    names = [unit for units in units_of(host).values() for unit in units]
    output = host.machine.run("systemctl", "show", f"--property={PROPERTIES}", "--", *names)
    if output.code != 0:
        raise CouldNotAsk(
            Said(f"systemd does not answer: {output.last_line}", f"systemd не отвечает: {output.last_line}"),
            same("systemctl status"),
        )
    states = [_state(block) for block in output.out.strip().split("\n\n")]
    return {state.id: state for state in states}


def _state(block: str) -> UnitState:
    """Read one block of NAME=value lines."""
    fields = dict(line.partition("=")[::2] for line in block.splitlines())

    def number(name: str) -> int:
        text = fields.get(name, "0")
        return int(text) if text.isdigit() else 0

    return UnitState(
        id=fields.get("Id", ""),
        loaded=fields.get("LoadState") == "loaded",
        active=fields.get("ActiveState", "unknown"),
        sub=fields.get("SubState", ""),
        enabled=fields.get("UnitFileState", ""),
        restarts=number("NRestarts"),
        result=fields.get("Result", ""),
        pid=number("MainPID"),
        condition=fields.get("ConditionResult", "yes") == "yes",
    )


def last_words(host: Host, unit: str) -> str:
    """Return the last line that a unit wrote, as far as the journal may be read."""
    try:
        output = host.machine.run("journalctl", "--unit", unit, "--lines=1", "--output=cat", "--no-pager", seconds=3)
    except CouldNotAsk:
        return ""
    return output.out.strip()[-240:] if output.code == 0 else ""
