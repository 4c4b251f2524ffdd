"""A company's own programs run around an update: one before it may refuse it, one after it may only complain."""

from __future__ import annotations

import json

import pytest
from release_twin import LABEL, NEW, OLD, Fate, TwinMachine, apply, furnish, picture, plan_of

from appliance.release.update.engine import Outcome, StepFailed
from appliance.release.update.journal import Journal
from appliance.release.update.machine.hooks import FolderHooks
from appliance.release.update.showing import tell_result


@pytest.fixture
def layout(tmp_path):
    return furnish(tmp_path / "machine", readable=True)


@pytest.fixture
def put(layout):
    """Put a hook where it belongs."""

    def into(moment, name, script, mode=0o755):
        folder = layout.settings / "hooks" / f"{moment}-update.d"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(mode)

    return into


class Furnished(TwinMachine):
    """A twin whose hooks are real programs."""

    def names(self, moment):
        return FolderHooks(self.layout).names(moment)

    def call(self, moment, name, about):
        return FolderHooks(self.layout, seconds=0.5).call(moment, name, about)


def updated(layout):
    return apply(layout, plan_of(layout, readable=True), Fate(), Furnished(layout))


def test_hooks_run_in_the_order_of_their_names_and_know_what_it_is_about(layout, put, tmp_path):
    for name in ("20-second", "10-first"):
        put("before", name, f'echo "$0 $OSTROV_UPDATE_KIND $OSTROV_UPDATE_OLD $OSTROV_UPDATE_NEW" >>{tmp_path}/seen')
    put("after", "30-third", f"echo $OSTROV_UPDATE_LABEL >>{tmp_path}/seen; echo told")
    assert updated(layout).outcome is Outcome.COMMITTED
    seen = (tmp_path / "seen").read_text().splitlines()
    assert [line.split("/")[-1] for line in seen] == [
        f"10-first update {OLD} {NEW}",
        f"20-second update {OLD} {NEW}",
        LABEL,
    ]
    ran = Journal(layout.journals / f"{LABEL}.jsonl").facts("done", "after-hooks")["ran"]
    assert [(one["hook"], one["said"]) for one in ran] == [("30-third", "told")]


def test_a_hook_before_an_update_that_fails_refuses_it_and_nothing_is_touched(layout, put):
    put("before", "window", "echo not on a Monday >&2; exit 1")
    before = picture(layout)
    result = updated(layout)
    assert (result.outcome, result.step) == (Outcome.REFUSED, "before-hooks")
    assert "not on a Monday" in result.reason
    assert picture(layout) == before


def test_a_hook_that_takes_too_long_is_ended_and_refuses_the_update(layout, put):
    put("before", "slow", "exec sleep 60")
    result = updated(layout)
    assert result.outcome is Outcome.REFUSED
    assert "did not end" in result.reason


def test_a_hook_after_an_update_that_fails_is_told_and_the_others_still_run(layout, put, tmp_path, capsys):
    put("after", "10-broken", "exit 3")
    put("after", "20-sound", f"touch {tmp_path}/ran")
    result = updated(layout)
    assert (result.outcome, layout.serving()) == (Outcome.COMMITTED, NEW)
    assert "10-broken failed" in result.warnings[0]
    assert (tmp_path / "ran").exists()


def test_what_is_no_hook_is_left_alone(layout, put):
    put("before", "notes.txt", "exit 1")
    put("before", "10-off", "exit 1", mode=0o644)
    put("before", "10-hook~", "exit 1")
    assert FolderHooks(layout).names("before") == []
    assert FolderHooks(layout).names("after") == []


def test_a_hook_that_others_may_change_is_not_run(layout, put):
    put("before", "10-open", "exit 0", mode=0o777)
    with pytest.raises(StepFailed, match="changed by somebody else"):
        FolderHooks(layout).call("before", "10-open", {})


def test_the_answer_for_programs_names_what_hooks_have_failed(layout, put, capsys):
    put("after", "10-broken", "exit 3")
    tell_result(updated(layout), {"old": OLD, "new": NEW}, as_json=True)
    assert "10-broken" in json.loads(capsys.readouterr().out)["warnings"][0]
