"""The bill of materials names everything that is installed, and two bills tell what an update changes."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.release import licences, sbom
from appliance.release.debs import Deb
from appliance.release.manifest import Release
from appliance.release.sbom import Change
from appliance.release.wheels import Wheel

RELEASE = Release("ostrov", "1.0.0", "0.9.0", "0.9.0")
MOMENT = datetime(2026, 6, 1, tzinfo=UTC)
POSTGRES = "Package: postgresql-17\nVersion: 17.6-0+deb13u1\nArchitecture: amd64\nDescription: the database\n in long"


def make_wheel(folder: Path, name: str, version: str, *fields: str) -> Wheel:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    metadata = "\n".join(["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *fields, "", "Text"])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-{version}.dist-info/METADATA", metadata)
        archive.writestr(f"{name}-{version}.dist-info/licenses/vendored/LICENSE.txt", f"licence of {name}")
        archive.writestr(f"{name}/data.py", "")
    return Wheel(name, version, path, "a" * 64)


def make_deb(control: str = POSTGRES, text: str | None = "who wrote it") -> Deb:
    return Deb(Path("x.deb"), "b" * 64, control, text)


def bill(folder: Path, *wheels: Wheel, debs: tuple[Deb, ...] = ()) -> dict[str, object]:
    ours = make_wheel(
        folder, "ostrov", "1.0.0", "Requires-Dist: flask>=3", 'Requires-Dist: pywin32; sys_platform == "win32"'
    )
    return sbom.compose(RELEASE, MOMENT, [ours, *wheels], debs, ())


def test_every_wheel_and_every_debian_package_is_named_with_its_hash(tmp_path: Path) -> None:
    found = bill(tmp_path, make_wheel(tmp_path, "flask", "3.1.2"), debs=(make_deb(),))
    parts = {part["purl"]: part["hashes"][0]["content"] for part in found["components"]}
    assert parts == {
        "pkg:pypi/flask@3.1.2": "a" * 64,
        "pkg:deb/debian/postgresql-17@17.6-0%2Bdeb13u1?arch=amd64": "b" * 64,
    }
    assert found["metadata"]["component"]["version"] == "1.0.0"


def test_the_bill_has_the_shape_that_cyclonedx_asks_for(tmp_path: Path) -> None:
    found = json.loads(json.dumps(bill(tmp_path, make_wheel(tmp_path, "flask", "3.1.2"), debs=(make_deb(),))))
    assert (found["bomFormat"], found["specVersion"], found["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", found["serialNumber"])
    references = [found["metadata"]["component"]["bom-ref"], *(part["bom-ref"] for part in found["components"])]
    assert len(references) == len(set(references))
    for entry in found["dependencies"]:
        assert {entry["ref"], *entry["dependsOn"]} <= set(references)


def test_dependencies_are_those_of_the_servers_system(tmp_path: Path) -> None:
    found = bill(tmp_path, make_wheel(tmp_path, "flask", "3.1.2"), make_wheel(tmp_path, "pywin32", "1"))
    needs = {entry["ref"]: entry["dependsOn"] for entry in found["dependencies"]}
    assert needs["pkg:pypi/ostrov@1.0.0"] == ["pkg:pypi/flask@3.1.2"]


@pytest.mark.parametrize(
    ("fields", "expression", "name"),
    [
        (["License-Expression: MIT or apache-2.0"], "MIT OR Apache-2.0", None),
        (["License: BSD-3-Clause"], "BSD-3-Clause", None),
        (["License: BSD", "Classifier: License :: OSI Approved :: BSD License"], None, "BSD License"),
        (["License: a sentence of ours"], None, "a sentence of ours"),
        (["License: " + "the whole text " * 30], None, None),
        ([], None, None),
    ],
)
def test_a_licence_is_an_spdx_expression_where_the_package_states_one(
    tmp_path: Path, fields: list[str], expression: str | None, name: str | None
) -> None:
    found = licences.of_wheel(licences.metadata(make_wheel(tmp_path, "x", "1", *fields).path))
    assert (found.expression, found.name) == (expression, name)


def test_the_texts_of_licences_are_gathered_by_package(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("ours")
    debs = [make_deb(), make_deb("Package: silent\nVersion: 1\nArchitecture: all", None)]
    found = licences.gather([make_wheel(tmp_path, "flask", "3.1.2")], debs, tmp_path, tmp_path / "work")
    assert {path: source.read_text() for path, source in found.items()} == {
        "licences/ostrov/LICENSE": "ours",
        "licences/python/flask-3.1.2/vendored_LICENSE.txt": "licence of flask",
        "licences/debian/postgresql-17/copyright": "who wrote it",
    }


def test_the_difference_of_two_bills_is_what_came_went_and_changed(tmp_path: Path) -> None:
    old = bill(tmp_path, make_wheel(tmp_path, "flask", "3.1.2"), make_wheel(tmp_path, "gone", "1"), debs=(make_deb(),))
    new = bill(tmp_path, make_wheel(tmp_path, "flask", "3.2.0"), make_wheel(tmp_path, "fresh", "2"), debs=(make_deb(),))
    assert sbom.difference(old, new) == [
        Change("changed", "flask", "pypi", "3.1.2", "3.2.0"),
        Change("added", "fresh", "pypi", None, "2"),
        Change("removed", "gone", "pypi", "1", None),
    ]
    assert sbom.difference(new, new) == []
