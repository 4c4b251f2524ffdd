"""The sign-in page, signing out, and the choice of language and theme."""

from __future__ import annotations

from typing import Any

from flask import Response, g, redirect, request, session, url_for

from webapp.crm.users.forms import plain
from webapp.crm.users.identity import local_path
from webapp.crm.users.service import profile
from webapp.crm.users.service import sign_in as service
from webapp.crm.users.views.blueprint import blueprint, passwords
from webapp.kit.clock import now
from webapp.kit.i18n import LOCALES, N_, gettext
from webapp.web.page import page, redirect_to, wants_fragment

# Says the same whichever part was wrong, and also when the account is locked or does not exist.
REFUSED = N_(
    "The name or the password is not right. After %(attempts)s wrong ones an account rests for %(minutes)s minutes."
)
REFUSED_STATUS = 422
PREFERENCES = ("locale", "theme")


@blueprint.get("/sign-in")
def sign_in() -> Response:
    """The sign-in page; whoever is signed in already goes on."""
    target = local_path(request.args.get("next"))
    if g.actor is not None:
        return redirect_to(target)
    return page("users/sign_in.html", next=target, username="", error="")


@blueprint.post("/sign-in")
def begin_session() -> Response:
    """Check name and password; on success a new session begins, under a new cookie."""
    settings = g.parts.settings
    policy = service.Policy(settings.sign_in_attempts, settings.sign_in_lock_minutes, settings.session_hours)
    username = plain(request.form.get("username"))
    target = local_path(request.form.get("next"))
    signed_in = service.sign_in(
        g.session,
        username,
        request.form.get("password", ""),
        verify=passwords(),
        policy=policy,
        device=service.Device(request.remote_addr or "", request.headers.get("User-Agent", "")),
        moment=now(),
    )
    if signed_in is None:
        error = gettext(REFUSED, attempts=policy.attempts, minutes=policy.lock_minutes)
        return page("users/sign_in.html", status=REFUSED_STATUS, next=target, username=username, error=error)
    session.clear()  # nothing that somebody put into the cookie before survives the sign-in
    session["sid"] = signed_in.secret
    if signed_in.password_temporary:
        session["choose_password"] = True
    return redirect_to(target)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session and forget the cookie."""
    service.sign_out(g.session, g.actor, now())
    session.clear()
    return redirect_to(url_for("users.sign_in"))


@blueprint.post("/profile/preferences")
@blueprint.post("/profile/locale", endpoint="locale")
@blueprint.post("/profile/theme", endpoint="theme")
def preferences() -> Response:
    """Choose the language or the theme: for the account, or for this browser while nobody is signed in."""
    chosen: dict[str, Any] = {name: request.form.get(name) for name in PREFERENCES}
    before = g.actor.locale if g.actor else session.get("locale")
    if g.actor is not None:
        profile.choose(g.session, g.actor, **chosen)
    else:
        session.update(_allowed(chosen))
    if wants_fragment() and chosen["locale"] in (None, before):
        return Response(status=204)  # the page shows the theme already
    response = Response(status=204, headers={"HX-Refresh": "true"})
    return response if wants_fragment() else redirect_to(_back())


def _allowed(chosen: dict[str, Any]) -> dict[str, str]:
    choices = {"locale": LOCALES, "theme": profile.THEMES}
    return {name: value for name, value in chosen.items() if value in choices[name]}


def _back() -> str:
    """The page that the choice was made on."""
    if request.referrer and request.referrer.startswith(request.host_url):
        return local_path("/" + request.referrer.removeprefix(request.host_url))
    return local_path(None)


def ask_for_password() -> Any:
    """Before a request: whoever signed in with a temporary password chooses another one first."""
    if g.get("actor") is None or not session.get("choose_password"):
        return None
    if request.endpoint in ("users.profile_page", "users.change_password", "users.sign_out", "web.static", *CHOICES):
        return None
    return redirect(url_for("users.profile_page"))


CHOICES = ("users.preferences", "users.locale", "users.theme")
