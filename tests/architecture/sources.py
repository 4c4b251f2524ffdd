"""The files of the product, parsed once, for the tests that read them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("appliance", "webapp", "inference")
NOT_OURS = {"node_modules", "build", "__pycache__", "static"}


def files(*endings: str, under: tuple[str, ...] = ROOMS) -> list[Path]:
    """Our files with these endings."""
    found = [
        path
        for room in under
        for path in (ROOT / room).rglob("*")
        if path.suffix in endings and not NOT_OURS & set(path.relative_to(ROOT).parts)
    ]
    return sorted(found)


def name(path: Path) -> str:
    """A file as it is called in a report."""
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    """A parsed Python file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
