"""What the doctor says before an update, and which of it refuses one."""

from __future__ import annotations

import json

import pytest

from appliance.release.update.engine import StepFailed
from appliance.release.update.layout import Layout
from appliance.release.update.machine import checks

DEAD = {"status": "fail", "title": "It runs", "observed": "it is dead", "remedy": "systemctl restart it"}


@pytest.fixture
def doctor(tmp_path, monkeypatch):
    """The doctor of a machine that says what it is told to say."""
    monkeypatch.setattr(checks, "PAUSE_SECONDS", 0)
    program = tmp_path / "usr/local/bin/ostrov"
    program.parent.mkdir(parents=True)

    def saying(*findings):
        (tmp_path / "said.json").write_text(json.dumps({"findings": findings}))
        program.write_text(f"#!/bin/sh\ncat {tmp_path}/said.json\n")
        program.chmod(0o755)
        return checks.OstrovDoctor(Layout(tmp_path))

    return saying


@pytest.mark.parametrize("broken", ["services.worker", "database.answers", "audit.chain"])
def test_what_an_update_stands_on_refuses_it_with_the_remedy(doctor, broken):
    with pytest.raises(StepFailed, match="it is dead") as caught:
        doctor({"id": broken, **DEAD}).examine()
    assert caught.value.remedy == "systemctl restart it"


@pytest.mark.parametrize("engine", ["llm", "embed", "speech"])
def test_an_engine_that_is_down_is_told_and_keeps_nobody_from_its_mend(doctor, engine):
    found = doctor({"id": f"services.{engine}", **DEAD}, {"id": "services.web", "status": "ok"}).examine()
    assert found == {"ran": True, "findings": 2, "warnings": ["It runs"]}


def test_the_release_itself_is_not_the_doctor_s_matter_while_it_is_updated(doctor):
    assert doctor({"id": "services.release", **DEAD}).examine()["warnings"] == []


def test_a_doctor_that_says_nothing_is_no_leave_to_go_on(doctor):
    with pytest.raises(StepFailed, match="could not check"):
        doctor().examine()
