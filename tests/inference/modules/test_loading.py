"""Modules are found, and a broken one stops nobody."""

import json
import logging
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from inference.modules import Found, find_modules, load_modules
from inference.modules.finding import GROUP
from tests.inference.modules.foreign import CASE, MANIFEST, Write, look_approved, writing

OURS = {"answer", "call_card"}
Look = Callable[[EntryPoint], Found]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    with writing(tmp_path / "foreign_greeting") as written:
        yield written


@pytest.fixture
def approved(tmp_path: Path) -> Look:
    return lambda point: look_approved(tmp_path / "approvals.json", point)


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


def test_a_second_module_of_one_name_is_left_out_with_a_reason(write: Write, approved: Look) -> None:
    found = approved(write(manifest__toml=MANIFEST.replace("greeting", "answer")))
    assert (found.state, found.module) == ("broken", None)
    assert "taken by inference.modules.answer" in found.reason


def test_a_whole_and_approved_module_is_loaded(write: Write, approved: Look) -> None:
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
    write: Write, approved: Look, changed: dict[str, str | None], said: str
) -> None:
    found = approved(write(**changed))
    assert found.state == "broken"
    assert said in found.reason
