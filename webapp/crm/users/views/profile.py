"""One's own account: settings and password, sessions, API tokens."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request, session, url_for

from webapp.crm.users import queries
from webapp.crm.users.forms import plain
from webapp.crm.users.service import profile as service
from webapp.crm.users.service import sign_in
from webapp.crm.users.views.blueprint import blueprint, done, passwords, shown
from webapp.kit.clock import now
from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_, gettext
from webapp.web.page import page, redirect_to

UNPROCESSABLE = 422


def _profile(status: int = 200, **context: Any) -> Response:
    account = queries.account(g.session, g.actor.id)
    must_choose = bool(session.get("choose_password"))
    return page(
        "users/profile.html", status=status, account=account, must_choose=must_choose, **{"errors": {}, **context}
    )


@blueprint.get("/profile")
def profile_page() -> Response:
    """Name, team and roles, language and theme, password."""
    return _profile()


@blueprint.post("/profile/password")
def change_password() -> Response:
    """Change one's own password; the other sessions end."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    if new != request.form.get("again", ""):
        return _profile(UNPROCESSABLE, errors={"again": gettext("The two new passwords differ")})
    try:
        service.change_password(g.session, g.actor, old, new, verify=passwords(), moment=now())
    except Invalid as error:
        return _profile(UNPROCESSABLE, errors=shown(error))
    session.pop("choose_password", None)
    done(N_("The password is changed; all other sessions have ended"))
    return redirect_to(url_for("users.profile_page"))


@blueprint.get("/profile/sessions")
def sessions() -> Response:
    """Where one is signed in."""
    return page("users/sessions.html", rows=queries.sessions_of(g.session, g.actor.id, now()))


@blueprint.post("/profile/sessions/<int:session_id>/end")
def end_session(session_id: int) -> Response:
    """End one of one's own sessions."""
    service.end_own_session(g.session, g.actor, session_id, now())
    done(N_("The session has ended"))
    return redirect_to(url_for("users.sessions"))


@blueprint.post("/profile/sessions/end-others")
def end_other_sessions() -> Response:
    """End all of one's own sessions but this one."""
    sign_in.end_sessions(g.session, g.actor.id, now(), keep=g.actor.session_id)
    done(N_("All other sessions have ended"))
    return redirect_to(url_for("users.sessions"))


@blueprint.get("/profile/tokens")
def tokens() -> Response:
    """One's own API tokens."""
    return _tokens()


def _tokens(status: int = 200, **context: Any) -> Response:
    rows = queries.tokens_of(g.session, g.actor.id)
    return page("users/tokens.html", status=status, rows=rows, **{"errors": {}, "secret": "", "name": "", **context})


@blueprint.post("/profile/tokens")
def create_token() -> Response:
    """Make a token; its secret is on this answer and nowhere else."""
    name = plain(request.form.get("name"))
    try:
        secret = service.create_token(g.session, g.actor, name)
    except Invalid as error:
        return _tokens(UNPROCESSABLE, errors=shown(error), name=name)
    return _tokens(secret=secret)


@blueprint.post("/profile/tokens/<int:token_id>/revoke")
def revoke_token(token_id: int) -> Response:
    """End a token for good."""
    token = service.revoke_token(g.session, g.actor, token_id, now())
    done(N_("The token works no longer"))
    if token.user_id != g.actor.id:
        return redirect_to(url_for("users.account", user_id=token.user_id))
    return redirect_to(url_for("users.tokens"))
