"""The same model asked bare: one plain prompt that names the fields, one JSON Schema, no code around it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from pydantic import BaseModel

from inference.modules.base import Measured, Module
from inference.modules.prompt_files import render_text

PROMPT = "bare.md.jinja"
MOST_VALUES, LONGEST_VALUE, LONGEST_ANSWER = 6, 120, 400
PLAIN = """
You read an input and fill in fields, as JSON. Each field is a list of values. Leave a list empty when the input does
not say it. Never guess.
{% for name, field in fields.items() %}{{ name }}: {{ field.about }}
{% endfor %}
=== user ===
{{ input }}
"""
ANSWER_SCHEMA = {
    "type": "object",
    "properties": {
        "answered": {"type": "boolean"},
        "answer": {"type": "string", "maxLength": LONGEST_ANSWER},
        "source": {"type": "string", "maxLength": LONGEST_VALUE},
        "quote": {"type": "string", "maxLength": LONGEST_ANSWER},
    },
    "required": ["answered", "answer", "source", "quote"],
    "additionalProperties": False,
}


def bare_schema(module: Module) -> dict[str, Any]:
    """The JSON Schema of the answer: every field a list, its values of the kind of the field."""
    measures = module.manifest.evaluation
    if measures.style == "answer":
        return ANSWER_SCHEMA
    return {
        "type": "object",
        "properties": {name: _values(measured) for name, measured in measures.fields.items()},
        "required": list(measures.fields),
        "additionalProperties": False,
    }


def _values(measured: Measured) -> dict[str, Any]:
    item: dict[str, Any] = {"type": "string", "maxLength": LONGEST_VALUE}
    if measured.kind == "class":
        item = {"enum": list(measured.values)}
    elif measured.kind == "number":
        item = {"type": "number"}
    return {"type": "array", "items": item, "maxItems": 1 if measured.kind == "class" else MOST_VALUES}


def bare_messages(module: Module, given: BaseModel) -> list[dict[str, str]]:
    """The plain prompt: the module's `bare.md.jinja` where it has one, else its fields and the input as JSON."""
    package = module.run.__module__.rpartition(".")[0]
    file = files(package) / PROMPT
    text = file.read_text("utf-8") if file.is_file() else PLAIN
    value = given.model_dump(mode="json")
    told = json.dumps(value, ensure_ascii=False)
    shown = {"fields": module.manifest.evaluation.fields, "given": value, "input": told}
    system, user = render_text(package, text, shown)
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def bare_output(module: Module, answer: str, given: BaseModel) -> dict[str, Any]:
    """What a bare answer claims, in the form that is scored. Raises ValueError when it is no JSON object."""
    found = json.loads(answer)
    if not isinstance(found, dict):
        raise ValueError(answer)  # noqa: TRY004 - the text is wrong, not a type
    if module.manifest.evaluation.style != "answer":
        return found
    known = {str(number): passage for number, passage in enumerate(given.model_dump()["passages"], 1)}
    passage = known.get(str(found["source"]).strip("[] "))
    citation = [{"ref": passage["ref"], "quote": found["quote"]}] if passage and found["quote"] else []
    return {"answered": found["answered"], "answer": found["answer"], "citations": citation}
