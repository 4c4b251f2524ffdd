"""From a bare server to the appliance with no network cable to the outside, and again without a change."""

from __future__ import annotations

import pytest

from tests.provisioning import figures
from tests.provisioning.conftest import LOGS, Installation
from tests.provisioning.lab import playbooks
from tests.provisioning.lab.guest import Guest


def test_one_run_makes_a_bare_server_into_the_appliance(installation: Installation) -> None:
    if installation.first is None:
        pytest.skip("a server that was installed before is used (OSTROV_LAB_CONVERGED)")
    installation.first.succeeded()
    assert installation.first.changed > 0


def test_a_second_run_changes_nothing(appliance: Guest) -> None:
    second = playbooks.play([appliance], "site.yml", log=LOGS / "second-run.log").succeeded()
    figures.record(second_run_seconds=second.seconds)
    assert second.changed == 0, second.changes


def test_a_dry_run_goes_through_and_finds_nothing_to_change(appliance: Guest) -> None:
    dry = playbooks.play([appliance], "site.yml", "--check", "--diff", log=LOGS / "dry-run.log").succeeded()
    figures.record(dry_run_seconds=dry.seconds)
    assert dry.changed == 0, dry.changes


def test_the_asserts_alone_can_be_run(appliance: Guest) -> None:
    verified = playbooks.play([appliance], "site.yml", "--tags", "verify", log=LOGS / "verify.log").succeeded()
    figures.record(verify_seconds=verified.seconds)
    assert verified.changed == 0, verified.changes
