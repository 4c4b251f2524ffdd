"""Packages of modules as others bring them: written into a folder, importable, and forgotten afterwards."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from pathlib import Path

from inference.modules import Found, find_modules
from inference.modules.approvals import approve
from inference.modules.finding import GROUP, OURS

MANIFEST = """
name = "greeting"
version = "1.0.0"
title = "A greeting"
role = "chat"
prompt = "prompt.md.jinja"
prompt_version = "1"
"""
SCHEMA = "from pydantic import BaseModel\n\nclass Input(BaseModel):\n    text: str\n\nOutput = Input\n"
CODE = "async def run(request, models):\n    return request\n"
CASE = {"id": "one", "input": {"text": "hello"}, "gold": {}}
Write = Callable[..., EntryPoint]


@contextmanager
def writing(folder: Path) -> Iterator[Write]:
    """Write a whole package of one module, with some of its files changed or (None) left out."""
    sys.path.insert(0, str(folder.parent))

    def write(**changed: str | None) -> EntryPoint:
        parts = {"__init__.py": "", "manifest.toml": MANIFEST, "schema.py": SCHEMA, "module.py": CODE}
        parts |= {"prompt.md.jinja": "Greet.", "cases.jsonl": json.dumps(CASE)}
        folder.mkdir(exist_ok=True)
        for name, text in {**parts, **{key.replace("__", "."): value for key, value in changed.items()}}.items():
            if text is not None:
                (folder / name).write_text(text, "utf-8")
        return EntryPoint("greeting", folder.name, GROUP)

    try:
        yield write
    finally:
        sys.path.remove(str(folder.parent))
        for finder in [one for one in sys.meta_path if getattr(one, "top", "") == folder.name]:
            sys.meta_path.remove(finder)
        forget(folder.name)
        shutil.rmtree(folder, ignore_errors=True)


def forget(package: str) -> None:
    """Let a package be imported anew."""
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


def look(approvals: Path, point: EntryPoint) -> Found:
    """What becomes of one foreign module."""
    (found,) = (entry for entry in find_modules(approvals, [point]) if entry.source != OURS)
    return found


def look_approved(approvals: Path, point: EntryPoint) -> Found:
    """What becomes of it when an administrator has approved its package as it is now."""
    seen = look(approvals, point)
    approve(approvals, point.module, seen.version, seen.checksum)
    return look(approvals, point)
