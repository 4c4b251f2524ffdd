"""Fields of forms: how one looks, which value it holds, and what a posted form says; cleaning is the service's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from webapp.kit.access import Actor, Level
from webapp.kit.cleaning import show_plain
from webapp.kit.i18n import N_, current_timezone

INPUT_TYPES = {
    "phone": "tel", "email": "email", "url": "url", "date": "date", "moment": "datetime-local",
}  # fmt: skip
Lookup = Callable[[str], Sequence[int]]


@dataclass(frozen=True)
class Field:
    """One field of an entity's form.

    `kind`: text, phone, email, url, note, money, number, date, moment, flag, names (a list), choice (of a few), or
    reference (another record, typed by name). A reference names the relationship and its text attribute, the endpoint
    that offers names while typing, and the endpoint that shows the record.
    """

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    hint: str = ""
    autocomplete: str = "off"
    relation: str = ""
    title: str = "name"
    offers: str = ""
    shows: str = ""
    half: bool = True

    @property
    def input_type(self) -> str:
        """The type of the HTML input."""
        return INPUT_TYPES.get(self.kind, "text")

    @property
    def key(self) -> str:
        """The name of the input: a reference is typed by name, so it is not its id."""
        return self.relation or self.name


def visible(fields: Sequence[Field], actor: Actor, entity: str) -> list[Field]:
    """The fields that the actor may see."""
    return [field for field in fields if actor.sees(entity, field.name)]


def writable(field: Field, actor: Actor, entity: str) -> bool:
    """Whether the actor may write the field."""
    return actor.level(entity, field.name) is Level.WRITE


def text_of(field: Field, record: Any) -> Any:
    """The stored value as the input shows it."""
    if field.kind == "reference":
        other = getattr(record, field.relation)
        return getattr(other, field.title) if other is not None else ""
    value = getattr(record, field.name)
    if isinstance(value, Decimal):
        return show_plain(value)
    if isinstance(value, datetime):
        local = value.astimezone(current_timezone())
        return local.date().isoformat() if field.kind == "date" else local.strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else value


def read(
    fields: Sequence[Field], form: Mapping[str, str], lookups: Mapping[str, Lookup]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of the fields that a posted form holds, and what is wrong with the names in it.

    A form without a field leaves that field alone; an unticked box is told by its hidden companion `has_NAME`.
    """
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for field in fields:
        if field.kind == "flag":
            if f"has_{field.name}" in form or field.name in form:
                values[field.name] = bool(form.get(field.name))
        elif field.kind == "reference":
            if field.key in form:
                found = _referred(field, form, lookups)
                if isinstance(found, str):
                    errors[field.name] = found
                else:
                    values[field.name] = found
        elif field.name in form:
            values[field.name] = form[field.name]
    return values, errors


def _referred(field: Field, form: Mapping[str, str], lookups: Mapping[str, Lookup]) -> int | str | None:
    """The id that a typed name stands for, None for an empty one, or a sentence when it stands for none or several."""
    typed = form[field.key].strip()
    if not typed:
        # What the person may not see is not emptied by a form that could not show it.
        unseen = form.get(f"{field.name}_unseen", "")
        return int(unseen) if unseen.isdecimal() else None
    kept = form.get(f"{field.name}_kept", "")
    if kept.isdecimal() and typed == form.get(f"{field.key}_kept", "").strip():
        return int(kept)
    name, mark, number = typed.rpartition("#")
    if mark and number.strip().isdecimal() and name.strip():
        return int(number)
    found = lookups[field.name](typed)
    if len(found) == 1:
        return found[0]
    return (
        N_("Several have this name: choose one from the list")
        if found
        else N_("Nothing has this name: choose from the list")
    )
