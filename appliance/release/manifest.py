"""What a manifest says of a bundle beyond its files: versions, dates, the range of migrations."""

from __future__ import annotations

import ast
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from appliance.release.problems import BuildError
from appliance.release.verifying import FORMAT, PRODUCT, version_key

WEIGHTS: Final = "ostrov-models"
MIGRATIONS: Final = {"webapp": "webapp/migrations/versions", "gateway": "inference/migrations/versions"}


@dataclass(frozen=True)
class Release:
    """Which release a bundle brings; `min_from` and `readable_by` are the oldest releases that get along with it."""

    name: str
    version: str
    min_from: str
    readable_by: str

    def __post_init__(self) -> None:
        """Refuse what is no version."""
        for version in (self.version, self.min_from, self.readable_by):
            try:
                version_key(version)
            except ValueError as error:
                raise BuildError(f"{error}.", "Give it with --version, or mend pyproject.toml.") from error


def of_checkout(root: Path, version: str | None = None, **policy: str) -> Release:
    """Return the release that a checkout is, as its pyproject.toml and the words given tell."""
    try:
        tables = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except OSError as error:
        raise BuildError(f"{root} is no checkout of Ostrov.", "A bundle is built in a checkout.") from error
    policy = tables["tool"]["ostrov"]["release"] | policy
    return Release(PRODUCT, version or tables["project"]["version"], policy["min_from"], policy["readable_by"])


def schema_range(folder: Path) -> dict[str, str]:
    """Return the first and the last migration of a folder of migrations; they are read, never run."""
    follows: dict[str, str | None] = {}
    for path in sorted(folder.glob("[!_]*.py")):
        names = _assigned(path)
        follows[str(names["revision"])] = names["down_revision"]
    bases = [revision for revision, before in follows.items() if before is None]
    heads = follows.keys() - set(follows.values())
    if len(bases) != 1 or len(heads) != 1:
        raise BuildError(f"The migrations in {folder} do not form one line.", "Mend their down_revision.")
    return {"base": bases[0], "head": heads.pop()}


def _assigned(path: Path) -> dict[str, Any]:
    """Return the constants that a module assigns at its top."""
    found: dict[str, Any] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
            found[target.id] = value.value
    return found


def schema(root: Path, release: Release) -> dict[str, Any]:
    """Return what a manifest says of the database's schema."""
    ranges = {room: schema_range(root / folder) for room, folder in MIGRATIONS.items()}
    return {**ranges, "readable_by": release.readable_by}


def compose(
    release: Release, dates: tuple[datetime, datetime], key_id: str, files: Mapping[str, Any], **more: Any
) -> bytes:
    """Return the text of a manifest: the same content gives the same bytes."""
    built_at, expires_at = (moment.astimezone(UTC).isoformat(timespec="seconds") for moment in dates)
    tables = {
        "format": FORMAT,
        "name": release.name,
        "version": release.version,
        "built_at": built_at,
        "expires_at": expires_at,
        "min_from": release.min_from,
        "key_id": key_id,
        **more,
        "files": dict(sorted(files.items())),
    }
    return (json.dumps(tables, indent=1, ensure_ascii=False) + "\n").encode()
