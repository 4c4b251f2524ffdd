"""Packages of others: nothing of them runs before an administrator has approved the very bytes."""

import hashlib
import importlib
import os
import py_compile
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from inference.modules.approvals import BadApprovals, approve, read_approvals, revoke
from inference.modules.package_commands import modules
from inference.modules.sealing import NotSealable, checksum_of, place_of, sums_of
from tests.inference.modules.foreign import CODE, Write, forget, look, look_approved, writing

SPY = "import pathlib\npathlib.Path({path!r}).touch()\n"


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    with writing(tmp_path / "foreign_package") as written:
        yield written


@pytest.fixture
def approvals(tmp_path: Path) -> Path:
    return tmp_path / "approvals.json"


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """A file that is there when the foreign code has run."""
    return tmp_path / "ran"


def test_no_line_of_a_package_runs_before_it_is_approved(write: Write, approvals: Path, ran: Path) -> None:
    point = write(__init____py=SPY.format(path=str(ran)), module__py=SPY.format(path=str(ran)) + CODE)
    found = look(approvals, point)
    assert (found.name, found.version, found.state) == ("greeting", "1.0.0", "not approved")
    assert "nobody has approved" in found.reason
    assert not ran.exists()
    assert look_approved(approvals, point).state == "loaded"
    assert ran.exists()


@pytest.mark.parametrize("name", ["module.py", "prompt.md.jinja", "cases.jsonl", "manifest.toml", "new_file.bin"])
def test_one_changed_byte_anywhere_takes_the_approval_away(
    write: Write, approvals: Path, tmp_path: Path, name: str
) -> None:
    point = write()
    assert look_approved(approvals, point).state == "loaded"
    path = tmp_path / "foreign_package" / name
    path.write_bytes((path.read_bytes() if path.exists() else b"") + b"\n")
    found = look(approvals, point)
    assert (found.state, found.module) == ("not approved", None)
    assert "not those that were approved" in found.reason


def test_a_file_that_changes_after_the_gateway_has_started_is_not_run(
    write: Write, approvals: Path, tmp_path: Path, ran: Path
) -> None:
    point = write(later__py="VALUE = 1\n")
    assert look_approved(approvals, point).state == "loaded"
    (tmp_path / "foreign_package" / "later.py").write_text(SPY.format(path=str(ran)))
    with pytest.raises(ImportError, match="has changed since its package was approved"):
        importlib.import_module("foreign_package.later")
    assert not ran.exists()


def test_a_compiled_file_that_somebody_planted_is_not_run(
    write: Write, approvals: Path, tmp_path: Path, ran: Path
) -> None:
    point = write()
    source = tmp_path / "foreign_package" / "module.py"
    evil = tmp_path / "evil.py"
    evil.write_text(SPY.format(path=str(ran)) + CODE)
    cached = source.parent / "__pycache__" / Path(importlib.util.cache_from_source(str(source))).name
    cached.parent.mkdir()
    py_compile.compile(str(evil), str(cached), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    assert look_approved(approvals, point).state == "loaded"
    assert not ran.exists()
    shutil.rmtree(cached.parent)
    forget("foreign_package")


def test_the_checksum_is_what_sha256sum_says_of_the_files(write: Write, tmp_path: Path) -> None:
    write()
    folder = tmp_path / "foreign_package"
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "module.pyc").write_text("not counted")
    listed = "find * -type f ! -path '*__pycache__*' | LC_ALL=C sort | xargs -d '\\n' sha256sum | sha256sum"
    said = subprocess.run(["bash", "-c", listed], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert checksum_of(folder, sums_of(folder)) == said.split()[0]


def test_a_link_in_a_package_is_refused(write: Write, approvals: Path, tmp_path: Path) -> None:
    point = write()
    (tmp_path / "foreign_package" / "more").symlink_to("/etc")
    found = look(approvals, point)
    assert found.state == "broken"
    assert "is a link" in found.reason


def test_a_package_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(NotSealable, match="no package"):
        place_of("surely_no_such_package")


def test_an_approval_is_taken_back(write: Write, approvals: Path) -> None:
    point = write()
    assert look_approved(approvals, point).state == "loaded"
    assert revoke(approvals, "foreign_package")
    assert not revoke(approvals, "foreign_package")
    assert look(approvals, point).state == "not approved"


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_a_file_of_approvals_that_others_may_write_approves_nothing(write: Write, approvals: Path, mode: int) -> None:
    point = write()
    assert look_approved(approvals, point).state == "loaded"
    approvals.chmod(mode)
    found = look(approvals, point)
    assert found.state == "not approved"
    assert "can be written by others" in found.reason


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_approvals_that_belongs_to_somebody_else_approves_nothing(approvals: Path) -> None:
    approve(approvals, "a", "1.0.0", hashlib.sha256().hexdigest())
    os.chown(approvals, 12345, 12345)
    with pytest.raises(BadApprovals, match="belongs to somebody else"):
        read_approvals(approvals)


def test_a_damaged_file_of_approvals_approves_nothing(approvals: Path) -> None:
    approvals.write_text('{"a": 5}')
    approvals.chmod(0o644)
    with pytest.raises(BadApprovals, match="damaged"):
        read_approvals(approvals)


def test_a_new_module_passes_every_check_and_a_spoilt_one_is_told_what_is_wrong(tmp_path: Path) -> None:
    run = CliRunner()
    place = tmp_path / "ostrov-first-try"
    assert run.invoke(modules, ["new", "first_try", "--folder", str(place)]).exit_code == 0
    checked = run.invoke(modules, ["check", str(place)])
    assert checked.exit_code == 0, checked.output
    assert "wrong" not in checked.output
    spoilt = {
        "schema.py": ('model_config = ConfigDict(extra="forbid")', "", "the model fills in Told"),
        "prompt.md.jinja": ("{{ text }}", "{{ txt }}", "does not render"),
        "card.md": ("**Weak at**", "Weak at", "has no part 'Weak at'"),
        "manifest.toml": ('version = "1.0.0"', 'version = "1.1.0"', "must begin with the line"),
        "cases.jsonl": ('"gold": {"topic"', '"gold": {"colour"', "cases speak of 'colour'"),
        "module.py": ("return Output()", "return 5", "AttributeError"),
    }
    for name, (old, new, said) in spoilt.items():
        path = place / "ostrov_first_try" / name
        whole = path.read_text()
        assert old in whole
        path.write_text(whole.replace(old, new))
        answer = run.invoke(modules, ["check", str(place)])
        assert answer.exit_code == 1
        assert said in answer.output, answer.output
        path.write_text(whole)


@pytest.mark.parametrize("name", ["Bad-Name", "x", "call_card"])
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    answer = CliRunner().invoke(modules, ["new", name, "--folder", str(tmp_path / "new")])
    assert answer.exit_code == 1
    assert not (tmp_path / "new").exists()


def test_a_module_of_our_own_needs_no_approval() -> None:
    answer = CliRunner().invoke(modules, ["approve", "call_card"])
    assert answer.exit_code == 1
    assert "Ostrov's own" in answer.output
