"""Administration of roles and rights."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request, url_for

from webapp.crm.users import forms, queries
from webapp.crm.users.service import rights as service
from webapp.crm.users.views.blueprint import blueprint, done, shown
from webapp.crm.users.views.words import role_name
from webapp.kit.access import ACTIONS, require_any
from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_
from webapp.web.page import page, redirect_to

UNPROCESSABLE = 422


@blueprint.get("/admin/roles")
def roles() -> Response:
    """All roles."""
    require_any(g.actor, "role", "view")
    return _roles()


def _roles(status: int = 200, **context: Any) -> Response:
    empty: dict[str, Any] = {"errors": {}, "name": "", "description": ""}
    rows = queries.roles(g.session)
    choices = [(row.id, role_name(row.name)) for row in rows]
    return page("users/roles.html", status=status, rows=rows, choices=choices, **{**empty, **context})


@blueprint.post("/admin/roles")
def create_role() -> Response:
    """Make a role, with the rights of another one to begin with if one was chosen."""
    name, description = forms.plain(request.form.get("name")), forms.plain(request.form.get("description"))
    source = request.form.get("source", "")
    try:
        role = service.save_role(g.session, g.actor, name, description)
    except Invalid as error:
        return _roles(UNPROCESSABLE, errors=shown(error), name=name, description=description)
    if source.isdigit():
        service.copy_rights(g.session, int(source), role.id)
    return redirect_to(url_for("users.role", role_id=role.id))


@blueprint.get("/admin/roles/<int:role_id>")
def role(role_id: int) -> Response:
    """The rights of one role, as a grid."""
    require_any(g.actor, "role", "view")
    grid: dict[str, Any] = {
        "entities": forms.ENTITIES,
        "actions": [(action, forms.ACTION_LABELS[action]) for action in ACTIONS],
        "scopes_of": forms.scopes_of,
        "scope_labels": forms.SCOPE_LABELS,
        "level_labels": forms.LEVEL_LABELS,
        "never": forms.NEVER,
        "known_fields": queries.restrictable_fields(),
        "field_labels": forms.FIELD_LABELS,
    }
    rights = service.role_rights(g.session, role_id)
    return page("users/role.html", role=queries.role(g.session, role_id), rights=rights, **grid)


@blueprint.post("/admin/roles/<int:role_id>")
def save_rights(role_id: int) -> Response:
    """Save the grid."""
    rights = forms.read_rights(request.form, queries.restrictable_fields())
    changed = service.set_rights(g.session, g.actor, role_id, rights)
    done(N_("The rights are saved and hold from now on") if changed else N_("Nothing was changed"))
    return redirect_to(url_for("users.role", role_id=role_id))


@blueprint.post("/admin/roles/<int:role_id>/name")
def rename_role(role_id: int) -> Response:
    """Save the name and the description of a role."""
    service.save_role(
        g.session, g.actor, forms.plain(request.form.get("name")), forms.plain(request.form.get("description")), role_id
    )
    done(N_("Saved"))
    return redirect_to(url_for("users.role", role_id=role_id))


@blueprint.post("/admin/roles/<int:role_id>/delete")
def delete_role(role_id: int) -> Response:
    """Remove a role that nobody has."""
    service.delete_role(g.session, g.actor, role_id)
    done(N_("The role is removed"))
    return redirect_to(url_for("users.roles"))
