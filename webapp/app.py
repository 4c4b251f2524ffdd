"""The web application: the composition root of the pages and the API."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from flask import Response, current_app, g, request, session
from flask_openapi3.models.info import Info
from flask_openapi3.models.security_scheme import SecurityScheme
from flask_openapi3.openapi import OpenAPI
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.middleware.proxy_fix import ProxyFix

from appliance.settings import WebSettings
from webapp import wiring
from webapp.crm.users.queries import actor_by_session, actor_by_token
from webapp.features import FEATURES
from webapp.kit import changes, i18n
from webapp.kit.access import SYSTEM, Actor
from webapp.kit.clock import now
from webapp.kit.errors import AppError, SignInRequired
from webapp.web import errors, exchange, guard, health, shell

log = structlog.get_logger()
ALWAYS_PUBLIC = frozenset(
    {"static", "web.static", "health.healthz", "health.readyz", "health.metrics", "openapi.doc_url"}
)
API_PREFIX = "/api/v1"


class App(OpenAPI):
    """Flask with one rule of ours: a request is a transaction, and only this edge commits it."""

    parts: wiring.Parts
    public_endpoints: frozenset[str]

    def dispatch_request(self) -> Any:
        """Call the view, then commit: inside dispatch, so that a failure at commit still meets the error handlers."""
        with exchange.in_its_version():
            response = exchange.repeated()
            if response is None:
                response = super().dispatch_request()  # type: ignore[no-untyped-call, unused-ignore]
                exchange.remember(response)
        if "session" in g:
            g.session.commit()
        return response


def _open_session() -> None:
    """Before a request: open its session and find out who asks. What is not public needs an actor (default deny)."""
    app = current_app
    g.request_id = request.headers.get("X-Request-Id") or uuid.uuid4().hex
    if request.endpoint in ("static", "web.static"):
        return
    parts: wiring.Parts = app.parts  # type: ignore[attr-defined]
    g.parts = parts
    g.session = parts.sessions()
    actor = _find_actor()
    locale = actor.locale if actor else _asked_locale(parts.settings.default_locale)
    i18n.use_locale(locale, parts.settings.timezone)
    g.actor = actor
    changes.begin(g.session, actor or SYSTEM, request_id=g.request_id)
    if actor is None and request.endpoint not in app.public_endpoints:  # type: ignore[attr-defined]
        if request.endpoint is None:
            return  # an unknown address: the router answers 404 to everybody alike
        raise SignInRequired


def _find_actor() -> Actor | None:
    """The bearer of a token, or else the person of the browser session."""
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer "):
        return actor_by_token(g.session, header.removeprefix("Bearer ").strip(), now())
    if request.path.startswith(f"{API_PREFIX}/") and request.method not in ("GET", "HEAD"):
        return None  # the API has no CSRF token, so a browser's cookie may not change anything through it
    secret = session.get("sid")
    return actor_by_session(g.session, secret, now()) if secret else None


def _asked_locale(default: str) -> str:
    """The locale of someone who is not signed in: the choice on the sign-in page, else the browser's wish."""
    chosen = session.get("locale")
    return chosen or request.accept_languages.best_match(i18n.LOCALES) or default


def _close_session(_error: BaseException | None = None) -> None:
    """After a request: what was not committed is rolled back."""
    opened = g.pop("session", None)
    if opened is not None:
        opened.close()


def _show_error(error: AppError) -> Response:
    """The one handler of expected errors: problem details for the API, a page for people."""
    if "session" in g:
        g.session.rollback()
    if error.status == 403 and g.get("actor") is not None:
        changes.record(g.session, "access.denied", path=request.path, method=request.method)
        g.session.commit()
    return errors.respond(error)


def _database_down(error: OperationalError) -> Response:
    """The database cannot be reached: say so, and keep serving."""
    log.error("database.unreachable", error=type(error.orig).__name__)
    return errors.database_down()


def _bad_value(error: DataError) -> Response:
    """A value that the database cannot take: what was written before it is taken back."""
    log.warning("database.refused", error=type(error.orig).__name__, path=request.path)
    if "session" in g:
        g.session.rollback()
    return guard.out_of_range(error)


def create_app(settings: WebSettings, *, parts: wiring.Parts | None = None) -> App:
    """Build the application for gunicorn or a test; `parts` lets a test bring its own."""
    info = Info(title="Ostrov API", version="1.0.0")
    scheme: dict[str, SecurityScheme | dict[str, Any]] = {"bearer": {"type": "http", "scheme": "bearer"}}
    app = App(
        __name__,
        info=info,
        security_schemes=scheme,
        doc_prefix=API_PREFIX,
        doc_url="/openapi.json",
        static_folder=None,
        validation_error_status=422,
        validation_error_callback=errors.invalid_input,
    )
    app.url_map.converters["int"] = guard.RecordId
    app.parts = parts or wiring.assemble(settings)
    app.config.update(
        SECRET_KEY=wiring.secret_key(settings),
        SESSION_COOKIE_NAME="ostrov",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.cookie_secure,
        MAX_CONTENT_LENGTH=(settings.upload_max_megabytes + 1) * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        DEBUG=settings.debug,
    )
    if settings.web_socket:  # only the proxy of this machine can speak through it: what it says of the caller is true
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    app.before_request(_open_session)
    app.before_request(guard.refuse_unstorable)
    app.after_request(guard.read_to_the_end)
    app.after_request(exchange.say_version)
    app.teardown_request(_close_session)
    app.register_error_handler(AppError, _show_error)
    app.register_error_handler(OperationalError, _database_down)
    app.register_error_handler(DataError, _bad_value)
    csrf = CSRFProtect(app)
    shell.install(app, FEATURES, settings)
    health.install(app, settings)
    public = set(ALWAYS_PUBLIC)
    for feature in FEATURES:
        for blueprint in feature.blueprints:
            app.register_blueprint(blueprint)
        for api in feature.apis:
            csrf.exempt(api)
            app.register_api(api, url_prefix=API_PREFIX)
        for start in feature.install:
            start(app)
        public |= feature.public_endpoints
    app.public_endpoints = frozenset(public)
    return app
