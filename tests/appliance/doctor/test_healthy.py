"""On a server on which all is well, the doctor says so of everything, and changes nothing."""

import hashlib
from pathlib import Path

from appliance.doctor.checks import CHECKS
from appliance.doctor.commands import exit_code
from appliance.doctor.result import Status


def files_of(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*") if path.is_file() and "ostrov/doctor" not in str(path)
    }  # fmt: skip


def test_everything_is_well_but_the_backup_that_nobody_has_set_up(server):
    found = server.all()
    assert set(found) == {check.id for check in CHECKS}
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
