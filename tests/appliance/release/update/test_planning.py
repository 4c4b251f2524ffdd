"""Plans: which way an update goes, what a rollback needs, and what is refused in words that help."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from release_twin import NEW, OLD, Fate, TwinMachine, apply, furnish, plan_of

from appliance.release.update.engine import Outcome, StepFailed
from appliance.release.update.files import write_whole
from appliance.release.update.journal import journals, open_journal
from appliance.release.update.lock import alone
from appliance.release.update.plan import Plan, is_readable
from appliance.release.update.planning import plan_rollback, plan_update
from appliance.release.update.ports import Release, Schema
from appliance.release.update.running import carry_out, finish
from appliance.release.update.showing import entry_of


class Machine(TwinMachine):
    """Knows of every release which schema it made, and who reads it."""

    readable_by = OLD

    def installed(self, version):
        heads = {OLD: "0001", NEW: "0002"}
        return Release(version, "key", "0.9.0", Schema({"webapp": heads[version]}, self.readable_by))


@pytest.fixture
def layout(tmp_path):
    return furnish(tmp_path, readable=True)


def silent(_record):
    """Say nothing."""


def updated(layout, *, readable=True):
    assert apply(layout, plan_of(layout, readable=readable), Fate()).outcome is Outcome.COMMITTED


def test_the_plan_of_an_update_names_both_releases_and_whether_people_have_to_wait(layout):
    plan, release = plan_update(layout, Machine(layout).ports(), layout.root / "new.bundle")
    assert (plan.old, plan.new, plan.pauses) == (OLD, NEW, False)
    assert plan.label.endswith(f"-{NEW}")
    assert release.version == NEW
    assert Plan.from_facts(json.loads(json.dumps(plan.as_facts()))) == plan


@pytest.mark.parametrize(("old", "by", "expected"), [("1.0.0", "1.0.0", True), ("1.9.0", "1.10.0", False)])
def test_a_schema_is_readable_by_a_release_and_all_newer_ones(old, by, expected):
    assert is_readable(old, by) is expected


def test_a_rollback_goes_to_the_release_before_and_keeps_the_data(layout):
    updated(layout)
    plan = plan_rollback(layout, Machine(layout).ports(), None, with_database=False)
    assert (plan.old, plan.new, plan.pauses, plan.to_point) == (NEW, OLD, False, "")
    result = carry_out(plan, layout, TwinMachine(layout).ports(), silent)
    state = TwinMachine(layout).state()
    assert result.outcome is Outcome.COMMITTED
    assert (layout.serving(), state["loaded"], state["installed"]) == (OLD, OLD, OLD)
    assert state["database"]["heads"] == {"webapp": "0002"}, "the schema stays, and so does all that was written"


def test_a_rollback_that_needs_the_database_says_so_and_what_is_lost(layout):
    updated(layout, readable=False)
    machine = Machine(layout)
    machine.readable_by = NEW
    with pytest.raises(StepFailed) as caught:
        plan_rollback(layout, machine.ports(), None, with_database=False)
    assert "--with-database" in caught.value.remedy
    assert "lost" in caught.value.remedy


def test_a_rollback_with_the_database_returns_to_the_moment_before_the_update(tmp_path):
    layout = furnish(tmp_path, readable=False)
    updated(layout, readable=False)
    machine = Machine(layout)
    database = {**machine.state()["database"], "rows": ["a client", "written since"]}
    write_whole(layout.root / "machine.json", json.dumps({**machine.state(), "database": database}))
    plan = plan_rollback(layout, machine.ports(), OLD, with_database=True)
    assert plan.pauses
    going_back = TwinMachine(layout)
    result = carry_out(plan, layout, going_back.ports(), silent)
    assert result.outcome is Outcome.COMMITTED, result.reason
    assert going_back.returned == [plan.to_point], "the audit says that entries are gone"
    state = TwinMachine(layout).state()
    assert state["database"] == {"heads": {"webapp": "0001"}, "rows": ["a client"]}
    assert set(state["active"].values()) == {OLD, "systemd"}


def test_a_rollback_to_a_release_that_is_gone_names_those_that_are_there(layout):
    with pytest.raises(StepFailed, match=r"0\.5\.0 is not on this machine"):
        plan_rollback(layout, Machine(layout).ports(), "0.5.0", with_database=False)


def test_a_rollback_without_a_release_before_is_refused(layout):
    with pytest.raises(StepFailed, match=f"No release before {OLD}"):
        plan_rollback(layout, Machine(layout).ports(), None, with_database=False)


def test_two_updates_at_once_are_refused(layout):
    with alone(layout.lock), pytest.raises(StepFailed, match="Another update is at work"):
        carry_out(plan_of(layout, readable=True), layout, TwinMachine(layout).ports(), silent)


def test_an_interrupted_update_must_be_finished_before_the_next_begins(layout):
    again = plan_of(layout, readable=True)
    stuck = TwinMachine(layout, Fate(fail_at="before migrate"))
    stuck.put_back = lambda bundle, changes, source: ["nginx=1"]
    assert apply(layout, again, stuck.fate, stuck).outcome is Outcome.STUCK
    with pytest.raises(StepFailed) as caught:
        carry_out(plan_of(layout, readable=True).named("20261122T110000-1.1.0"), layout, stuck.ports(), silent)
    assert "ostrov update resume" in caught.value.remedy
    assert finish(layout, TwinMachine(layout).ports(), silent).outcome is Outcome.COMPENSATED
    assert finish(layout, TwinMachine(layout).ports(), silent) is None


def test_what_a_kill_left_beside_a_file_that_is_replaced_is_gone_when_the_update_is_taken_back(layout):
    def dies(work, target):
        if target == layout.current:
            os.kill(os.getpid(), signal.SIGKILL)
        return replace(work, target)

    replace = Path.replace
    child = os.fork()
    if child == 0:
        Path.replace = dies
        carry_out(plan_of(layout, readable=True), layout, TwinMachine(layout).ports(), silent)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert [path.name for path in layout.root.rglob("*.new")] == ["current.new"]
    assert finish(layout, TwinMachine(layout).ports(), silent).outcome is Outcome.COMPENSATED
    assert list(layout.root.rglob("*.new")) == []


@pytest.mark.parametrize(("fails_at", "pinned"), [(None, False), ("before backup", False), ("before migrate", True)])
def test_the_next_start_of_the_machine_looks_for_an_update_as_long_as_one_is_open(layout, fails_at, pinned):
    seen = []
    machine = TwinMachine(layout, Fate(fail_at=fails_at))
    if pinned:
        machine.put_back = lambda bundle, changes, source: ["nginx=1"]
    carry_out(
        plan_of(layout, readable=True), layout, machine.ports(), lambda _: seen.append(layout.pinned.is_symlink())
    )
    assert all(seen), "it does from the journal's first line on"
    assert layout.pinned.is_symlink() is pinned
    finish(layout, TwinMachine(layout).ports(), silent)
    assert not layout.pinned.is_symlink()


def test_an_error_of_the_program_itself_is_shown_and_takes_the_update_back(layout):
    class Broken(TwinMachine):
        def migrate(self, version):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        carry_out(plan_of(layout, readable=True), layout, Broken(layout).ports(), silent)
    assert open_journal(layout.journals) is None
    assert layout.serving() == OLD
    assert not layout.release(NEW).exists()


def test_the_last_three_releases_are_kept(layout):
    for version in ("0.7.0", "0.8.0", "0.9.0"):
        layout.release(version).mkdir()
        (layout.release(version) / "manifest.json").write_text("{}")
    updated(layout)
    assert layout.installed() == ["0.9.0", OLD, NEW]


def test_the_history_says_who_when_and_how_it_ended(layout):
    apply(layout, plan_of(layout, readable=True), Fate(fail_at="before migrate"))
    entry = entry_of(journals(layout.journals)[-1])
    assert (entry["actor"], entry["old"], entry["new"]) == ("tester", OLD, NEW)
    assert (entry["outcome"], entry["step"]) == ("compensated", "migrate")
    assert "before migrate failed" in entry["reason"]
