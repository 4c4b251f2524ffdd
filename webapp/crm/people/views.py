"""Pages of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, g, request, url_for

from webapp.crm.organisations.queries import by_name as organisations_by_name
from webapp.crm.organisations.queries import get as get_organisation
from webapp.crm.organisations.queries import names_of as organisation_names
from webapp.crm.organisations.views import holder_words, holders
from webapp.crm.people import forms, queries, service
from webapp.crm.people.messages import CreatePerson, UpdatePerson
from webapp.crm.people.models import Person
from webapp.crm.users.queries import names
from webapp.kit import changes
from webapp.kit.access import allows, require_any
from webapp.kit.cleaning import email, phone, try_clean
from webapp.kit.forms import read, visible
from webapp.kit.fragments import matches
from webapp.kit.i18n import gettext as _
from webapp.web.page import page, redirect_to
from webapp.web.records import Editing, attempt, form_page, install_fields, install_history, offers, version_of

blueprint = Blueprint("people", __name__, template_folder="templates")
PAGE_SIZE = 50


def _update(record_id: int, values: Mapping[str, Any], version: int | None) -> Person:
    return service.update(g.session, g.actor, UpdatePerson(record_id, values, version))


editing = Editing(
    entity="person",
    plural="people",
    argument="person_id",
    fields=forms.FIELDS,
    get=lambda record_id: queries.get(g.session, g.actor, record_id),
    update=_update,
    choices=holders,
    lookups={"organisation_id": lambda name: organisations_by_name(g.session, g.actor, name)},
)


def words(changed: Sequence[Any]) -> dict[Any, str]:
    """What people call the references in a history."""
    ids = {
        v for change in changed if change.field == "organisation_id" for v in (change.old, change.new) if v is not None
    }
    found = organisation_names(g.session, g.actor, ids)
    return holder_words(changed) | {("organisation_id", key): name for key, name in found.items()}


@blueprint.get("/people")
def index() -> Response:
    """The list of people."""
    q, mine = request.args.get("q", ""), "mine" in request.args
    sort = "name" if request.args.get("sort") == "name" else "updated"
    require_any(g.actor, "person", "view")
    statement = queries.matching(g.actor, q, mine=mine, known=matches(g.session, g.actor, "person", q))
    after = request.args.get("after")
    found = queries.listed(g.session, g.actor, statement, sort=sort, after=after, limit=PAGE_SIZE)
    owners = names(g.session, [one.owner_id for one in found.rows])
    block = "rows" if after else "results"
    context: dict[str, Any] = {
        "q": q,
        "mine": mine,
        "sort": sort,
        "owners": owners,
        "more": after is not None,
    }
    return page("people/index.html", block=block, found=found, **context)


def _texts(record: Person | None = None) -> dict[str, Any]:
    trail = (_("People"), url_for("people.index"))
    if record is None:
        action = url_for("people.create")
        alike = url_for("people.alike")
        back = url_for("people.index")
        return {
            "title": _("New person"),
            "trail": trail,
            "action": action,
            "back": back,
            "save": _("Add"),
            "alike": alike,
        }
    title = _("Edit %(name)s", name=record.full_name)
    return {"title": title, "trail": trail, "action": editing.url("save", record), "back": editing.url("show", record),
            "save": _("Save")}  # fmt: skip


@blueprint.get("/people/new")
def new() -> Response:
    """The form of a new person."""
    require_any(g.actor, "person", "create")
    values = {"owner_id": g.actor.id, "full_name": request.args.get("name", "")}
    organisation_id = request.args.get("organisation_id", type=int)
    if organisation_id is not None:
        values["organisation"] = get_organisation(g.session, g.actor, organisation_id).name
    return form_page(editing, texts=_texts(), values=values)


@blueprint.post("/people")
def create() -> Response:
    """Add a person."""
    values, errors = read(editing.fields, request.form, editing.lookups)
    values.setdefault("full_name", "")
    tried = attempt(lambda: service.create(g.session, g.actor, CreatePerson(**values)), errors)
    if tried.errors:
        return form_page(editing, texts=_texts(), tried=tried)
    flash(_("%(name)s is added", name=tried.record.full_name), "success")
    return redirect_to(editing.url("show", tried.record))


@blueprint.get("/people/offers")
def offer() -> Response:
    """Names while one is typed."""
    return offers(queries.options(g.session, g.actor, request.args.get("person", "")))


@blueprint.get("/people/alike")
def alike() -> Response:
    """Persons that are there already, while a new one is typed."""
    require_any(g.actor, "person", "create")
    given = {"name": request.args.get("full_name", "")}
    for name, cleaner in (("phone", phone), ("email", email)):
        if g.actor.sees("person", name):
            given[name] = try_clean(cleaner, request.args.get(name))
    rows = queries.alike(g.session, g.actor, **given)
    owners = names(g.session, [row.owner_id for row in rows])
    found = [(editing.url("show", row) if row.seen else None, row.name, owners.get(row.owner_id)) for row in rows]
    return page("records/alike.html", found=found)


@blueprint.get("/people/<int:person_id>")
def show(person_id: int) -> Response:
    """The card of a person; opening it is kept in the audit."""
    person = queries.get(g.session, g.actor, person_id)
    changes.record(g.session, "person.viewed", "person", person.id)
    shown = [one for one in visible(editing.fields, g.actor, "person") if one.name in forms.FACTS]
    return page(
        "people/show.html",
        person=person,
        editing=editing,
        facts=shown,
        may={action: allows(g.actor, person, action) for action in ("edit", "delete")},
    )


@blueprint.get("/people/<int:person_id>/edit")
def edit(person_id: int) -> Response:
    """The form of a stored person."""
    person = queries.get(g.session, g.actor, person_id)
    return form_page(editing, texts=_texts(person), record=person)


@blueprint.post("/people/<int:person_id>")
def save(person_id: int) -> Response:
    """Save the form of a stored person."""
    values, errors = read(editing.fields, request.form, editing.lookups)
    tried = attempt(lambda: _update(person_id, values, version_of(request.form)), errors)
    if tried.errors:
        record = editing.get(person_id)
        return form_page(editing, texts=_texts(record), record=record, tried=tried)
    flash(_("Saved"), "success")
    return redirect_to(editing.url("show", tried.record))


@blueprint.post("/people/<int:person_id>/delete")
def delete(person_id: int) -> Response:
    """Delete a person."""
    service.delete(g.session, g.actor, person_id)
    flash(_("The person is deleted"), "success")
    return redirect_to(url_for("people.index"))


@blueprint.get("/organisations/<int:organisation_id>/people")
def of_organisation(organisation_id: int) -> Response:
    """The people of an organisation, as a part of its card."""
    organisation = get_organisation(g.session, g.actor, organisation_id)
    statement = queries.matching(g.actor, organisation_id=organisation.id)
    found = queries.listed(g.session, g.actor, statement, sort="name", after=request.args.get("after"), limit=10)
    return page("people/of_organisation.html", found=found, organisation=organisation, more="after" in request.args)


install_fields(blueprint, editing)
install_history(blueprint, editing, words)
