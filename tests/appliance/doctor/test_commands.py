"""`ostrov doctor` as it is typed: exit codes, languages, JSON, figures, what changed since the run before."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.doctor import prometheus
from appliance.doctor.checks import CHECKS
from appliance.doctor.memory import recall, remember
from appliance.doctor.result import Status
from appliance.doctor.showing import plain

OSTROV = [sys.executable, "-m", "appliance.cli.main", "doctor"]
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


def environment(home: Path, **others: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OSTROV_", "LC_", "LANG"))}
    return {**kept, "OSTROV_HOME": str(home), **others}


def doctor(home: Path, *arguments: str, **others: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*OSTROV, *arguments], env=environment(home, **others), capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The state directory of a demo that does not run."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_a_demo_that_does_not_run_is_one_failure_and_the_server_does_not_apply(home):
    result = doctor(home, "--json")
    report = json.loads(result.stdout)
    assert result.returncode == report["exit_code"] == 2
    assert [each["id"] for each in report["findings"] if each["status"] == "fail"] == ["services.machine"]
    by_id = {each["id"]: each for each in report["findings"]}
    assert set(by_id) == {check.id for check in CHECKS}
    assert by_id["egress.canary"]["status"] == "inapplicable"
    assert by_id["egress.canary"]["observed"] == "Does not apply here: not a provisioned server."
    assert set(by_id["audit.chain"]) == {
        "id", "group", "title", "status", "observed", "expected", "remedy", "doc", "control", "took_ms",
    }  # fmt: skip


def test_the_report_speaks_the_language_of_the_terminal_or_the_one_asked_for(home):
    assert CYRILLIC.search(doctor(home, LANG="ru_RU.UTF-8").stdout)
    assert not CYRILLIC.search(doctor(home, LANG="de_DE.UTF-8").stdout)
    assert not CYRILLIC.search(doctor(home, "--lang", "en", LANG="ru_RU.UTF-8").stdout)
    assert CYRILLIC.search(json.loads(doctor(home, "--lang", "ru", "--json").stdout)["findings"][0]["title"])


def test_piped_it_is_plain_and_in_a_terminal_it_is_coloured(home):
    assert "\x1b" not in doctor(home).stdout
    master, slave = pty.openpty()
    with subprocess.Popen(OSTROV, env=environment(home, TERM="xterm-256color"), stdout=slave, stderr=slave) as process:
        os.close(slave)
        shown = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            shown += piece
        assert process.wait(60) == 2
    os.close(master)
    assert b"\x1b[" in shown
    assert b"docs/troubleshooting.md#services-machine" in shown


def test_only_what_was_asked_for_is_shown_with_the_reason_why_it_was_not_checked(home):
    report = json.loads(doctor(home, "--only", "audit", "--json").stdout)
    assert [each["id"] for each in report["findings"]] == ["services.machine", "audit.chain", "audit.rights"]


def test_a_name_that_does_not_exist_is_refused_with_the_way_to_the_list(home):
    result = doctor(home, "--only", "audit,egres")
    assert result.returncode == 3
    assert "'egres'" in result.stderr
    assert "ostrov doctor --ids" in result.stderr
    listed = doctor(home, "--ids").stdout.splitlines()
    assert [line.split()[0] for line in listed] == [check.id for check in CHECKS]


def test_it_tells_only_what_has_changed_since_the_run_before(home):
    first = doctor(home, "--changes")
    assert "services.machine" in first.stdout
    again = doctor(home, "--changes")
    assert again.stdout == "Nothing has changed since the run before.\n"
    assert again.returncode == 2, "what is broken stays broken, told or not"
    report = json.loads(doctor(home, "--changes", "--json").stdout)
    assert report["findings"] == []
    assert report["since"]


def test_a_finding_that_went_away_is_a_change_too(server, tmp_path):
    finding = server.one("security.files")
    remember(tmp_path, [finding], recall(tmp_path), server.machine.now())
    assert recall(tmp_path).changed([finding]) == []
    server.machine.path("/opt/ostrov/current/venv/bin/ostrov").chmod(0o777)
    broken = server.one("security.files")
    assert recall(tmp_path).changed([broken]) == [broken]
    remember(tmp_path, [broken], recall(tmp_path), server.machine.now())
    assert recall(tmp_path).changed([finding]) == [finding]


def test_what_was_not_looked_at_stays_remembered(server, tmp_path):
    remember(tmp_path, [server.one("security.files")], recall(tmp_path), server.machine.now())
    remember(tmp_path, [server.one("security.secrets")], recall(tmp_path), server.machine.now())
    assert set(recall(tmp_path).statuses) == {"security.files", "security.secrets"}


def test_a_torn_memory_is_no_memory(tmp_path):
    (tmp_path / "last.json").write_text('{"statuses": ')
    assert recall(tmp_path).statuses == {}


def test_the_figures_are_written_whole_for_node_exporter(home, tmp_path):
    target = tmp_path / "doctor.prom"
    doctor(home, "--prom", str(target))
    text = target.read_text()
    assert 'ostrov_doctor_status{id="services.machine",group="services"} 2' in text
    assert "egress.canary" not in text, "what does not apply has no figure"
    assert {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line[0] != "#"} == set(prometheus.NAMES)
    assert target.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.glob(".doctor.prom*")) == []


def test_figures_that_cannot_be_written_are_refused_in_a_sentence(home):
    result = doctor(home, "--prom", "/nowhere/doctor.prom")
    assert result.returncode == 3
    assert "/nowhere/doctor.prom" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_disk_of_a_server_that_does_not_start_is_looked_at(server, home):
    server.machine.path("/etc/ostrov/secrets/gateway_key").chmod(0o644)
    result = doctor(home, "--root", str(server.root), "--json")
    by_id = {each["id"]: each for each in json.loads(result.stdout)["findings"]}
    assert by_id["security.secrets"]["status"] == "fail"
    assert by_id["services.nginx"]["status"] == "inapplicable"
    assert by_id["services.release"]["status"] == "ok"
    assert not server.machine.path("/var/lib/ostrov/doctor").exists(), "nothing is written on a disk that is looked at"


def test_every_finding_is_in_the_plain_report_with_what_to_type(server):
    server.machine.path("/etc/ostrov/secrets/gateway_key").chmod(0o644)
    found = list(server.all().values())
    for language, words in (("en", "expected: "), ("ru", "ожидалось: ")):
        text = plain(found, 1.0, language)
        assert "chmod 400 /etc/ostrov/secrets/gateway_key" in text
        assert words in text
    assert {each.status for each in found} == {Status.OK, Status.WARN, Status.FAIL}
