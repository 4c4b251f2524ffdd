"""Whether a changed JSON Schema can still be used by programs that were built against the one before.

What is answered may grow and promise more, never less. What is taken may ask for less, never for more. A comparison of
the schemas that pydantic writes: objects, arrays, unions, references, enumerations and bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from appliance.contract.schemas import Mode

Schema = Mapping[str, Any]
# keyword -> whether a larger value allows more
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
DEEPEST = 40


def breaks(old: Schema, new: Schema, mode: Mode) -> list[str]:
    """Every way in which `new` would break a program that was built against `old`, as sentences; empty when none."""
    return list(dict.fromkeys(_Comparison(old, new, answered=mode == "serialization").walk(old, new, "", 0)))


class _Comparison:
    """Two schemas side by side; `answered` says that the documents go from us to the other program."""

    def __init__(self, old: Schema, new: Schema, *, answered: bool) -> None:
        self.old = old
        self.new = new
        self.answered = answered

    def walk(self, old: Schema, new: Schema, at: str, depth: int) -> Iterator[str]:
        """The breaks between two parts of the schemas that stand in the same place."""
        old, new = _resolved(old, self.old), _resolved(new, self.new)
        if depth > DEEPEST:
            return  # a schema that contains itself has shown its differences by now
        before, after = _choices(old, self.old), _choices(new, self.new)
        if len(before) > 1 or len(after) > 1:
            yield from self._unions(before, after, at, depth)
            return
        if (was := old.get("type")) != (now := new.get("type")) and not self._may_replace(was, now):
            yield f"{at or 'the document'}: the type {was or 'any'} became {now or 'any'}"
            return
        yield from self._values(old, new, at)
        yield from self._objects(old, new, at, depth)
        if "items" in old and isinstance(new.get("items"), Mapping):
            yield from self.walk(old["items"], new["items"], f"{at}[]", depth + 1)

    def _may_replace(self, was: str | None, now: str | None) -> bool:
        """Whether one type can stand where another stood: an answer may get narrower, an input wider."""
        narrow, wide = (now, was) if self.answered else (was, now)
        return wide is None or (wide == "number" and narrow == "integer")

    def _unions(self, before: list[Schema], after: list[Schema], at: str, depth: int) -> Iterator[str]:
        """Each choice of what is sent must be one that the receiver knows."""
        sent, known = (after, before) if self.answered else (before, after)
        for choice in sent:
            pairs = [(other, choice) if self.answered else (choice, other) for other in known]
            found = [list(self.walk(one, another, at, depth + 1)) for one, another in pairs]
            if found and all(found):
                closest = min(found, key=len)
                kind = choice.get("title") or choice.get("type") or "a choice"
                same = len(before) == len(after) or choice.get("type") == "object"
                added = "may now be" if self.answered else "may no longer be"
                yield from closest if same else [f"{at or 'the document'}: {added} {kind}"]

    def _values(self, old: Schema, new: Schema, at: str) -> Iterator[str]:
        place = at or "the document"
        was, now = _allowed(old), _allowed(new)
        if was is not None or now is not None:
            sent, known = (now, was) if self.answered else (was, now)
            if known is not None and (sent is None or not sent <= known):
                extra = "other values" if sent is None else ", ".join(sorted(sent - known))
                yield f"{place}: {'may now be' if self.answered else 'may no longer be'} {extra}"
        sent_schema, known_schema = (new, old) if self.answered else (old, new)
        for keyword in UPPER:
            if keyword in known_schema and sent_schema.get(keyword, float("inf")) > known_schema[keyword]:
                yield f"{place}: {keyword} changed from {old.get(keyword)} to {new.get(keyword)}"
        for keyword in LOWER:
            if keyword in known_schema and sent_schema.get(keyword, float("-inf")) < known_schema[keyword]:
                yield f"{place}: {keyword} changed from {old.get(keyword)} to {new.get(keyword)}"
        for keyword in ("format", "pattern"):
            if known_schema.get(keyword) not in (None, sent_schema.get(keyword)):
                yield f"{place}: {keyword} changed from {old.get(keyword)} to {new.get(keyword)}"

    def _objects(self, old: Schema, new: Schema, at: str, depth: int) -> Iterator[str]:
        was, now = old.get("properties", {}), new.get("properties", {})
        required_before, required_now = set(old.get("required", ())), set(new.get("required", ()))
        for name, part in was.items():
            place = f"{at}.{name}".lstrip(".")
            if name not in now:
                yield f"{place}: the field was removed"
            else:
                yield from self.walk(part, now[name], place, depth + 1)
                if self.answered and name in required_before - required_now:
                    yield f"{place}: the field is no longer always there"
        if not self.answered:
            for name in sorted(required_now - required_before):
                yield f"{f'{at}.{name}'.lstrip('.')}: the field is now required"
        for values in ("additionalProperties",):
            if isinstance(old.get(values), Mapping) and isinstance(new.get(values), Mapping):
                yield from self.walk(old[values], new[values], f"{at}.*".lstrip("."), depth + 1)


def _resolved(schema: Schema, root: Schema) -> Schema:
    """A schema with its reference followed."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def _choices(schema: Schema, root: Schema) -> list[Schema]:
    """What a document may be here; one choice when the schema is no union."""
    several = schema.get("anyOf") or schema.get("oneOf")
    if not several:
        return [schema]
    return [inner for one in several for inner in _choices(_resolved(one, root), root)]


def _allowed(schema: Schema) -> set[str] | None:
    """The values that are allowed, as text; None when any is."""
    if "const" in schema:
        return {str(schema["const"])}
    return {str(value) for value in schema["enum"]} if "enum" in schema else None
