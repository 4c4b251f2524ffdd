"""Checks a module on its author's machine: everything that can be known before it is approved and run."""

from __future__ import annotations

import asyncio
import re
import sys
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from inference.modules.base import ModelError, Module
from inference.modules.evaluation import CaseFailed, claims_of
from inference.modules.loading import MANIFEST, BrokenModule, load_module
from inference.modules.prompt_files import BrokenPrompt, render_text
from inference.modules.runners import checked_output

Output = TypeVar("Output", bound=BaseModel)

CARD = "card.md"
SECTIONS = ("Meant for", "How", "Measured", "Weak at")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `wrong` says what is not right, empty when all is well."""

    what: str
    wrong: str = ""


def find_folder(path: Path) -> Path:
    """The module's folder: the path itself, or the one folder in it that has a manifest. Raises BrokenModule."""
    places = [path] if (path / MANIFEST).is_file() else sorted(file.parent for file in path.glob(f"*/{MANIFEST}"))
    if len(places) != 1:
        message = f"{path} holds {len(places)} folders with a {MANIFEST}. Name the folder of one module."
        raise BrokenModule(message)
    return places[0].absolute()


def check_module(folder: Path) -> Iterator[Finding]:
    """Look at everything, in an order in which each step can rest on the one before."""
    with _importable(folder):
        try:
            module = load_module(folder.name)
        except BrokenModule as error:
            yield Finding("loads", str(error))
            return
        except Exception as error:  # noqa: BLE001 - the author's code can fail in any way, and is told how
            yield Finding("loads", f"{type(error).__name__}: {error}")
            return
        yield Finding(f"loads: {module.manifest.name} {module.manifest.version}, {len(module.cases)} cases")
        checks: tuple[tuple[str, Callable[[Path, Module], str]], ...] = (
            ("the fields that are scored are those of the cases", _fields),
            ("the schemas are strict", _schemas),
            ("the cases run without a model, and what is asked renders", _cases),
            ("the card has its sections and speaks of this version", _card),
            ("the package has the version of the manifest", _version),
        )
        for what, look in checks:
            yield Finding(what, look(folder, module))


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let a module's package be imported from where it lies, anew."""
    names = [name for name in sys.modules if name.partition(".")[0] == folder.name]
    before = {name: sys.modules.pop(name) for name in names}
    sys.path.insert(0, str(folder.parent))
    try:
        yield
    finally:
        sys.path.remove(str(folder.parent))
        sys.modules.update(before)


def _fields(_folder: Path, module: Module) -> str:
    measures = module.manifest.evaluation
    if measures.style != "fields":
        return ""
    named = {name for case in module.cases for name in case["gold"]}
    if not measures.fields:
        return f"{MANIFEST} has no [evaluation.fields]: nobody knows how to compare {', '.join(sorted(named)) or 'it'}."
    if strange := sorted(named - set(measures.fields)):
        return f"cases speak of {strange[0]!r}, and [evaluation.fields] of {MANIFEST} does not."
    return ""


def _schemas(folder: Path, module: Module) -> str:
    """Every object that a model fills in allows no other keys; no field of the output can be just anything."""
    for model in (module.input, module.output):
        schema = model.model_json_schema()
        if schema.get("type") != "object":
            return f"{model.__name__} is no object."
    loose = _loose(module.output.model_json_schema())
    if loose:
        return f"Output.{loose} can be anything. Give it a type."
    for asked in _asked(folder, module):
        if open_object := _open(asked.model_json_schema()):
            return f'the model fills in {open_object}: add model_config = ConfigDict(extra="forbid").'
    return ""


def _open(schema: Mapping[str, Any]) -> str:
    """The first object of a schema that allows keys which nobody knows."""
    objects = [schema, *schema.get("$defs", {}).values()]
    shaped = [one for one in objects if "properties" in one]
    return next((str(one.get("title")) for one in shaped if one.get("additionalProperties") is not False), "")


