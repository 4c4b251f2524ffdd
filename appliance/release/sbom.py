"""The bill of materials of a bundle in CycloneDX 1.6, and what changed between two of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import quote

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from appliance.release import licences
from appliance.release.debs import Deb
from appliance.release.manifest import Release
from appliance.release.wheels import PYTHON, Wheel

SPECIFICATION: Final = "1.6"
MARKERS: Final = {
    "python_version": PYTHON,
    "python_full_version": f"{PYTHON}.0",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "extra": "",
}


@dataclass(frozen=True)
class Change:
    """One difference between two bills: what came, went, or has another version."""

    change: Literal["added", "removed", "changed"]
    name: str
    kind: str
    old: str | None
    new: str | None


def compose(
    release: Release,
    moment: datetime,
    wheels: Sequence[Wheel],
    debs: Iterable[Deb],
    models: Iterable[dict[str, Any]],
    *,
    vllm: Iterable[Wheel] = (),
) -> dict[str, Any]:
    """Return the bill of everything that a bundle installs; vLLM has an environment of its own beside the product's."""
    product = {
        "type": "application",
        "bom-ref": f"pkg:pypi/{release.name}@{release.version}",
        "name": release.name,
        "version": release.version,
        "licenses": [{"expression": "Apache-2.0"}],
    }
    installed = {(wheel.name, wheel.version): wheel for wheel in (*vllm, *wheels) if wheel.name != release.name}
    components = [_of_wheel(wheel) for wheel in installed.values()]
    components += [_of_deb(deb) for deb in debs]
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPECIFICATION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "serialNumber": uuid.uuid4().urn,
        "version": 1,
        "metadata": {
            "timestamp": moment.astimezone(UTC).isoformat(timespec="seconds"),
            "tools": {"components": [{"type": "application", "name": "ostrov bundle build"}]},
            "component": product,
        },
        "components": [*components, *models],
        "dependencies": _dependencies(wheels),
    }


def _of_wheel(wheel: Wheel) -> dict[str, Any]:
    """Describe a Python package."""
    reference = f"pkg:pypi/{wheel.name}@{wheel.version}"
    stated = licences.of_wheel(licences.metadata(wheel.path))
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": reference,
        "name": wheel.name,
        "version": wheel.version,
        "purl": reference,
        "hashes": [{"alg": "SHA-256", "content": wheel.sha256}],
    }
    if stated.expression:
        component["licenses"] = [{"expression": stated.expression}]
    elif stated.name:
        component["licenses"] = [{"license": {"name": stated.name}}]
    if wheel.origin:
        component["properties"] = [{"name": "ostrov:built-from-sha256", "value": wheel.origin}]
    return component


def _of_deb(deb: Deb) -> dict[str, Any]:
    """Describe a Debian package."""
    architecture = deb.field("Architecture")
    reference = f"pkg:deb/debian/{quote(deb.name, safe='+')}@{quote(deb.version, safe='')}?arch={architecture}"
    return {
        "type": "library",
        "bom-ref": reference,
        "name": deb.name,
        "version": deb.version,
        "purl": reference,
        "description": deb.field("Description").splitlines()[0],
        "hashes": [{"alg": "SHA-256", "content": deb.sha256}],
    }


def _dependencies(wheels: Sequence[Wheel]) -> list[dict[str, Any]]:
    """Tell which Python package needs which, as far as the bundle has it."""
    references = {canonicalize_name(wheel.name): f"pkg:pypi/{wheel.name}@{wheel.version}" for wheel in wheels}
    found = []
    for wheel in wheels:
        needed = {canonicalize_name(name) for name in _needed(wheel)}
        names = sorted(references[name] for name in needed if name in references)
        found.append({"ref": references[canonicalize_name(wheel.name)], "dependsOn": names})
    return found


def _needed(wheel: Wheel) -> Iterable[str]:
    """Go through the names of what a wheel needs on the server."""
    for line in licences.metadata(wheel.path).get_all("Requires-Dist", []):
        try:
            requirement = Requirement(line)
        except InvalidRequirement:  # an old spelling, which pip does not read either
            continue
        if requirement.marker is None or requirement.marker.evaluate(MARKERS):
            yield requirement.name


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Return what an update from one bill to another adds, removes and changes, sorted by kind and name."""
    before, after = _versions(old), _versions(new)
    changes = []
    for kind, name in sorted(before.keys() | after.keys()):
        was, becomes = before.get((kind, name)), after.get((kind, name))
        if was != becomes:
            change: Literal["added", "removed", "changed"]
            change = "added" if was is None else "removed" if becomes is None else "changed"
            changes.append(Change(change, name, kind, was, becomes))
    return changes


def _versions(bill: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return the versions of a bill's components by kind (pypi, deb, model) and name."""
    components = [bill["metadata"]["component"], *bill.get("components", [])]
    return {(_kind(part), part["name"]): str(part.get("version", "")) for part in components}


def _kind(component: Mapping[str, Any]) -> str:
    """Return what kind of thing a component is, from its package URL."""
    reference = str(component.get("purl") or component.get("bom-ref", ""))
    kind = reference.removeprefix("pkg:").partition("/")[0] if reference.startswith("pkg:") else ""
    return kind or ("model" if component["type"] == "machine-learning-model" else str(component["type"]))
