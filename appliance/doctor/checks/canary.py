"""Canaries: they try to get out, and must fail; and each failure must be counted."""

from __future__ import annotations

from appliance.doctor.check import Check
from appliance.doctor.checks.packet_filter import LOAD, listing
from appliance.doctor.host import Host
from appliance.doctor.machine import CONNECTED, CouldNotAsk
from appliance.doctor.result import Fail, Ok, Result
from appliance.doctor.said import Said, listed, same

OUTSIDE = "198.51.100.77"  # TEST-NET-2: an address that nobody has (RFC 5737)
PORT = 443
COUNTER = "egress_denied"
PYTHON = "/usr/bin/python3"
# Root's own programs, which the packet filter alone holds: the doctor has to try for itself whether one gets out.
UNFENCED = ("ostrov-doctor", "ostrov-install", "ostrov-update")
# A unit tries to reach a socket of its own, once with every address denied and once with loopback allowed. The packet
# filter lets loopback through, so that only systemd's own filter can be what stops it.
PROBE = (
    "import socket\n"
    "server = socket.create_server(('127.0.0.1', 0))\n"
    "try:\n"
    "    socket.create_connection(server.getsockname(), timeout=1.0)\n"
    "    print('connected')\n"
    "except OSError:\n"
    "    print('stopped')\n"
)


def look(host: Host) -> Result:
    """Try to reach an address outside; the attempt must fail and the counter must rise."""
    before = denied(host)
    outcome = host.machine.reach(OUTSIDE, PORT, 2.0)
    risen = denied(host) - before
    if outcome == CONNECTED:
        observed = Said(f"{OUTSIDE}:{PORT} answered: data can leave.", f"{OUTSIDE}:{PORT} ответил: данные могут уйти.")
        return Fail(observed, LOAD)
    if risen < 1:
        return Fail(
            Said(
                f"The attempt ended with {outcome}, and the counter {COUNTER} did not rise: not our rule stopped it.",
                f"Попытка кончилась {outcome}, но счётчик {COUNTER} не вырос: остановило не наше правило.",
            ),
            LOAD,
        )
    return Ok(Said(f"Stopped ({outcome}) and counted (+{risen}).", f"Остановлено ({outcome}) и посчитано (+{risen})."))


def denied(host: Host) -> int:
    """How many packets were refused on their way out so far."""
    counters = [entry["counter"] for entry in listing(host, "nft", "-j", "list", "counters") if "counter" in entry]
    found = [int(each["packets"]) for each in counters if each["name"] == COUNTER]
    if not found:
        raise CouldNotAsk(Said(f"There is no counter {COUNTER}.", f"Нет счётчика {COUNTER}."), LOAD)
    return sum(found)


def look_at_units(host: Host) -> Result:
    """Say whether units may reach loopback alone, and whether this kernel really enforces it."""
    output = host.machine.run(
        "systemctl", "show", "--property=Id,IPAddressDeny,IPAddressAllow", "--", "ostrov-*.service"
    )
    blocks = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in output.out.split("\n\n")]
    loose = [
        block["Id"]
        for block in blocks
        if block.get("Id", "").startswith("ostrov-")
        and not block["Id"].startswith(UNFENCED)
        and "0.0.0.0/0" not in block.get("IPAddressDeny", "")
    ]
    if loose:
        remedy = Said(
            "ansible-playbook site.yml --tags configure ; systemctl daemon-reload",
            "ansible-playbook site.yml --tags configure ; systemctl daemon-reload",
        )
        return Fail(listed([Said(f"{name} may go anywhere", f"{name} без ограничений") for name in loose]), remedy)
    if _probe(host, "IPAddressAllow=localhost") != "connected":
        raise CouldNotAsk(
            Said("A unit that may use loopback cannot.", "Юниту с разрешённым loopback он недоступен."),
            same("systemd-run --wait --pipe -p IPAddressDeny=any -p IPAddressAllow=localhost true"),
        )
    if _probe(host) != "stopped":
        return Fail(
            Said(
                "A unit with IPAddressDeny=any got through: systemd's filter is not enforced here.",
                "Юнит с IPAddressDeny=any прошёл: фильтр systemd здесь не действует.",
            ),
            Said(
                "The kernel needs CONFIG_CGROUP_BPF and systemd cgroup v2: journalctl -b | grep -i firewalling",
                "Ядру нужен CONFIG_CGROUP_BPF, systemd — cgroup v2: journalctl -b | grep -i firewalling",
            ),
        )
    return Ok(Said("Every unit is held, and a probe was stopped.", "Все юниты ограничены, пробный остановлен."))


def _probe(host: Host, *properties: str) -> str:
    """What became of a connection to itself that a unit of its own tried."""
    given = [word for each in ("IPAddressDeny=any", *properties) for word in ("-p", each)]
    command = (
        "systemd-run",
        "--no-ask-password",
        "--quiet",
        "--wait",
        "--pipe",
        "--collect",
        *given,
        PYTHON,
        "-I",
        "-c",
        PROBE,
    )
    output = host.machine.run(*command, seconds=6)
    if output.code != 0:
        raise CouldNotAsk(same(output.last_line or "systemd-run"), Said("Run it as root.", "Запустите от root."))
    return output.out.strip()


CANARY = Check(
    id="egress.canary",
    title=Said("A try to get out fails and is counted", "Попытка выйти наружу пресекается и учитывается"),
    expected=Said(
        f"{OUTSIDE} (nobody's address) cannot be reached and the counter {COUNTER} rises.",
        f"{OUTSIDE} (ничей адрес) недоступен, счётчик {COUNTER} растёт.",
    ),
    control="ISO 27001 A.8.12, A.8.16; CIS v8 13.4",
    run=look,
    needs=("egress.policy",),
)
UNITS = Check(
    id="egress.units",
    title=Said("Every unit is held to loopback, really", "Юниты действительно заперты в loopback"),
    expected=Said(
        "IPAddressDeny=any on all our services, and a probe that is stopped by it.",
        "IPAddressDeny=any у всех наших служб, и пробный юнит остановлен.",
    ),
    control="ISO 27001 A.8.22; CIS v8 13.4",
    run=look_at_units,
    needs=("services.machine",),
    seconds=13.0,
)