def _loose(schema: Mapping[str, Any]) -> str:
    """The first property without any type."""
    kinds = {"type", "$ref", "anyOf", "allOf", "oneOf", "enum", "const"}
    objects = [schema, *schema.get("$defs", {}).values()]
    properties = [pair for one in objects for pair in one.get("properties", {}).items()]
    return next((name for name, part in properties if not kinds & set(part)), "")


@dataclass
class Rehearsal:
    """A model that is away: it renders what it is asked, notes for which answer, and gives none."""

    package: str
    folder: Path
    asked: list[type[BaseModel]] = field(default_factory=list)

    async def complete(
        self, prompt: str, variables: Mapping[str, Any], *, output: type[Output], max_tokens: int
    ) -> Output:
        """Render and refuse."""
        self.asked.append(output)
        self._render(prompt, variables)
        raise ModelError(f"no model in a rehearsal ({max_tokens})")

    async def stream(self, prompt: str, variables: Mapping[str, Any], *, max_tokens: int) -> AsyncIterator[str]:
        """Render and refuse at the first piece."""
        self._render(prompt, variables)
        if max_tokens:
            raise ModelError("no model in a rehearsal")
        yield ""

    def _render(self, prompt: str, variables: Mapping[str, Any]) -> None:
        try:
            text = (self.folder / prompt).read_text("utf-8")
        except OSError as error:
            message = f"there is no file {prompt}"
            raise BrokenPrompt(message) from error
        render_text(self.package, text, variables)


def _rehearse(folder: Path, module: Module) -> Rehearsal:
    """Run every case without a model. Raises what the module raises, but for a model that is away."""
    rehearsal = Rehearsal(folder.name, folder)
    for case in module.cases:
        given = module.input.model_validate(case["input"])
        with suppress(ModelError):
            output = checked_output(module, asyncio.run(_awaited(module.run(given, rehearsal))))
            list(claims_of(output, module.manifest.evaluation.fields))
    return rehearsal


async def _awaited(running: Awaitable[BaseModel]) -> BaseModel:
    return await running


def _asked(folder: Path, module: Module) -> list[type[BaseModel]]:
    """The classes that the module asks its model for."""
    try:
        return _rehearse(folder, module).asked
    except Exception:  # noqa: BLE001 - what fails is told by the check of the cases
        return []


def _cases(folder: Path, module: Module) -> str:
    try:
        _rehearse(folder, module)
    except BrokenPrompt as error:
        return f"the prompt does not render: {error}."
    except CaseFailed as error:
        return f"{error}."
    except Exception as error:  # noqa: BLE001 - the author's code can fail in any way, and is told how
        return f"{type(error).__name__}: {error}"
    return ""


def _card(folder: Path, module: Module) -> str:
    try:
        text = (folder / CARD).read_text("utf-8")
    except FileNotFoundError:
        return f"{CARD} is missing: say what the module is meant for, how it works, how well, and where it is weak."
    head = f"# {module.manifest.name} {module.manifest.version}"
    if not text.startswith(head + "\n"):
        return f"{CARD} must begin with the line {head!r}."
    missing = [name for name in SECTIONS if not re.search(rf"(?m)^(?:\*\*|#+ ){name}", text)]
    return f"{CARD} has no part {missing[0]!r}. Its parts: {', '.join(SECTIONS)}." if missing else ""


def _version(folder: Path, module: Module) -> str:
    project = folder.parent / "pyproject.toml"
    if not project.is_file():
        return ""
    table = tomllib.loads(project.read_text("utf-8")).get("project", {})
    points = table.get("entry-points", {}).get("ostrov.modules", {})
    if folder.name not in points.values():
        return f'pyproject.toml names no entry point "ostrov.modules" that leads to {folder.name}.'
    said, wanted = table.get("version"), module.manifest.version
    return "" if said == wanted else f"pyproject.toml says {said}, {MANIFEST} {wanted}."
