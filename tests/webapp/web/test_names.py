"""What modules say by a short name is told in words."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import webapp
from webapp.web.names import CONTRIBUTIONS, contribution_name, feature_name, field_name

MODULE = Path(webapp.__file__).parent.parent / "inference" / "modules" / "call_card"


def holds_signs(node: ast.AST) -> bool:
    """Whether a piece of code says what speaks for a value: an argument or a variable `signs`, or what makes them."""
    if isinstance(node, ast.FunctionDef):
        return node.returns is not None and ast.unparse(node.returns) == "dict[str, float]"
    if isinstance(node, ast.keyword):
        return node.arg == "signs"
    if isinstance(node, ast.Assign):
        return "signs" in [ast.unparse(target) for target in node.targets]
    return isinstance(node, ast.AugAssign) and ast.unparse(node.target) == "signs"


def signs() -> set[str]:
    """The names that the module gives to what speaks for a value."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in MODULE.glob("*.py")]
    holders = [node for tree in trees for node in ast.walk(tree) if holds_signs(node)]
    maps = [inner for holder in holders for inner in ast.walk(holder) if isinstance(inner, ast.Dict)]
    return {key.value for found in maps for key in found.keys if isinstance(key, ast.Constant)}


def test_every_sign_of_the_reading_of_calls_has_words():
    assert {"valid_number", "promise", "not_said_by_client"} <= signs()
    assert signs() <= set(CONTRIBUTIONS), (
        "say it in webapp/web/names.py, and in Russian in webapp/ai/translations/ru.po"
    )


@pytest.mark.parametrize("tell", [contribution_name, feature_name, field_name])
def test_a_name_that_is_not_ours_is_called_as_it_is(tell):
    assert tell("of_another_package") == "of another package"
