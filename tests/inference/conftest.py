"""Packaged models, where this machine has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.modelstore.commands import open_assembly
from appliance.modelstore.packages import find, load


def packaged(role: str, choice: str) -> Path:
    """The path of a packaged model; the test is skipped where it is not assembled."""
    assembly, model = open_assembly(), find(load(), role, choice)
    for folder in (assembly.folder(model), assembly.cache / model.name):
        path = folder / model.manifest.entry
        if path.exists():
            return path
    pytest.skip(f"the model {model.name} is not assembled here: `ostrov models fetch {model.name}`")


@pytest.fixture(scope="session")
def whisper() -> Path:
    return packaged("speech", "default")


@pytest.fixture(scope="session")
def small_chat() -> Path:
    return packaged("chat", "small")
