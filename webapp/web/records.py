"""Pages that every kind of record has alike: its form, editing one field in place, its history, names while typing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, g, request, url_for

from webapp.kit import forms, history
from webapp.kit.access import Actor, allows
from webapp.kit.errors import Forbidden, Invalid, NotFound
from webapp.kit.forms import Field
from webapp.kit.i18n import gettext
from webapp.kit.records import Stale
from webapp.web.page import page

Choices = Callable[[Field], Sequence[tuple[Any, str]]]


def no_choices(_field: Field) -> Sequence[tuple[Any, str]]:
    """For entities without fields that are chosen from a few."""
    return ()


@dataclass(frozen=True)
class Editing:
    """What the shared pages need to know of an entity.

    `plural` is the first part of its addresses and the name of its blueprint, `argument` the name of the id in them.
    `update(record_id, values, version)` is the service's verb for the person who asks.
    """

    entity: str
    plural: str
    argument: str
    fields: tuple[Field, ...]
    get: Callable[[int], Any]
    update: Callable[[int, Mapping[str, Any], int | None], Any]
    choices: Choices = no_choices
    lookups: Mapping[str, forms.Lookup] = field(default_factory=dict)

    def url(self, endpoint: str, record: Any, **more: Any) -> str:
        """The address of an endpoint of this entity for a record."""
        return url_for(f"{self.plural}.{endpoint}", **{self.argument: record.id}, **more)

    def field(self, name: str, actor: Actor) -> Field:
        """The field of this name; raises NotFound when there is none that the actor may see."""
        for one in self.fields:
            if one.name == name and actor.sees(self.entity, name):
                return one
        raise NotFound


@dataclass
class Tried:
    """What came of a verb that may refuse its input: the record, or the errors to show beside the fields."""

    record: Any = None
    errors: dict[str, str] = field(default_factory=dict)
    stored: Any = None  # the record as somebody else has saved it meanwhile

    @property
    def status(self) -> int:
        """The HTTP status of the form that is shown again."""
        return 409 if self.stored is not None else 422


def attempt(verb: Callable[[], Any], errors: Mapping[str, str] | None = None) -> Tried:
    """Carry out a verb unless the form has errors already; what it refuses is answered, not raised."""
    if errors:
        return Tried(errors={name: gettext(text) for name, text in errors.items()})
    try:
        return Tried(record=verb())
    except Stale as error:
        return Tried(errors={"version": gettext(error.title)}, stored=error.record)
    except Invalid as error:
        return Tried(errors={name: gettext(text) for name, text in error.errors.items()})


def version_of(form: Mapping[str, str]) -> int | None:
    """The version of the record that the person saw when the form was opened."""
    text = form.get("version", "")
    return int(text) if text.isdecimal() else None


def form_page(editing: Editing, *, texts: Mapping[str, Any], record: Any = None, tried: Tried | None = None,
              values: Mapping[str, Any] | None = None, **more: Any) -> Response:  # fmt: skip
    """The page with the form of a new or stored record; after a refusal with what was typed and what is stored."""
    stored = tried.stored if tried and tried.stored is not None else record
    shown = forms.visible(editing.fields, g.actor, editing.entity)
    filled = {one.key: forms.text_of(one, record) if record is not None else "" for one in shown}
    filled |= values or {}
    now_stored: dict[str, Any] = {}
    if tried is not None:
        filled |= {one.key: request.form[one.key] for one in shown if one.key in request.form}
        if tried.stored is not None:
            fresh = editing.get(stored.id)
            texts_now = {one.key: forms.text_of(one, fresh) for one in shown if one.kind != "flag"}
            now_stored = {key: text for key, text in texts_now.items() if str(text) != str(filled[key])}
            stored = fresh
    return page(
        "records/form.html",
        editing=editing,
        fields=shown,
        record=stored,
        values=filled,
        errors=tried.errors if tried else {},
        now_stored=now_stored,
        texts=texts,
        status=tried.status if tried else 200,
        **more,
    )


def install_fields(blueprint: Blueprint, editing: Editing) -> None:
    """Add the addresses at which one field is shown, edited in place and saved."""

    def answer(record: Any, one: Field, *, form: bool = False, error: str = "", status: int = 200) -> Response:
        editable = allows(g.actor, record, "edit") and forms.writable(one, g.actor, editing.entity)
        if form and not editable:
            raise Forbidden(field=one.name)
        value = request.form.get(one.key) if error else forms.text_of(one, record)
        context = {"editing": editing, "one": one, "record": record, "value": value, "error": error}
        template = "records/inline_form.html" if form else "records/inline_value.html"
        return page(template, status=status, editable=editable, **context)

    def show_field(record_id: int, name: str) -> Response:
        one = editing.field(name, g.actor)
        return answer(editing.get(record_id), one, form="edit" in request.args)

    def save_field(record_id: int, name: str) -> Response:
        one = editing.field(name, g.actor)
        values, errors = forms.read([one], request.form, editing.lookups)
        tried = attempt(lambda: editing.update(record_id, values, version_of(request.form)), errors)
        record = editing.get(record_id)
        if tried.errors:
            first = next(iter(tried.errors.values()))
            return answer(record, one, form=True, error=first, status=tried.status if tried.stored is None else 422)
        response = answer(record, one)
        response.headers["HX-Trigger"] = "record-changed"
        return response

    address = f"/{editing.plural}/<int:record_id>/fields/<name>"
    blueprint.add_url_rule(address, "show_field", show_field)
    blueprint.add_url_rule(address, "save_field", save_field, methods=["POST"])


def install_history(
    blueprint: Blueprint, editing: Editing, words: Callable[[Sequence[Any]], Mapping[Any, str]]
) -> None:
    """Add the address of the history drawer.

    `words(changes)` maps (field, value) of references and choices to what people call them, and ("by", id) to names.
    """

    def show_history(record_id: int) -> Response:
        record = editing.get(record_id)
        found = history.of(g.session, g.actor, editing.entity, record.id, after=request.args.get("after"))
        labels = {one.name: one for one in editing.fields}
        return page(
            "records/history.html",
            editing=editing,
            record=record,
            changes=found,
            labels=labels,
            words=words(found.rows),
        )

    blueprint.add_url_rule(f"/{editing.plural}/<int:record_id>/history", "history", show_history)


def offers(rows: Sequence[Any]) -> Response:
    """The names offered while one is typed, as the options of a datalist; same names are told apart by their ids."""
    names = [row.name for row in rows]
    options = [(row.name if names.count(row.name) == 1 else f"{row.name} #{row.id}", row.about or "") for row in rows]
    return page("records/offers.html", options=options)
