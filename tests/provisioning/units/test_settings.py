"""What the services are given: settings that exist, no way out for libraries, no secret in a file that all may read."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess

import pytest

from appliance.offline import SWITCHES
from appliance.settings import PROGRAMS
from tests.provisioning.units.rendering import Unit, engines, render, variables

COMPANY = "ООО «Звезда» & Co's $HOME `id`"
ENGINE = variables("engines")["__engines_of"]["gpu"][0]
FILES = {
    "common.env": ("release", {"release_domain": "crm.example", "release_company_name": COMPANY}),
    "migrate.env": ("release", {}),
    "web.env": ("web", {}),
    "worker.env": ("worker", {}),
    "gateway.env": ("gateway", {}),
    "engine.env": ("engines", {"engine": ENGINE, "gpu": True}),
}
KNOWN = {f"OSTROV_{field.name.upper()}" for program in PROGRAMS for field in dataclasses.fields(program)}
OF_THE_SERVER = {"OSTROV_DOMAIN"}  # the server's own name, for the update's probe and the doctor
SECRET = re.compile(r"^(OSTROV_GATEWAY_KEY|OSTROV_SECRET_KEY\w*|\w*PASS\w*)=", re.MULTILINE)


def written(name: str) -> str:
    role, given = FILES[name]
    return render(role, f"{name}.j2", given)


@pytest.mark.parametrize("name", FILES)
def test_every_setting_that_a_service_is_given_exists(name):
    named = set(re.findall(r"^(OSTROV_\w+)=", written(name), re.MULTILINE))
    assert named <= KNOWN | OF_THE_SERVER


@pytest.mark.parametrize("name", FILES)
def test_no_secret_stands_in_a_file_that_everybody_may_read(name):
    assert not SECRET.search(written(name))


def test_the_services_are_given_every_switch_that_keeps_libraries_from_reaching_out():
    given = dict(line.split("=", 1) for line in written("common.env").splitlines() if "=" in line and line[0] != "#")
    assert {name: given.get(name, "").strip("'") for name in SWITCHES} == dict(SWITCHES)


def test_a_name_of_a_company_with_every_sort_of_sign_reaches_a_shell_unchanged(tmp_path):
    path = tmp_path / "common.env"
    path.write_text(written("common.env"), encoding="utf-8")
    said = subprocess.run(
        ["sh", "-c", f'. {path}; printf %s "$OSTROV_COMPANY_NAME"'], capture_output=True, text=True, check=True
    )
    assert said.stdout == COMPANY


SECTIONS = {
    "web": Unit("ostrov-web@1.0.0.service", "web", "ostrov-web@.service.j2"),
    "worker": Unit("ostrov-worker.service", "worker", "ostrov-worker.service.j2"),
    "gateway": Unit("ostrov-gateway.service", "gateway", "ostrov-gateway.service.j2"),
    "door": Unit("ostrov-gateway.socket", "gateway", "ostrov-gateway.socket.j2"),
    "target": Unit("ostrov.target", "release", "ostrov.target.j2"),
    "resume": Unit("ostrov-update-resume.service", "release", "ostrov-update-resume.service.j2"),
    **{f"gpu-{unit.given['engine']['name']}": unit for unit in engines("gpu")},
    **{f"cpu-{unit.given['engine']['name']}": unit for unit in engines("cpu")},
}


@pytest.mark.parametrize("name", [name for name in SECTIONS if name not in ("door", "target", "resume")])
def test_a_service_comes_back_after_a_failure_within_limits_and_waits_for_nothing_that_it_can_do_without(name):
    text = SECTIONS[name].text()
    assert "\nRestart=always\n" in text
    assert "\nStartLimitBurst=" in text
    assert "\nMemoryMax=" in text
    assert "\nTasksMax=" in text
    required = re.findall(r"^(?:Requires|BindsTo|Requisite)=(.*)$", text, re.MULTILINE)
    assert required in ([], ["ostrov-gateway.socket"])


@pytest.mark.parametrize("name", SECTIONS)
def test_every_unit_is_started_at_boot(name):
    assert "\nWantedBy=" in SECTIONS[name].text()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", SECTIONS)
def test_systemd_reads_every_unit(name, tmp_path):
    """Words that the systemd of an older system does not know are passed over."""
    newer = ("RestartSteps", "RestartMaxDelaySec")
    path = tmp_path / SECTIONS[name].name
    path.write_text(SECTIONS[name].text(), encoding="utf-8")
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(path)],
        capture_output=True, text=True, check=False,
    ).stderr  # fmt: skip
    wrong = [
        line
        for line in said.splitlines()
        if path.name in line
        and not any(word in line for word in (*newer, "is not executable", "not found", "not loaded"))
    ]
    assert not wrong
