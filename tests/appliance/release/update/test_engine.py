"""An update that fails or is killed at any point ends with the old release as it was, or with the new one whole."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from release_twin import LABEL, NEW, OLD, Fate, TwinMachine, apply, furnish, picture, plan_of, resume

from appliance.release.update.engine import Outcome
from appliance.release.update.journal import Damaged, Journal


@pytest.fixture
def folder():
    """A folder on memory where there is one: thousands of fsyncs are not what is measured here."""
    base = "/dev/shm" if Path("/dev/shm").is_dir() else None
    path = Path(tempfile.mkdtemp(prefix="ostrov-update-", dir=base))
    yield path
    shutil.rmtree(path)


def fresh(folder, name, *, readable):
    layout = furnish(folder / name, readable=readable)
    return layout, plan_of(layout, readable=readable)


def neutral(image, layout, *, readable):
    """A picture without what the rule leaves: where the old release reads the new schema, it stays."""
    text = {name: value for name, value in image.items() if name != "machine.json"}
    machine = dict(image["machine.json"])
    if readable:
        machine["database"] = {**machine["database"], "heads": "either"}
    return {name: str(value).replace(str(layout.root), "ROOT") for name, value in text.items()} | {"machine": machine}


def in_a_child(action, *arguments):
    """Run something in a child process; return the signal that killed it, 0 when it came to its end."""
    child = os.fork()
    if child == 0:
        try:
            action(*arguments)
        except Exception:  # noqa: BLE001 - whatever it is, the parent sees the exit code
            os._exit(99)
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed"
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


@pytest.mark.parametrize("readable", [True, False])
def test_a_good_update_ends_with_the_new_release_serving(folder, readable):
    layout, plan = fresh(folder, "a", readable=readable)
    result = apply(layout, plan, Fate())
    assert (result.outcome, result.exit_code) == (Outcome.COMMITTED, 0)
    state = TwinMachine(layout).state()
    assert layout.serving() == NEW
    assert set(state["active"].values()) == {NEW, "systemd"}
    assert f"ostrov-web@{NEW}.service" in state["at_boot"]
    assert f"ostrov-web@{OLD}.service" not in state["active"]
    assert f"ostrov-web@{OLD}.service" not in state["at_boot"]
    assert state["loaded"] == NEW
    assert set(layout.installed()) == {OLD, NEW}
    assert {"ostrov-gateway.socket", "ostrov-worker.service"} <= set(state["at_boot"])


def moments(folder, *, readable):
    layout, plan = fresh(folder, f"count-{readable}", readable=readable)
    fate = Fate()
    apply(layout, plan, fate)
    return fate.moments


@pytest.mark.parametrize("readable", [True, False])
def test_whatever_fails_before_the_decision_is_taken_back_to_the_exact_state_before(folder, readable):
    seen = moments(folder, readable=readable)
    effects = [m for m in seen[: seen.index("line decided ")] if not m.startswith("line")]
    assert len(effects) > 30
    for number, moment in enumerate(effects):
        layout, plan = fresh(folder, f"{number}", readable=readable)
        before = neutral(picture(layout), layout, readable=readable)
        result = apply(layout, plan, Fate(fail_at=moment))
        assert result.outcome in {Outcome.COMPENSATED, Outcome.REFUSED}, moment
        assert moment in result.reason
        assert neutral(picture(layout), layout, readable=readable) == before, moment


@pytest.mark.parametrize("readable", [True, False])
def test_a_machine_that_dies_at_any_point_has_after_its_start_the_old_release_or_the_new(folder, readable):
    seen = moments(folder, readable=readable)
    decided = seen.index("line decided ") + 1
    layout, plan = fresh(folder, "good", readable=readable)
    before = neutral(picture(layout), layout, readable=readable)
    apply(layout, plan, Fate())
    after = neutral(picture(layout), layout, readable=readable)
    for at in range(1, len(seen) + 1):
        layout, plan = fresh(folder, f"{at}", readable=readable)
        assert in_a_child(apply, layout, plan, Fate(die_at=at)) == signal.SIGKILL
        result = resume(layout, Fate())
        expected = before if at < decided else after
        assert neutral(picture(layout), layout, readable=readable) == expected, seen[at - 1]
        if result is not None:
            assert result.outcome in ({Outcome.COMMITTED} if at >= decided else {Outcome.COMPENSATED, Outcome.REFUSED})
        assert resume(layout, Fate()) is None, "nothing is left open"


@pytest.mark.parametrize("readable", [True, False])
def test_a_machine_that_dies_again_and_again_on_the_way_still_arrives(folder, readable):
    seen = moments(folder, readable=readable)
    decided = seen.index("line decided ") + 1
    layout, plan = fresh(folder, "good", readable=readable)
    before = neutral(picture(layout), layout, readable=readable)
    apply(layout, plan, Fate())
    after = neutral(picture(layout), layout, readable=readable)
    for at in range(3, len(seen) + 1, 7):
        layout, plan = fresh(folder, f"{at}", readable=readable)
        in_a_child(apply, layout, plan, Fate(die_at=at))
        for further in range(1, 40):  # dies a little later each time
            if in_a_child(resume, layout, Fate(die_at=further)) == 0:
                break
        resume(layout, Fate())
        expected = before if at < decided else after
        assert neutral(picture(layout), layout, readable=readable) == expected, seen[at - 1]


def test_a_bundle_that_was_changed_is_refused_and_nothing_is_touched(folder):
    layout, plan = fresh(folder, "a", readable=True)
    (layout.root / "new.bundle").write_text("changed")
    before = picture(layout)
    result = apply(layout, plan, Fate())
    assert (result.outcome, result.exit_code) == (Outcome.REFUSED, 2)
    assert picture(layout) == before


def test_too_little_room_is_refused_with_the_megabytes_that_are_missing(folder):
    layout, plan = fresh(folder, "a", readable=True)
    before = picture(layout)
    fate = Fate()
    result = apply(layout, plan, fate, TwinMachine(layout, fate, free_bytes=1 << 20))
    assert (result.outcome, result.step) == (Outcome.REFUSED, "preflight")
    assert "1 MB are free" in result.reason
    assert "MB free, then try again" in result.remedy
    assert picture(layout) == before


def test_a_step_that_cannot_be_taken_back_needs_a_person_and_the_command_to_type_is_told(folder):
    layout, plan = fresh(folder, "a", readable=True)

    class Hopeless(TwinMachine):
        def put_back(self, bundle, changes, source):
            return ["nginx=1.26.3-1"]

    fate = Fate(fail_at="before migrate")
    result = apply(layout, plan, fate, Hopeless(layout, fate))
    assert (result.outcome, result.exit_code) == (Outcome.STUCK, 12)
    assert "apt-get install --allow-downgrades nginx=1.26.3-1" in result.remedy
    assert "ostrov update resume" in result.remedy
    mended = resume(layout, Fate())
    assert mended.outcome is Outcome.COMPENSATED


def test_the_last_line_of_a_journal_may_be_torn(folder):
    path = folder / f"{LABEL}.jsonl"
    journal = Journal(path)
    journal.write("begin")
    journal.write("intent", "unpack")
    with path.open("a") as file:
        file.write('{"at": "2026-')
    again = Journal(path)
    assert [record.event for record in again.records] == ["begin", "intent"]
    again.write("done", "unpack")
    assert [record.event for record in Journal(path).records] == ["begin", "intent", "done"]


def test_a_journal_that_is_damaged_in_the_middle_is_named(folder):
    path = folder / f"{LABEL}.jsonl"
    path.write_text('nonsense\n{"at": "", "event": "begin", "step": "", "facts": {}}\n')
    with pytest.raises(Damaged, match="line 1"):
        Journal(path)
