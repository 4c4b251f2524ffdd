"""What modules say by a short name is told in words."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import webapp
from webapp.web.names import CONTRIBUTIONS, contribution_name, feature_name, field_name

MODULE = Path(webapp.__file__).parent.parent / "inference" / "modules" / "call_card"


def signs() -> set[str]:
    """The names that the module gives to what speaks for a value: keys of dictionaries that are its signs."""
    found: set[str] = set()
    for path in MODULE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            parts: list[ast.AST] = []
            if isinstance(node, ast.keyword) and node.arg == "signs":
                parts = [node.value]
            elif isinstance(node, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == "signs" for t in node.targets
            ):
                parts = [node.value]
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == "signs":
                parts = [node.value]
            elif isinstance(node, ast.FunctionDef) and node.returns and ast.unparse(node.returns) == "dict[str, float]":
                parts = list(node.body)
            for part in parts:
                for inner in ast.walk(part):
                    if isinstance(inner, ast.Dict):
                        found |= {
                            k.value for k in inner.keys if isinstance(k, ast.Constant) and isinstance(k.value, str)
                        }
    return found


def test_every_sign_of_the_reading_of_calls_has_words():
    assert {"valid_number", "promise", "not_said_by_client"} <= signs()
    assert signs() <= set(CONTRIBUTIONS), (
        "say it in webapp/web/names.py, and in Russian in webapp/ai/translations/ru.po"
    )


@pytest.mark.parametrize("tell", [contribution_name, feature_name, field_name])
def test_a_name_that_is_not_ours_is_called_as_it_is(tell):
    assert tell("of_another_package") == "of another package"
