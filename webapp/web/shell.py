"""What every page has: template globals, navigation, the static assets, security headers, error pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, g, request, session, url_for
from werkzeug.exceptions import HTTPException

from appliance.settings import WebSettings
from webapp.kit import i18n
from webapp.kit.clock import now
from webapp.kit.feature import Feature, NavItem, Slot, visible_slots
from webapp.web import errors, styleguide
from webapp.web.components import Components, clock, hue, initials, run_verdict, state_look
from webapp.web.page import asset, assets_missing, optional_url
from webapp.web.texts import script_texts

log = structlog.get_logger()
OK = 200
THEMES = ("auto", "light", "dark")
A_YEAR_SECONDS = 365 * 24 * 3600

blueprint = Blueprint("web", __name__, template_folder="templates", static_folder="static", static_url_path="/static")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
        "font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def _headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "web.static" and response.status_code == OK and "/build/" in request.path:
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR_SECONDS}, immutable"  # the name changes instead
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-store")
    if "request_id" in g:
        response.headers["X-Request-Id"] = g.request_id
    return response


def _is_current(item: NavItem) -> bool:
    """Whether the page belongs to this entry of the navigation: the same blueprint, or the same endpoint within it."""
    return request.endpoint == item.endpoint or (
        request.blueprint is not None and item.endpoint == f"{request.blueprint}.index"
    )


def _theme() -> str:
    """The theme of the page: the person's choice, else what was chosen on the sign-in page, else the system's."""
    actor = g.get("actor")
    chosen = actor.theme if actor is not None else session.get("theme", "auto")
    return chosen if chosen in THEMES else "auto"


def install(app: Flask, features: Sequence[Feature], settings: WebSettings) -> None:
    """Attach the shell to the application."""
    app.register_blueprint(blueprint)
    app.after_request(_headers)
    app.register_error_handler(HTTPException, errors.http_error)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=False)  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    navigation = sorted((item for f in features for item in f.nav), key=lambda item: item.order)
    slots = [slot for f in features for slot in f.slots]

    def allowed(items: list[NavItem]) -> list[NavItem]:
        return [i for i in items if g.actor is not None and (i.entity is None or g.actor.may(i.entity))]

    def slots_at(place: str) -> list[Slot]:
        return visible_slots(slots, place, g.actor)

    settings_links = [item for f in features for item in f.settings_links]
    shared: dict[str, Any] = {
        "_": i18n.gettext,
        "ngettext": i18n.ngettext,
        "asset": asset,
        "slots_at": slots_at,
        "nav_items": lambda: allowed(navigation),
        "settings_links": lambda: allowed(settings_links),
        "current_locale": i18n.current_locale,
        "company_name": settings.company_name,
        "poll_seconds": settings.poll_interval_seconds,
        "now": now,
        "url_for": url_for,
        "actor": lambda: g.get("actor"),
        "is_current": _is_current,
        "optional_url": optional_url,
        "script_texts": script_texts,
        "state_look": state_look,
        "run_verdict": run_verdict,
        "theme": _theme,
        "ui": Components(app.jinja_env),
    }
    app.jinja_env.globals.update(shared)
    app.jinja_env.filters.update(
        date=i18n.show_date,
        datetime=i18n.show_datetime,
        ago=lambda value: i18n.show_ago(value, now()),
        money=i18n.show_money,
        number=i18n.show_number,
        clock=clock,
        hue=hue,
        initials=initials,
    )
    app.jinja_env.filters.setdefault("role_name", str)  # accounts bring the words for it
    if assets_missing():
        log.warning("assets.missing", remedy="run `make assets`: pages have no styles until then")
    if settings.debug:
        app.register_blueprint(styleguide.blueprint)
