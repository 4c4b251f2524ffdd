"""A server remembers the highest version of each key, and who did what to its release."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from appliance.cli.main import ostrov
from appliance.release import signing, state
from appliance.release.reading import Misconfigured
from appliance.release.sbom import Change
from appliance.release.state import HistoryEntry, append_history, history, record_installed
from appliance.release.verifying import State, read_state, verify, version_key
from tests.appliance.release.conftest import NOW, Maker

VERSIONS = st.builds("{}.{}.{}{}".format, *[st.integers(0, 30)] * 3, st.sampled_from(["", "rc1", "a2"]))
ENTRY = HistoryEntry(datetime(2026, 6, 1, tzinfo=UTC), "root", "update", "committed", "1.0.0", "1.1.0")


def test_the_first_install_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "release" / "state.json"
    record_installed(path, "1.0.0", "SHA256:a")
    assert read_state(path) == State("1.0.0", {"SHA256:a": "1.0.0"})
    assert json.loads(path.read_text())["format"] == state.FORMAT


def test_going_back_changes_what_is_installed_and_not_the_highest(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    for version in ("1.9.0", "1.10.0", "1.9.0"):
        record_installed(path, version, "SHA256:a")
    assert read_state(path) == State("1.9.0", {"SHA256:a": "1.10.0"})


@given(st.lists(st.tuples(VERSIONS, st.sampled_from("abc")), min_size=1, max_size=8))
def test_the_highest_version_of_a_key_never_falls(
    tmp_path_factory: pytest.TempPathFactory, taken: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("state") / "state.json"
    for version, key in taken:
        record_installed(path, version, key)
    found = read_state(path)
    assert found.installed == taken[-1][0]
    for key in {key for _, key in taken}:
        versions = [version_key(version) for version, other in taken if other == key]
        assert version_key(found.highest[key]) == max(versions)


def test_a_damaged_state_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"installed": "1.0.0", "highest"')
    with pytest.raises(Misconfigured):
        record_installed(path, "1.0.0", "SHA256:a")
    assert path.read_text() == '{"installed": "1.0.0", "highest"'


def test_history_tells_who_did_what_and_when(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    changes = (Change("changed", "flask", "pypi", "3.1.0", "3.1.1"),)
    append_history(path, HistoryEntry(**{**vars(ENTRY), "changes": changes}))
    (told,) = history(path)
    assert (told["who"], told["at"], told["before"], told["after"]) == (
        "root",
        "2026-06-01T00:00:00+00:00",
        "1.0.0",
        "1.1.0",
    )
    assert told["changes"] == [{"change": "changed", "name": "flask", "kind": "pypi", "old": "3.1.0", "new": "3.1.1"}]


def test_a_line_that_was_cut_short_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    append_history(path, ENTRY)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40])
    append_history(path, ENTRY)
    assert [told["after"] for told in history(path)] == ["1.1.0", "1.1.0"]


def test_there_is_no_history_before_the_first_entry(tmp_path: Path) -> None:
    assert list(history(tmp_path / "history.jsonl")) == []


def test_the_first_install_is_remembered_by_the_signature_of_its_bundle(make: Maker, tmp_path: Path) -> None:
    folder, state, told = tmp_path / "unpacked", tmp_path / "state.json", tmp_path / "history.jsonl"
    verify(make.bundle(), make.signers, extract=folder, now=NOW)
    words = [
        "bundle",
        "installed",
        str(folder),
        "--signers",
        str(make.signers),
        "--state",
        str(state),
        "--history",
        str(told),
    ]
    for sentence in ("1.0.0 is remembered as installed.", "1.0.0 is remembered already."):
        result = CliRunner().invoke(ostrov, words)
        assert (result.exit_code, result.output.strip()) == (0, sentence)
    assert read_state(state) == State("1.0.0", {signing.key_id(make.key): "1.0.0"})
    (line,) = history(told)
    assert (line["action"], line["before"], line["after"], line["key_id"]) == (
        "install",
        None,
        "1.0.0",
        signing.key_id(make.key),
    )
    (folder / "manifest.json").write_bytes((folder / "manifest.json").read_bytes().replace(b"1.0.0", b"9.0.0"))
    assert CliRunner().invoke(ostrov, words).exit_code == 3
    assert read_state(state).installed == "1.0.0"
