"""A bundle is built without a network from what is in the cache, and a bare folder takes it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.release import apt, building, manifest, verifying
from appliance.release.problems import BuildError
from tests.appliance.release.conftest import make_deb, make_key, needs_debian, tiny_source, trust

ROOT = Path(__file__).parents[3]
MIGRATION = "revision = '0001'\ndown_revision = None\n"


def checkout(folder: Path, lock: str) -> Path:
    """Lay out the smallest checkout that can be built."""
    root = folder / "checkout"
    for name in manifest.MIGRATIONS.values():
        (root / name).mkdir(parents=True)
        (root / name / "0001_first.py").write_text(MIGRATION)
    for name in (
        "appliance/release/verifying.py",
        "appliance/release/reading.py",
        "pyproject.toml",
        "README.md",
        "LICENSE",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, root / name)
    for name, text in {
        "webapp/web/static/build/manifest.json": "{}",
        "provisioning/site.yml": "[]\n",
        "requirements-server.lock": lock,
        "requirements-server-vllm.lock": lock,
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def order(tmp_path: Path) -> building.Order:
    for name in apt.wanted().packages:
        make_deb(tmp_path, name, "1.0")
    root = checkout(tmp_path, tiny_source(tmp_path / "cache"))
    key = make_key(tmp_path, "builder")
    release = manifest.of_checkout(root, "3.2.1")
    more = {"apt_cache": tmp_path / "debs", "cache": tmp_path / "cache", "vllm": True}
    return building.Order(root, key, tmp_path / "out", release, **more)


@needs_debian
def test_what_is_built_is_found_good_and_installs_with_nothing_else(order: building.Order, tmp_path: Path) -> None:
    bundle = building.build(order, lambda _: None)
    assert bundle == order.output / "ostrov-3.2.1.bundle"
    target = tmp_path / "unpacked"
    found = verifying.verify(bundle, trust(tmp_path / "signers", order.key), extract=target)
    assert found.manifest.tables["schema"]["webapp"] == {"base": "0001", "head": "0001"}
    assert found.manifest.tables["parts"] == {"models": False, "vllm": True}
    command = [
        sys.executable,
        "-m",
        "pip",
        "--isolated",
        "-q",
        "install",
        "--no-index",
        "--require-hashes",
        "--no-deps",
    ]
    lock = target / "wheels/requirements.lock"
    command += ["--target", str(tmp_path / "site"), "--find-links", str(target / "wheels"), "-r", str(lock)]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stderr
    assert {"tiny", "appliance", "ostrov-3.2.1.dist-info"} <= {path.name for path in (tmp_path / "site").iterdir()}
    bill = json.loads((target / "sbom.cdx.json").read_text())
    assert {part["name"] for part in bill["components"]} == {"tiny", *apt.wanted().packages}
    assert (target / "vllm/requirements.lock").read_text() == lock.read_text().splitlines(keepends=True)[-1]
    assert (target / "licences/debian/nginx/copyright").is_file()
    assert (target / "provisioning/files/verifying.py").read_bytes() == (
        ROOT / "appliance/release/verifying.py"
    ).read_bytes()


@needs_debian
def test_a_second_build_has_the_same_content(order: building.Order) -> None:
    def content() -> dict[str, object]:
        tables = verifying.parse_manifest(
            building.build(order, lambda _: None).open("rb").read(1 << 20)[512:].split(b"\0")[0]
        )
        signed_anew = {"apt/InRelease", "apt/Release", "apt/archive-key.gpg", "sbom.cdx.json"}
        return {path: entry for path, entry in tables.files.items() if path not in signed_anew}

    assert content() == content()


@needs_debian
def test_a_package_that_nobody_has_leaves_no_bundle(order: building.Order) -> None:
    next((order.cache / "wheels").iterdir()).write_bytes(b"something else")
    with pytest.raises(BuildError):
        building.build(order, lambda _: None)
    assert not order.output.exists()
