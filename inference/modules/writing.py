"""Writes the files of a new module: a whole package that works, to be changed into what is wanted."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

SKELETON = "inference.modules.skeleton"
SUFFIX = ".jinja"
OUTSIDE = frozenset({"pyproject.toml"})


def write_module(name: str, folder: Path) -> list[Path]:
    """Write the package of a module into a folder that does not exist yet; answers its files."""
    words = {"@NAME@": name, "@DASHED@": name.replace("_", "-"), "@TITLE@": name.replace("_", " ").capitalize()}
    written: list[Path] = []
    for source in sorted(files(SKELETON).iterdir(), key=lambda entry: entry.name):
        if not source.name.endswith(SUFFIX):
            continue
        target = source.name.removesuffix(SUFFIX)
        path = folder / target if target in OUTSIDE else folder / f"ostrov_{name}" / target
        path.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text("utf-8")
        for mark, word in words.items():
            text = text.replace(mark, word)
        path.write_text(text, "utf-8")
        written.append(path)
    return written
