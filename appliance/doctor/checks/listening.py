"""Sockets that listen: what the LAN may reach, what is ours on loopback, and who holds our ports."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from appliance.doctor.check import Check
from appliance.doctor.host import Host
from appliance.doctor.machine import NEEDS_ROOT, CouldNotAsk
from appliance.doctor.result import CouldNot, Fail, Ok, Result
from appliance.doctor.said import Said, listed, same

OF_THE_LAN = {"tcp/22": ("sshd", "systemd"), "tcp/80": ("nginx",), "tcp/443": ("nginx",)}
OURS = {"tcp/8090": "gateway", "tcp/8091": "llm", "tcp/8092": "embed", "tcp/8093": "speech"}
PROCESS = re.compile(r'\("([^"]+)",pid=(\d+)')


@dataclass(frozen=True)
class Listener:
    """One listening socket."""

    address: str
    port: str
    program: str
    pid: str

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        try:
            return ipaddress.ip_address(self.address).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"{self.port} {self.address} ({self.program or '?'})"


def listeners(host: Host) -> list[Listener]:
    """Return every TCP and UDP socket that listens."""
    return host.once("listeners", lambda: [*_ask(host, "tcp"), *_ask(host, "udp")])


def _ask(host: Host, kind: str) -> list[Listener]:
    """Ask ss for one protocol."""
    output = host.machine.run("ss", "-H", "-l", "-n", "-p", f"--{kind}")
    if output.code != 0:
        raise CouldNotAsk(same(output.last_line), same("ss -lntup"))
    return [_listener(line.split(), kind) for line in output.out.splitlines() if line.strip()]


def _listener(words: list[str], kind: str) -> Listener:
    """Read one line of ss."""
    address, _, port = words[3].rpartition(":")
    found = PROCESS.search(words[-1])
    program, pid = (found.group(1), found.group(2)) if found else ("", "")
    clean = address.strip("[]").partition("%")[0].replace("*", "::")
    return Listener(clean, f"{kind}/{port}", program, pid)


def look(host: Host) -> Result:
    """Name sockets that the LAN could reach and nobody has planned."""
    strangers = [each for each in listeners(host) if not each.loopback and not _planned(host, each)]
    if strangers:
        first = strangers[0]
        remedy = same(
            f"systemctl status {first.pid or first.program} ; ss -lntup | grep {first.port.partition('/')[2]}"
        )
        return Fail(listed([str(each) for each in strangers]), remedy)
    count = sum(not each.loopback for each in listeners(host))
    return Ok(Said(f"{count} sockets, all planned.", f"Сокетов: {count}, все предусмотрены."))


def _planned(host: Host, each: Listener) -> bool:
    """Whether a socket belongs to what the LAN may reach; without root, ss does not tell whose it is."""
    if each.port in host.place.listeners:
        return True
    programs = OF_THE_LAN.get(each.port)
    if each.port == "tcp/5432" and host.place.networked:
        programs = ("postgres",)
    if each.port == "tcp/8443" and host.place.has_door:
        programs = ("nginx",)
    return programs is not None and (not each.program or each.program in programs)


def look_at_ports(host: Host) -> Result:
    """Say whether the ports of our parts are held by our parts."""
    if not host.machine.is_root():
        said = Said("Only root sees who holds a port.", "Кто держит порт, видит только root.")
        return CouldNot(said, NEEDS_ROOT)
    taken = [each for each in listeners(host) if each.port in OURS and not _holds(host, each, OURS[each.port])]
    taken += [each for each in listeners(host) if each.port in {"tcp/80", "tcp/443"} and each.program != "nginx"]
    if taken:
        first = taken[0]
        remedy = Said(
            f"See what it is, then stop it: systemctl status {first.pid}",
            f"Посмотрите, что это, и остановите: systemctl status {first.pid}",
        )
        return Fail(listed([str(each) for each in taken]), remedy)
    return Ok(Said("Ours, or free.", "Наши или свободны."))


def _holds(host: Host, each: Listener, part: str) -> bool:
    """Whether a socket belongs to a unit of ours, told by the control group of its process."""
    if each.pid == "1":  # a socket that systemd keeps for the gateway
        return part == "gateway"
    try:
        group = host.machine.path(f"/proc/{each.pid}/cgroup").read_text()
    except OSError:
        return False
    return f"ostrov-{part}" in group


LISTENERS = Check(
    id="egress.listeners",
    title=Said("Only planned sockets are open to the LAN", "В сеть открыто только предусмотренное"),
    expected=Said(
        "ssh on 22, nginx on 80 and 443; all else on loopback.",
        "ssh на 22, nginx на 80 и 443; остальное — на loopback.",
    ),
    control="ISO 27001 A.8.20; CIS v8 4.8",
    run=look,
)
PORTS = Check(
    id="services.ports",
    title=Said("Our ports are ours", "Наши порты заняты нами"),
    expected=Said(
        "8090-8093 belong to the gateway and the engines, 80 and 443 to nginx.",
        "8090–8093 принадлежат шлюзу и моделям, 80 и 443 — nginx.",
    ),
    control="ISO 27001 A.8.9; CIS v8 2.3",
    run=look_at_ports,
)
