"""Modules are found, and a broken one stops nobody."""

import json
import logging
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from inference.modules import Found, find_modules, load_modules
from inference.modules.finding import GROUP

OURS = {"answer", "call_card"}
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


@pytest.fixture
def write(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Write]:
    """Write a whole package of one module, with some of its files changed or (None) left out."""
    number = abs(hash(request.node.nodeid)) % 10**9
    folder = tmp_path / f"foreign_{number}"
    sys.path.insert(0, str(tmp_path))

    def make(**changed: str | None) -> EntryPoint:
        parts = {"__init__.py": "", "manifest.toml": MANIFEST, "schema.py": SCHEMA, "module.py": CODE}
        parts |= {"prompt.md.jinja": "Greet.", "cases.jsonl": json.dumps(CASE)}
        folder.mkdir(exist_ok=True)
        for name, text in {**parts, **{key.replace("__", "."): value for key, value in changed.items()}}.items():
            if text is not None:
                (folder / name).write_text(text, "utf-8")
        return EntryPoint("greeting", folder.name, GROUP)

    yield make
    sys.path.remove(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]
    for finder in [one for one in sys.meta_path if getattr(one, "top", "") == folder.name]:
        sys.meta_path.remove(finder)
    shutil.rmtree(folder, ignore_errors=True)


def look(approvals: Path, point: EntryPoint) -> Found:
    """What becomes of one foreign module."""
    (found,) = (entry for entry in find_modules(approvals, [point]) if entry.source != "ostrov")
    return found


@pytest.fixture
def approved(tmp_path: Path) -> Callable[[EntryPoint], Found]:
    """Look at a module whose package an administrator has approved as it is now."""
    from inference.modules.approvals import approve

    def look_approved(point: EntryPoint) -> Found:
        path = tmp_path / "approvals.json"
        seen = look(path, point)
        approve(path, point.module, seen.version, seen.checksum)
        return look(path, point)

    return look_approved


def test_our_own_modules_are_loaded_without_any_approval(tmp_path: Path) -> None:
    found = find_modules(tmp_path / "none.json", [])
    assert {entry.name: entry.state for entry in found} == dict.fromkeys(OURS, "loaded")


def test_a_broken_module_is_left_out_with_a_reason_and_the_others_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        modules = load_modules(find_modules(tmp_path / "none.json", [EntryPoint("x", "no_such_module_here", GROUP)]))
    assert set(modules) == OURS
    assert "package=no_such_module_here state=broken" in caplog.text


def test_a_second_module_of_one_name_is_left_out_with_a_reason(write: Write, approved: Callable) -> None:
    found = approved(write(manifest__toml=MANIFEST.replace("greeting", "answer")))
    assert (found.state, found.module) == ("broken", None)
    assert "taken by inference.modules.answer" in found.reason


def test_a_whole_and_approved_module_is_loaded(write: Write, approved: Callable) -> None:
    found = approved(write())
    assert (found.state, found.reason) == ("loaded", "")
    assert found.module is not None
    assert found.module.cases[0]["id"] == "one"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"cases__jsonl": None}, "a module without cases is not loaded"),
        ({"cases__jsonl": "\n"}, "holds no case"),
        ({"cases__jsonl": "{"}, "line 1 is not JSON"),
        ({"cases__jsonl": '{"id": "a", "input": {"text": 5}, "gold": {}}'}, "input.text of case 'a'"),
        ({"cases__jsonl": '{"id": "a", "input": {"text": "b"}}'}, "gold of case 'a' is missing"),
        ({"cases__jsonl": f"{json.dumps(CASE)}\n{json.dumps(CASE)}"}, "line 2: the id 'one' is used twice"),
        ({"manifest__toml": None}, "manifest.toml is missing"),
        ({"manifest__toml": "name ="}, "manifest.toml cannot be read"),
        ({"manifest__toml": MANIFEST.replace('title = "A greeting"', "")}, "title is missing"),
        ({"manifest__toml": MANIFEST + 'colour = "red"'}, "nobody knows the key 'colour'"),
        ({"manifest__toml": MANIFEST.replace("1.0.0", "newest")}, "must be three numbers"),
        ({"manifest__toml": MANIFEST + '[evaluation.fields.a]\nkind = "odd"'}, "evaluation.fields.a takes kind"),
        ({"prompt__md__jinja": None}, "prompt"),
        ({"schema__py": "Input = Output = 5"}, "no pydantic model named Input"),
        ({"module__py": "run = 5"}, "async def run"),
        ({"module__py": "raise RuntimeError('boom')"}, "RuntimeError: boom"),
    ],
)
def test_what_is_wrong_with_a_module_is_said(
    write: Write, approved: Callable, changed: dict[str, str | None], said: str
) -> None:
    found = approved(write(**changed))
    assert found.state == "broken"
    assert said in found.reason
