"""Rules about how the code is written, read from the code."""

from __future__ import annotations

import ast
import re

import pytest
from sources import ROOMS, ROOT, files, name, tree

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
HOSTS = re.compile(r"pypi\.org|registry\.npmjs\.org|deb\.debian\.org|huggingface\.co")
# An event and, where the standard library writes the log, ids and counts by name: "engine.ready port=%d".
EVENT = re.compile(r"[a-z_]+(\.[a-z_]+)+( [a-z_]+=%[\w.]+)*")
LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical"}
EVERYWHERE = (*ROOMS, "tests")
PYTHON = files(".py")
TEXT = files(".py", ".js", ".css", ".html", ".mjs", ".yml", ".yaml", ".toml", ".jinja", under=EVERYWHERE)
# This file names what it looks for.
READ = [path for path in TEXT if path.name != "test_sources.py"]


def functions(path):
    """Every function of a file with its length in lines, its docstring not counted."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            docstring = (first.end_lineno - first.lineno + 1) if documented else 0
            yield node, node.end_lineno - node.lineno + 1 - docstring


def test_no_file_is_longer_than_400_lines():
    long = {}
    for path in files(".py", ".js", ".mjs", ".css", ".html", ".yml", ".yaml", under=EVERYWHERE):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_FILE:
            long[name(path)] = lines
    assert not long


def test_no_function_is_longer_than_60_lines():
    long = {
        f"{name(path)}:{node.name}": lines
        for path in PYTHON
        if "versions" not in path.parts
        for node, lines in functions(path)
        if lines > LONGEST_FUNCTION
    }
    assert not long


def test_nothing_is_unfinished():
    found = [
        f"{name(path)}:{number}"
        for path in READ
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not found


def test_no_error_is_swallowed():
    found = []
    for path in PYTHON:
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            broad = node.type is None or (
                isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
            )
            silent = all(
                isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
                for s in node.body
            )
            if broad and silent:
                found.append(f"{name(path)}:{node.lineno}")
    assert not found


def test_imports_stand_at_the_top_of_files():
    found = []
    for path in PYTHON:
        for node, _lines in functions(path):
            found += [
                f"{name(path)}:{inner.lineno}"
                for inner in ast.walk(node)
                if isinstance(inner, ast.Import | ast.ImportFrom)
            ]
    assert not found


def test_every_module_says_what_it_is_for():
    silent = [name(path) for path in PYTHON if path.stat().st_size and not ast.get_docstring(tree(path))]
    assert not silent


def test_log_calls_name_an_event_and_carry_no_sentence():
    found = []
    for path in PYTHON:
        for node in ast.walk(tree(path)):
            if not (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOG_METHODS
            ):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id in ("log", "logger")):
                continue
            event = node.args[0] if node.args else None
            named = isinstance(event, ast.Constant) and isinstance(event.value, str) and EVENT.fullmatch(event.value)
            if not named or len(node.args) - 1 != event.value.count("%"):
                found.append(f"{name(path)}:{node.lineno}")
    assert not found


def test_the_repository_speaks_of_the_product_alone():
    found = []
    for path in [*READ, *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "Makefile"]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if HOSTS.search(line):
                found.append(f"{name(path)}:{number}")
    assert not found


def test_tests_replace_nothing_behind_the_back():
    patched = [
        name(path)
        for path in files(".py", under=("tests",))
        if re.search(r"unittest\.mock|from mock\b", path.read_text()) and path.name != "test_sources.py"
    ]
    assert not patched


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_tells_that_it_is_typed(room):
    assert (ROOT / room / "py.typed").exists()
