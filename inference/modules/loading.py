"""Reads a module's folder: manifest, prompt, schema, code, cases. Whatever is missing or contradicts is said."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from pydantic import BaseModel

from inference.modules.base import Manifest, Measured, Measures, Module, Prompt
from inference.modules.cases import CASES, BadCases, checked_cases
from inference.modules.prompt_files import BrokenPrompt, read_prompts

MANIFEST = "manifest.toml"
NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")
VERSION = re.compile(r"\d+\.\d+\.\d+")
ROLES = frozenset({"chat", "fast"})
DATA_CLASSES = frozenset({"public", "commercial", "personal"})
KINDS = frozenset({"name", "text", "class", "number", "date", "exact"})
STYLES = frozenset({"fields", "answer"})


class BrokenModule(Exception):
    """A module's folder lacks a part or contradicts itself; the message says which and what to do."""


def read_manifest(folder: Traversable) -> Manifest:
    """Read and check `manifest.toml`; every key that has no default must be there, and no other."""
    file = folder / MANIFEST
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        message = f"{MANIFEST} is missing. Write one with name, version, title, role, prompt and prompt_version."
        raise BrokenModule(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{MANIFEST} cannot be read: {error}."
        raise BrokenModule(message) from error
    known = {entry.name: entry for entry in dataclasses.fields(Manifest)}
    if strange := sorted(set(table) - set(known)):
        message = f"{MANIFEST}: nobody knows the key {strange[0]!r}. Known: {', '.join(known)}."
        raise BrokenModule(message)
    required = [name for name, entry in known.items() if _has_no_default(entry)]
    for name in required:
        if not isinstance(table.get(name), str) or not table[name].strip():
            message = f'{MANIFEST}: {name} is missing or is not a text. Add {name} = "...".'
            raise BrokenModule(message)
    table["data_classes"] = tuple(table.get("data_classes", ()))
    table["evaluation"] = _measures(table.get("evaluation", {}))
    manifest = Manifest(**table)
    _check_values(manifest)
    return manifest


def _has_no_default(entry: dataclasses.Field[Any]) -> bool:
    return entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING


def _check_values(manifest: Manifest) -> None:
    """Say what in a manifest has not the form that it must have."""
    wrong = ""
    if not NAME.fullmatch(manifest.name):
        wrong = f"name {manifest.name!r} must be lower-case letters, digits and underscores, from 2 to 40"
    elif not VERSION.fullmatch(manifest.version):
        wrong = f"version {manifest.version!r} must be three numbers, like 1.0.0"
    elif manifest.role not in ROLES:
        wrong = f"role {manifest.role!r} is none of {', '.join(sorted(ROLES))}"
    elif not set(manifest.data_classes) <= DATA_CLASSES:
        wrong = f"data_classes may hold {', '.join(sorted(DATA_CLASSES))} only"
    if wrong:
        message = f"{MANIFEST}: {wrong}."
        raise BrokenModule(message)


def _measures(table: Any) -> Measures:
    """Read the table `[evaluation]`."""
    if not isinstance(table, dict):
        message = f"{MANIFEST}: evaluation must be a table."
        raise BrokenModule(message)
    style, fields = table.get("style", "fields"), table.get("fields", {})
    if style not in STYLES or not isinstance(fields, dict) or set(table) - {"style", "fields"}:
        message = f"{MANIFEST}: [evaluation] takes style ({', '.join(sorted(STYLES))}) and fields."
        raise BrokenModule(message)
    return Measures(style, {name: _measured(name, entry) for name, entry in fields.items()})


def _measured(name: str, entry: Any) -> Measured:
    if not isinstance(entry, dict) or entry.get("kind") not in KINDS or set(entry) - {"kind", "about", "values"}:
        message = f"{MANIFEST}: evaluation.fields.{name} takes kind ({', '.join(sorted(KINDS))}), about and values."
        raise BrokenModule(message)
    values = tuple(str(value) for value in entry.get("values", ()))
    if entry["kind"] == "class" and not values:
        message = f"{MANIFEST}: evaluation.fields.{name} is a class: list its values."
        raise BrokenModule(message)
    return Measured(entry["kind"], str(entry.get("about", "")), values)


def load_module(package: str) -> Module:
    """Load the module that lives in the package of this dotted name. Raises BrokenModule with the reason.

    A package without cases is not a module: nobody could say how well it works.
    """
    folder = files(package)
    manifest = read_manifest(folder)
    prompt = folder / manifest.prompt
    if "/" in manifest.prompt or not prompt.is_file():
        message = f"The prompt {manifest.prompt!r} is not a file of the module's folder."
        raise BrokenModule(message)
    schema = importlib.import_module(f"{package}.schema")
    code = importlib.import_module(f"{package}.module")
    given, made = (_model(schema, name) for name in ("Input", "Output"))
    if not inspect.iscoroutinefunction(getattr(code, "run", None)):
        message = "module.py has no `async def run(request, models)`."
        raise BrokenModule(message)
    prompts = _prompts(package, manifest)
    return Module(
        manifest=manifest,
        input=given,
        output=made,
        prompt_text=prompts[0].text,
        prompt_hash=prompts[0].hash,
        run=code.run,
        stream=getattr(code, "stream", None),
        cases=_own_cases(folder, given),
        prompts=prompts,
    )


def _prompts(package: str, manifest: Manifest) -> tuple[Prompt, ...]:
    """Every version of the module's prompt, tested."""
    try:
        return read_prompts(package, manifest.prompt, manifest.prompt_version)
    except BrokenPrompt as error:
        raise BrokenModule(str(error)) from error


def _own_cases(folder: Traversable, given: type[BaseModel]) -> tuple[Mapping[str, Any], ...]:
    """The cases in a module's folder, checked against its input."""
    try:
        text = (folder / CASES).read_text("utf-8")
    except FileNotFoundError as error:
        message = f"{CASES} is missing: a module without cases is not loaded. Write one case a line: id, input, gold."
        raise BrokenModule(message) from error
    try:
        return tuple(checked_cases(text, given, CASES))
    except BadCases as error:
        raise BrokenModule(str(error)) from error


def _model(schema: Any, name: str) -> type[BaseModel]:
    """A pydantic model of schema.py."""
    model = getattr(schema, name, None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        message = f"schema.py has no pydantic model named {name}."
        raise BrokenModule(message)
    return model
