"""On a server on which all is well, the doctor says so of everything, and changes nothing."""

import hashlib
import re
from pathlib import Path

from appliance.doctor.checks import CHECKS
from appliance.doctor.commands import exit_code
from appliance.doctor.machine import Output
from appliance.doctor.result import Status
from appliance.offline import SWITCHES
from tests.appliance.doctor.conftest import OF_THE_REAL_MACHINE
from tests.appliance.doctor.twin import recorded

COUNTERS = "nft -j list counters"


def files_of(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*") if path.is_file() and "ostrov/doctor" not in str(path)
    }  # fmt: skip


def test_everything_is_well_but_the_backup_that_nobody_has_set_up(server):
    found = server.all()
    assert {*found, OF_THE_REAL_MACHINE} == {check.id for check in CHECKS}
    assert {each.id: (each.status, each.observed.en) for each in found.values() if each.status != Status.OK} == {
        "backup.recent": (Status.WARN, found["backup.recent"].observed.en)
    }
    assert exit_code(list(found.values())) == 1


def test_it_changes_no_file_but_its_own_memory(server):
    before = files_of(server.root)
    server.all()
    assert files_of(server.root) == before


def test_it_runs_only_commands_that_look(server):
    server.all()
    verbs = {tuple(command.split()[:2]) for command in server.machine.commands if command.startswith("systemctl")}
    assert verbs == {("systemctl", verb) for verb in ("show", "is-system-running", "list-units", "is-enabled")}


def test_a_package_that_apt_itself_holds_back_is_nobodys_fault(server):
    server.machine.outputs["dpkg-query -W -f"] = Output(0, "libapt-pkg7.0 3.0.3 ii \n")
    server.machine.outputs["apt-get --simulate"] = Output(0, "")
    server.write("/var/lib/ostrov/bundles/0.1.0/apt/Packages", "Package: libapt-pkg7.0\nVersion: 3.0.4\n")
    assert server.one("security.packages").status == Status.OK


def test_what_a_freshly_installed_server_said_holds_no_failure(server):
    """The recording is of a server of the lab: no models, no time server, no backups yet."""
    recording = recorded("installed")
    counters = recording[COUNTERS]
    more = re.sub(r'("egress_denied".*?"packets": )(\d+)', lambda found: f"{found[1]}{int(found[2]) + 1}", counters.out)
    assert more != counters.out
    server.machine.outputs = {**recording, COUNTERS: [counters, Output(0, more)]}
    units = next(
        output.out for command, output in recording.items() if command.startswith("systemctl show --property=Id,L")
    )
    for block in units.strip().split("\n\n"):
        fields = dict(line.partition("=")[::2] for line in block.splitlines())
        if fields.get("MainPID", "0") != "0":
            server.write(f"/proc/{fields['MainPID']}/cgroup", f"0::/system.slice/{fields['Id']}\n")
            environment = "\0".join(f"{name}={value}" for name, value in SWITCHES.items())
            server.write(f"/proc/{fields['MainPID']}/environ", environment)
    found = server.all()
    assert {each.id: each.observed.en for each in found.values() if each.status in {Status.FAIL, Status.UNKNOWN}} == {}
    warned = {each.id for each in found.values() if each.status is Status.WARN}
    assert warned == {"services.llm", "services.speech", "services.clock", "backup.recent"}
