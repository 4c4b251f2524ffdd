"""Administration of accounts and teams."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request, url_for

from webapp.crm.users import queries
from webapp.crm.users.forms import plain, read_account
from webapp.crm.users.messages import AccountFields
from webapp.crm.users.service import accounts as service
from webapp.crm.users.views.blueprint import blueprint, done, shown
from webapp.kit import paging
from webapp.kit.access import require_any
from webapp.kit.clock import now
from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_
from webapp.web.page import page, redirect_to

UNPROCESSABLE = 422
STATES = ("", "active", "locked", "off")


@blueprint.get("/admin/accounts")
def accounts() -> Response:
    """All accounts, by name."""
    require_any(g.actor, "user", "view")
    q, state = plain(request.args.get("q")), request.args.get("state", "")
    after = request.args.get("after")
    key = paging.decode(after, (str, int)) if after else None
    rows, following = queries.accounts(g.session, fragment=q, state=state, after=(key[0], key[1]) if key else None)
    cursor = paging.encode(following) if following else None
    return page("users/accounts.html", block="rows", rows=rows, q=q, state=state, states=STATES, next=cursor)


def _form(
    fields: AccountFields, *, status: int = 200, user: Any = None, errors: dict[str, str] | None = None
) -> Response:
    choices: dict[str, Any] = {
        "team_choices": [(team.id, team.name) for team in queries.teams(g.session)],
        "roles": queries.roles(g.session),
    }
    more: dict[str, Any] = {}
    if user is not None:
        open_sessions = queries.sessions_of(g.session, user.id, now())
        more = {"sessions": open_sessions, "tokens": queries.tokens_of(g.session, user.id)}
    template = "users/account.html" if user is not None else "users/account_new.html"
    return page(template, status=status, user=user, fields=fields, errors=errors or {}, **choices, **more)


@blueprint.get("/admin/accounts/new")
def account_new() -> Response:
    """The form of a new account."""
    require_any(g.actor, "user", "create")
    return _form(AccountFields("", "", "", None, frozenset(), g.parts.settings.default_locale))


@blueprint.post("/admin/accounts/new")
def create_account() -> Response:
    """Make an account and show its temporary password, once."""
    fields = read_account(request.form)
    try:
        made = service.create(g.session, g.actor, fields)
    except Invalid as error:
        return _form(fields, status=UNPROCESSABLE, errors=shown(error))
    return _password(made.user_id, fields, made.password)


def _password(user_id: int, fields: AccountFields, password: str) -> Response:
    return page("users/password_given.html", user_id=user_id, fields=fields, password=password)


def _fields_of(user: Any) -> AccountFields:
    roles = frozenset(role.id for role in user.roles)
    return AccountFields(user.username, user.full_name, user.email, user.team_id, roles, user.locale)


@blueprint.get("/admin/accounts/<int:user_id>")
def account(user_id: int) -> Response:
    """One account: its fields, sessions and tokens."""
    user = service.load(g.session, g.actor, user_id, "view")
    return _form(_fields_of(user), user=user)


@blueprint.post("/admin/accounts/<int:user_id>")
def update_account(user_id: int) -> Response:
    """Save the fields of an account."""
    fields = read_account(request.form)
    user = service.load(g.session, g.actor, user_id)
    try:
        service.update(g.session, g.actor, user_id, fields)
    except Invalid as error:
        return _form(fields, status=UNPROCESSABLE, user=user, errors=shown(error))
    done(N_("Saved"))
    return redirect_to(url_for("users.account", user_id=user_id))


@blueprint.post("/admin/accounts/<int:user_id>/password")
def give_password(user_id: int) -> Response:
    """Set a temporary password and show it once."""
    password = service.give_password(g.session, g.actor, user_id, now())
    return _password(user_id, _fields_of(service.load(g.session, g.actor, user_id)), password)


@blueprint.post("/admin/accounts/<int:user_id>/<any(activate, deactivate, unlock, end_sessions):deed>")
def change_account(user_id: int, deed: str) -> Response:
    """Switch an account on or off, unlock it, end its sessions."""
    if deed == "unlock":
        service.unlock(g.session, g.actor, user_id)
    elif deed == "end_sessions":
        service.end_all_sessions(g.session, g.actor, user_id, now())
    else:
        service.set_active(g.session, g.actor, user_id, active=deed == "activate", moment=now())
    done(DONE[deed])
    return redirect_to(url_for("users.account", user_id=user_id))


DONE = {
    "activate": N_("The account is switched on"),
    "deactivate": N_("The account is switched off and its sessions have ended"),
    "unlock": N_("The account can sign in again"),
    "end_sessions": N_("The sessions of the account have ended"),
}


@blueprint.get("/admin/teams")
def teams() -> Response:
    """All teams."""
    require_any(g.actor, "user", "view")
    return _teams()


def _teams(status: int = 200, **context: Any) -> Response:
    return page(
        "users/teams.html", status=status, rows=queries.teams(g.session), **{"errors": {}, "failed": 0, **context}
    )


@blueprint.post("/admin/teams")
@blueprint.post("/admin/teams/<int:team_id>", endpoint="rename_team")
def save_team(team_id: int | None = None) -> Response:
    """Make a team, or rename one."""
    try:
        service.save_team(g.session, g.actor, plain(request.form.get("name")), team_id)
    except Invalid as error:
        return _teams(UNPROCESSABLE, errors=shown(error), failed=team_id or 0)
    done(N_("Saved"))
    return redirect_to(url_for("users.teams"))


@blueprint.post("/admin/teams/<int:team_id>/delete")
def delete_team(team_id: int) -> Response:
    """Remove a team that nobody is in."""
    service.delete_team(g.session, g.actor, team_id)
    done(N_("The team is removed"))
    return redirect_to(url_for("users.teams"))
