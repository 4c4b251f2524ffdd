"""Cases: inputs with what is right, one JSON object a line. They are checked before anything is measured."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from inference.modules.base import Module

CASES = "cases.jsonl"
KEYS = frozenset({"id", "input", "gold", "recording", "reference", "speakers", "note"})


class BadCases(Exception):
    """A file of cases cannot be used; the message names file, line and remedy."""


def read_cases(module: Module, path: Path | None = None) -> tuple[Mapping[str, Any], ...]:
    """The cases of a file, or the module's own. Raises BadCases."""
    if path is None:
        return module.cases
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}."
        raise BadCases(message) from error
    return tuple(checked_cases(text, module.input, str(path)))


def checked_cases(text: str, given: type[BaseModel], where: str) -> Iterator[Mapping[str, Any]]:
    """Every case of a text, in its order. Raises BadCases at the first that does not fit, and when there is none."""
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
        except ValueError as error:
            message = f"{where} line {number} is not JSON: {error}."
            raise BadCases(message) from error
        if wrong := _wrong(case, given, seen):
            message = f"{where} line {number}: {wrong}"
            raise BadCases(message)
        seen.add(case["id"])
        yield case
    if not seen:
        message = f"{where} holds no case. Write one JSON object a line, with id, input and gold."
        raise BadCases(message)


def _wrong(case: Any, given: type[BaseModel], seen: set[str]) -> str:
    """What is wrong with a case, in one sentence; nothing when it can be used."""
    if not isinstance(case, dict):
        return "a case is a JSON object with id, input and gold."
    name = case.get("id")
    wrong = ""
    if not isinstance(name, str) or not name:
        wrong = "id is missing or is not a text."
    elif name in seen:
        wrong = f"the id {name!r} is used twice."
    elif strange := sorted(set(case) - KEYS):
        wrong = f"nobody knows the key {strange[0]!r} of case {name!r}. Known: {', '.join(sorted(KEYS))}."
    elif not isinstance(case.get("gold"), dict):
        wrong = f"gold of case {name!r} is missing: an object of what is right, {{}} when nothing is to be found."
    elif "recording" in case and not isinstance(case.get("reference"), str):
        wrong = f"case {name!r} has a recording; give what is said in it as reference."
    return wrong or _misfit(case, given)


def _misfit(case: Mapping[str, Any], given: type[BaseModel]) -> str:
    """Where the input of a case does not fit the module's."""
    try:
        given.model_validate(case.get("input"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        at = ".".join(str(part) for part in ("input", *first["loc"]))
        return f"{at} of case {case['id']!r}: {first['msg']}."
    return ""
