"""Pages of organisations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, g, request, url_for

from webapp.crm.organisations import forms, queries, service
from webapp.crm.organisations.messages import CreateOrganisation, UpdateOrganisation
from webapp.crm.organisations.models import Organisation
from webapp.crm.users.queries import names
from webapp.kit import changes
from webapp.kit.access import allows, require_any
from webapp.kit.cleaning import email, phone, try_clean
from webapp.kit.forms import Field, read, visible
from webapp.kit.fragments import matches
from webapp.kit.i18n import gettext as _
from webapp.web.page import page, redirect_to
from webapp.web.records import Editing, attempt, form_page, install_fields, install_history, offers, version_of

blueprint = Blueprint("organisations", __name__, template_folder="templates")
PAGE_SIZE = 50


def holders(field: Field) -> Sequence[tuple[Any, str]]:
    """The colleagues or teams that can be chosen."""
    return queries.owners_to_choose(g.session) if field.name == "owner_id" else queries.teams_to_choose(g.session)


def _update(record_id: int, values: Mapping[str, Any], version: int | None) -> Organisation:
    return service.update(g.session, g.actor, UpdateOrganisation(record_id, values, version))


editing = Editing(
    entity="organisation",
    plural="organisations",
    argument="organisation_id",
    fields=forms.FIELDS,
    get=lambda record_id: queries.get(g.session, g.actor, record_id),
    update=_update,
    choices=holders,
)


def holder_words(changed: Sequence[Any]) -> dict[Any, str]:
    """What people call the colleagues and teams in a history."""
    people = {change.actor_id for change in changed}
    people |= {v for change in changed if change.field == "owner_id" for v in (change.old, change.new) if v is not None}
    found = names(g.session, people)
    words: dict[Any, str] = {("by", key): name for key, name in found.items()}
    words |= {("owner_id", key): name for key, name in found.items()}
    if any(change.field == "team_id" for change in changed):
        words |= {("team_id", key): name for key, name in queries.teams_to_choose(g.session)}
    return words


@blueprint.get("/organisations")
def index() -> Response:
    """The list of organisations."""
    q, mine = request.args.get("q", ""), "mine" in request.args
    sort = "name" if request.args.get("sort") == "name" else "updated"
    require_any(g.actor, "organisation", "view")
    statement = queries.matching(g.actor, q, mine=mine, known=matches(g.session, g.actor, "organisation", q))
    after = request.args.get("after")
    found = queries.listed(g.session, statement, sort=sort, after=after, limit=PAGE_SIZE)
    owners = names(g.session, [one.owner_id for one in found.rows])
    block = "rows" if after else "results"
    context: dict[str, Any] = {
        "q": q,
        "mine": mine,
        "sort": sort,
        "owners": owners,
        "more": after is not None,
    }
    return page("organisations/index.html", block=block, found=found, **context)


def _texts(record: Organisation | None = None) -> dict[str, Any]:
    trail = (_("Organisations"), url_for("organisations.index"))
    if record is None:
        action = url_for("organisations.create")
        alike = url_for("organisations.alike")
        back = url_for("organisations.index")
        return {
            "title": _("New organisation"),
            "trail": trail,
            "action": action,
            "back": back,
            "save": _("Add"),
            "alike": alike,
        }
    title = _("Edit %(name)s", name=record.name)
    return {"title": title, "trail": trail, "action": editing.url("save", record), "back": editing.url("show", record),
            "save": _("Save")}  # fmt: skip


@blueprint.get("/organisations/new")
def new() -> Response:
    """The form of a new organisation."""
    require_any(g.actor, "organisation", "create")
    values = {"owner_id": g.actor.id, "name": request.args.get("name", "")}
    return form_page(editing, texts=_texts(), values=values)


@blueprint.post("/organisations")
def create() -> Response:
    """Add an organisation."""
    values, errors = read(editing.fields, request.form, {})
    values.setdefault("name", "")
    tried = attempt(lambda: service.create(g.session, g.actor, CreateOrganisation(**values)), errors)
    if tried.errors:
        return form_page(editing, texts=_texts(), tried=tried)
    flash(_("%(name)s is added", name=tried.record.name), "success")
    return redirect_to(editing.url("show", tried.record))


@blueprint.get("/organisations/offers")
def offer() -> Response:
    """Names while one is typed."""
    return offers(queries.options(g.session, g.actor, request.args.get("organisation", "")))


@blueprint.get("/organisations/alike")
def alike() -> Response:
    """Organisations that are there already, while a new one is typed."""
    require_any(g.actor, "organisation", "create")
    given = {"name": request.args.get("name", "")}
    for name, cleaner in (("phone", phone), ("email", email)):
        if g.actor.sees("organisation", name):
            given[name] = try_clean(cleaner, request.args.get(name))
    rows = queries.alike(g.session, g.actor, **given)
    owners = names(g.session, [row.owner_id for row in rows])
    found = [(editing.url("show", row) if row.seen else None, row.name, owners.get(row.owner_id)) for row in rows]
    return page("records/alike.html", found=found)


@blueprint.get("/organisations/<int:organisation_id>")
def show(organisation_id: int) -> Response:
    """The card of an organisation; opening it is kept in the audit."""
    organisation = queries.get(g.session, g.actor, organisation_id)
    changes.record(g.session, "organisation.viewed", "organisation", organisation.id)
    shown = [one for one in visible(editing.fields, g.actor, "organisation") if one.name in forms.FACTS]
    return page(
        "organisations/show.html",
        organisation=organisation,
        editing=editing,
        facts=shown,
        may={action: allows(g.actor, organisation, action) for action in ("edit", "delete")},
    )


@blueprint.get("/organisations/<int:organisation_id>/edit")
def edit(organisation_id: int) -> Response:
    """The form of a stored organisation."""
    organisation = queries.get(g.session, g.actor, organisation_id)
    return form_page(editing, texts=_texts(organisation), record=organisation)


@blueprint.post("/organisations/<int:organisation_id>")
def save(organisation_id: int) -> Response:
    """Save the form of a stored organisation."""
    values, errors = read(editing.fields, request.form, {})
    tried = attempt(lambda: _update(organisation_id, values, version_of(request.form)), errors)
    if tried.errors:
        record = editing.get(organisation_id)
        return form_page(editing, texts=_texts(record), record=record, tried=tried)
    flash(_("Saved"), "success")
    return redirect_to(editing.url("show", tried.record))


@blueprint.post("/organisations/<int:organisation_id>/delete")
def delete(organisation_id: int) -> Response:
    """Delete an organisation."""
    service.delete(g.session, g.actor, organisation_id)
    flash(_("The organisation is deleted"), "success")
    return redirect_to(url_for("organisations.index"))


install_fields(blueprint, editing)
install_history(blueprint, editing, holder_words)
