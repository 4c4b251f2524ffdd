"""JSON that a caller asks for by a schema: checked by the gateway, whatever the engine promises."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import SchemaError, best_match
from referencing import Registry
from referencing.exceptions import Unresolvable

from inference.gateway.problems import RequestInvalid

FIELD: Final = "response_format"
NOWHERE: Final[Registry[Any]] = Registry()
"""References inside a schema are followed, those to other places are not: nothing is fetched."""
REASON_MAX_CHARACTERS = 300
REPAIR = "This answer cannot be used: {reason}\nAnswer again with JSON that fits the schema and nothing else."
INSTRUCTION = "Answer with one JSON value that fits this JSON Schema, and with nothing else:\n{schema}"


@dataclass(frozen=True)
class Structure:
    """The schema that an answer must fit; an empty one asks for any JSON object."""

    schema: dict[str, Any]
    field: str = FIELD

    def flaw(self, text: str | None) -> str | None:
        """Say what is wrong with an answer, None when it fits."""
        try:
            found = json.loads(text or "")
        except (ValueError, RecursionError):
            return "it is not JSON, or it was cut off"
        try:
            errors = Draft202012Validator(self.schema, registry=NOWHERE).iter_errors(found)
            worst: ValidationError | None = best_match(errors)
        except Unresolvable as error:
            message = f"The schema refers to something outside itself: {str(error)[:REASON_MAX_CHARACTERS]}"
            raise RequestInvalid(message, self.field) from error
        except RecursionError as error:
            message = "The schema refers to itself without end."
            raise RequestInvalid(message, self.field) from error
        if worst is None:
            return None
        place = ".".join(map(str, worst.absolute_path)) or "answer"
        return f"{place}: {worst.message}"[:REASON_MAX_CHARACTERS]


def structure_of(body: dict[str, Any]) -> Structure | None:
    """Return the structure that a chat asks for, None for free text. Raises RequestInvalid for a wrong schema."""
    wanted = body.get(FIELD)
    if wanted is None:
        return None
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "text":
        return None
    if kind == "json_object":
        given = wanted.get("schema")
        return checked(given if isinstance(given, dict) else {"type": "object"})
    given = wanted.get("json_schema") if kind == "json_schema" else None
    schema = given.get("schema") if isinstance(given, dict) else None
    if not isinstance(schema, dict):
        message = "The field 'response_format' must be {'type': 'json_schema', 'json_schema': {'name', 'schema'}}."
        raise RequestInvalid(message, FIELD)
    return checked(schema)


def checked(schema: dict[str, Any], field: str = FIELD) -> Structure:
    """Return the structure of a schema that stands in a field. Raises RequestInvalid when it is no JSON Schema."""
    try:
        Draft202012Validator.check_schema(schema)
    except (SchemaError, RecursionError) as error:
        message = f"The schema in '{field}' is no JSON Schema: {_reason(error)}"
        raise RequestInvalid(message, field) from error
    return Structure(schema, field)


def _reason(error: Exception) -> str:
    """Say in short what is wrong with a schema."""
    return str(getattr(error, "message", "it is nested too deeply"))[:REASON_MAX_CHARACTERS]


def said_in_words(body: dict[str, Any]) -> dict[str, Any]:
    """Return a chat for an engine that knows no response_format: the schema stands in the system message instead."""
    structure = structure_of(body)
    if structure is None:
        return body
    words = INSTRUCTION.format(schema=json.dumps(structure.schema, ensure_ascii=False))
    rest = {name: value for name, value in body.items() if name != FIELD}
    return {**rest, "messages": in_system_message(body["messages"], words)}


def in_system_message(messages: list[dict[str, Any]], words: str) -> list[dict[str, Any]]:
    """Return the messages of a chat with words added to its system message."""
    first, *others = messages
    if first.get("role") == "system" and isinstance(first.get("content"), str):
        return [{**first, "content": f"{first['content']}\n\n{words}"}, *others]
    return [{"role": "system", "content": words}, first, *others]


def repaired(body: dict[str, Any], answer: str | None, flaw: str) -> dict[str, Any]:
    """Return the chat that shows the model its answer and what is wrong with it."""
    more = [
        {"role": "assistant", "content": answer or ""},
        {"role": "user", "content": REPAIR.format(reason=flaw)},
    ]
    return {**body, "messages": [*body["messages"], *more]}
