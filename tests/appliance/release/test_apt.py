"""The Debian part of a bundle is a repository that apt takes, signed by a key that comes with it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.release import apt, debs
from appliance.release.apt import Wanted
from appliance.release.problems import BuildError
from tests.appliance.release.conftest import make_deb, needs_debian

MOMENT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def index(folder: Path, packages: list[debs.Deb]) -> Path:
    """Write a repository as a bundle lays it out."""
    work, laid = folder / "work", folder / "apt"
    work.mkdir()
    laid.mkdir()
    for name, source in apt.repository(packages, work, MOMENT).items():
        shutil.copy2(source, laid / name)
    return laid


def test_the_list_of_packages_is_for_debian_13_and_names_what_the_playbooks_install() -> None:
    want = apt.wanted()
    assert (want.release, want.architecture) == ("trixie", "amd64")
    assert {"python3-venv", "postgresql-17", "postgresql-17-pgvector", "nginx", "nftables"} <= set(want.packages)


@needs_debian
def test_a_package_tells_its_fields_and_its_copyright(tmp_path: Path) -> None:
    deb = debs.read(make_deb(tmp_path, "one", "2:1.0-3+b1"), tmp_path / "cache")
    assert (deb.name, deb.version, deb.file_name) == ("one", "2:1.0-3+b1", "one_1.0-3+b1_all.deb")
    assert deb.copyright == "copyright of one"
    assert debs.read(deb.path, tmp_path / "cache") == deb


@needs_debian
def test_apt_takes_packages_from_the_repository_and_nothing_else(tmp_path: Path) -> None:
    made = [make_deb(tmp_path, "one", "1:1.0", "two"), make_deb(tmp_path, "two", "2.0~rc1")]
    laid = index(tmp_path, [debs.read(path, tmp_path / "cache") for path in made])
    root = tmp_path / "root"
    for name in ("state/lists/partial", "cache/archives/partial", "etc"):
        (root / name).mkdir(parents=True)
    (root / "status").touch()
    (root / "etc/sources.list").write_text(f"deb [signed-by={laid}/archive-key.gpg] file:{laid} ./\n")
    options = [
        *(
            "-o",
            f"Dir::State={root}/state",
            "-o",
            f"Dir::State::Status={root}/status",
            "-o",
            f"Dir::Cache={root}/cache",
        ),
        *(
            "-o",
            f"Dir::Etc::SourceList={root}/etc/sources.list",
            "-o",
            "Dir::Etc::SourceParts=-",
            "-o",
            "Debug::NoLocking=1",
        ),
        *("-o", "APT::Sandbox::User=root"),
    ]
    update = subprocess.run(["apt-get", *options, "update"], capture_output=True, text=True, check=False)
    assert update.returncode == 0, update.stderr
    assert "W:" not in update.stderr
    planned = subprocess.run(["apt-get", *options, "-s", "install", "one"], capture_output=True, text=True, check=False)
    assert planned.returncode == 0, planned.stderr
    assert {line.split()[1] for line in planned.stdout.splitlines() if line.startswith("Inst ")} == {"one", "two"}


@needs_debian
def test_the_index_is_signed_by_the_key_beside_it_and_names_the_hashes(tmp_path: Path) -> None:
    deb = debs.read(make_deb(tmp_path, "one", "1.0"), tmp_path / "cache")
    laid = index(tmp_path, [deb])
    command = ["gpgv", "--keyring", str(laid / "archive-key.gpg"), str(laid / "InRelease")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    packages = (laid / "Packages").read_bytes()
    assert hashlib.sha256(packages).hexdigest() in (laid / "InRelease").read_text()
    assert deb.sha256 in packages.decode()
    (laid / "InRelease").write_text((laid / "InRelease").read_text().replace("Ostrov", "0strov", 1))
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@needs_debian
def test_the_newest_version_is_taken_from_a_folder(tmp_path: Path) -> None:
    for version in ("1.9-1", "1.10-1", "1.10~rc1-1"):
        make_deb(tmp_path, "one", version)
    want = Wanted("trixie", "amd64", ("one",))
    (found,) = apt.collect(want, tmp_path / "cache", tmp_path / "debs", None)
    assert found.version == "1.10-1"


@needs_debian
def test_a_folder_that_lacks_a_package_is_told_which(tmp_path: Path) -> None:
    make_deb(tmp_path, "one", "1")
    with pytest.raises(BuildError, match="lacks three, two"):
        apt.collect(Wanted("trixie", "amd64", ("one", "three", "two")), tmp_path / "cache", tmp_path / "debs", None)


def test_the_driver_of_gpus_comes_from_the_non_free_section_when_it_is_asked_for() -> None:
    plain, more = apt.wanted(), apt.wanted(nvidia=True)
    assert set(more.packages) - set(plain.packages) >= {"nvidia-driver", "linux-headers-amd64"}
    assert ("non-free" in plain.components, "non-free" in more.components) == (False, True)
