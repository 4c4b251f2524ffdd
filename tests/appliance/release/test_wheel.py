"""The product's wheel holds all that the product needs, and works far from any checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.release import wheels
from tests.databases import new_database

ROOT = Path(__file__).parents[3]
SOURCES_OF_ASSETS = ("webapp/web/assets/", "webapp/web/package", "webapp/web/.npmrc")
# Runs with nothing of the checkout in sight: the pages, their assets, their Russian, and every command.
PROOF = """
import json, re, sys
from pathlib import Path
from appliance.settings import WebSettings, read
from webapp import app as module
client = module.create_app(read(WebSettings)).test_client()
page = client.get("/sign-in", headers={"Accept-Language": "ru"})
assets = re.findall(r'(?:href|src)="(/static[^"]+)"', page.text)
print(json.dumps({
    "from": str(Path(module.__file__).parents[1]),
    "status": page.status_code,
    "assets": {name: client.get(name).status_code for name in assets},
    "text": page.text,
}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> wheels.Wheel:
    return wheels.our_wheel(ROOT, "7.8.9", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked(wheel: wheels.Wheel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel.path) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """An empty database with the vector extension, as a template of URLs by role."""
    with new_database(postgres, "wheel") as address:
        yield address


def run(unpacked: Path, folder: Path, *words: str, **settings: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OSTROV_")}
    environment |= {"PYTHONPATH": str(unpacked), "OSTROV_HOME": str(folder / "home"), **settings}
    command = [sys.executable, "-W", "ignore", *words]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout


def test_every_file_of_the_product_is_in_its_wheel(wheel: wheels.Wheel) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", *wheels.PARTS_OF_THE_PRODUCT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("this is no git checkout, so nothing tells which files are the product's")
    built = {str(path.relative_to(ROOT)) for path in (ROOT / "webapp/web/static/build").iterdir()}
    tracked = {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}
    wanted = {name for name in tracked | built if not name.startswith(SOURCES_OF_ASSETS)}
    of_people = {name for name in wanted if name.count("/") == 1 and name.endswith("README.md")}
    with zipfile.ZipFile(wheel.path) as archive:
        assert wanted - of_people - set(archive.namelist()) == set()


def test_nothing_that_only_builders_need_is_in_the_wheel(wheel: wheels.Wheel) -> None:
    with zipfile.ZipFile(wheel.path) as archive:
        names = archive.namelist()
    stray = [name for name in names if name.startswith((*SOURCES_OF_ASSETS, "tests/")) or "node_modules" in name]
    assert stray == []


def test_the_wheel_has_the_version_that_was_asked_for(wheel: wheels.Wheel, unpacked: Path, tmp_path: Path) -> None:
    assert wheel.path.name == "ostrov-7.8.9-py3-none-any.whl"
    assert run(unpacked, tmp_path, "-m", "appliance.cli.main", "--version").strip() == "ostrov, version 7.8.9"


def test_two_builds_of_one_checkout_give_the_same_bytes(wheel: wheels.Wheel, tmp_path: Path) -> None:
    assert wheels.our_wheel(ROOT, "7.8.9", tmp_path).sha256 == wheel.sha256


def test_pages_assets_translations_and_migrations_work_from_the_wheel_alone(
    unpacked: Path, database: str, tmp_path: Path
) -> None:
    settings = {"OSTROV_DATABASE_URL": database.format(role="ostrov_owner")}
    assert "up to date" in run(unpacked, tmp_path, "-m", "appliance.cli.main", "migrate", **settings)
    run(unpacked, tmp_path, "-m", "appliance.cli.main", "gateway", "migrate", **settings)
    settings["OSTROV_DATABASE_URL"] = database.format(role="ostrov_web")
    seen = json.loads(run(unpacked, tmp_path, "-c", PROOF, **settings).splitlines()[-1])
    assert (seen["from"], seen["status"]) == (str(unpacked), 200)
    assert len(seen["assets"]) >= 2
    assert set(seen["assets"].values()) == {200}
    assert "Войти" in seen["text"]


def test_the_ai_modules_are_found_in_the_wheel(unpacked: Path, tmp_path: Path) -> None:
    listed = json.loads(run(unpacked, tmp_path, "-m", "appliance.cli.main", "modules", "list", "--json"))
    found = listed["modules"] if isinstance(listed, dict) else listed
    assert {"call_card", "answer"} <= {module["name"] for module in found}
