"""Who may know whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from sources import ROOT, files, name, tree

WEB = {"flask", "flask_security", "flask_login", "flask_openapi3", "flask_wtf", "werkzeug"}
# What each may not import itself; folders stand for all files in them.
FORBIDDEN = {
    "views": {"sqlalchemy", "psycopg", "httpx"},
    "api": {"sqlalchemy", "psycopg", "httpx"},
    "service": WEB,
    "queries": WEB,
    "models": WEB,
    "messages": WEB,
    "jobs": WEB,
}
ALLOWED = {
    # Accounts and roles are what Flask-Security looks at: its mixins give them the few methods that it calls.
    ("webapp/crm/users/models.py", "flask_security"),
}
# `kit.feature` names the type of a feature's blueprints; nothing else below the pages knows that there are pages.
WEB_IN_KIT = {"webapp/kit/feature.py"}
ENDINGS = {"commit", "rollback"}


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def layer(path: Path) -> str | None:
    """Which layer of a feature a file belongs to."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[:2] not in (("webapp", "crm"), ("webapp", "assistants"), ("webapp", "ai")):
        return None
    return next((part for part in parts[2:] if part in FORBIDDEN), None)


def test_the_import_contracts_hold():
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-4000:]


def test_every_layer_of_a_feature_keeps_to_its_own():
    wrong = []
    for path in files(".py", under=("webapp",)):
        kept = FORBIDDEN.get(layer(path) or "", set())
        wrong += [f"{name(path)} imports {p}" for p in imported(path) & kept if (name(path), p) not in ALLOWED]
    assert not wrong


@pytest.mark.parametrize("folder", ["webapp/kit", "webapp/ai"])
def test_what_lies_below_the_pages_does_not_know_flask(folder):
    wrong = [
        f"{name(path)} imports {package}"
        for path in files(".py", under=(folder,))
        if name(path) not in WEB_IN_KIT
        for package in imported(path) & WEB
    ]
    assert not wrong


def test_services_do_not_end_the_transaction_of_their_caller():
    wrong = []
    for path in files(".py", under=("webapp/crm", "webapp/ai", "webapp/assistants")):
        if not {"service", "queries", "models", "forms"} & {path.stem, *path.relative_to(ROOT).parts}:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ENDINGS:
                wrong.append(f"{name(path)}:{node.lineno}")
    assert not wrong


def test_every_feature_folder_is_part_of_the_product():
    from webapp.features import FEATURES

    folders = {
        path.parent.name
        for path in files(".py", under=("webapp/crm", "webapp/assistants"))
        if path.name == "feature.py"
    }
    assert folders == {feature.name for feature in FEATURES}


def test_every_entity_folder_is_a_feature():
    folders = {p.name for p in (ROOT / "webapp" / "crm").iterdir() if (p / "__init__.py").exists()}
    missing = {folder for folder in folders if not (ROOT / "webapp" / "crm" / folder / "feature.py").exists()}
    assert not missing
