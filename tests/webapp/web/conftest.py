"""The shell alone, without the database: pages of the style guide with an actor chosen by the test."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator

import pytest
from flask import Blueprint, Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.serving import make_server

from appliance.settings import WebSettings
from webapp.kit import i18n
from webapp.kit.access import Actor
from webapp.kit.feature import Feature, NavItem
from webapp.web import shell, styleguide
from webapp.web.page import error_page, redirect_to, say

NAV = (NavItem("People", "people.index", "users", 1), NavItem("Deals", "deals.index", "kanban", 2, entity="deal"))


def _blueprints() -> list[Blueprint]:
    people, deals, search = (Blueprint(name, name) for name in ("people", "deals", "search"))
    people.add_url_rule("/people", "index", lambda: "people")
    deals.add_url_rule("/deals", "index", lambda: "deals")
    search.add_url_rule("/search", "index", lambda: "results")
    search.add_url_rule("/search/palette", "palette", styleguide.palette)
    return [people, deals, search]


def _probe() -> Blueprint:
    probe = Blueprint("probe", "probe")
    probe.add_url_rule("/missing", "missing", lambda: error_page(404, "Nothing is here", "It was deleted", "Go back"))
    probe.add_url_rule("/saved", "saved", lambda: redirect_to("/people"))
    probe.add_url_rule("/told", "told", lambda: say(Response("ok"), "Сохранено", link=("Открыть", "/people")))
    return probe


@pytest.fixture(scope="session")
def app() -> Flask:
    made = Flask("shell", static_folder=None)
    made.config.update(SECRET_KEY="test", WTF_CSRF_TIME_LIMIT=None)
    CSRFProtect(made)

    @made.before_request
    def choose_actor() -> None:
        locale = request.args.get("locale", "en")
        theme = request.args.get("theme", "auto")
        g.actor = (
            None if "anonymous" in request.args else Actor(1, "staff", "Olga Smirnova", locale=locale, theme=theme)
        )
        i18n.use_locale(locale, "Europe/Moscow")

    for blueprint in [*_blueprints(), _probe()]:
        made.register_blueprint(blueprint)
    settings = dataclasses.replace(WebSettings(), debug=True, company_name="Nocturne")
    shell.install(made, [Feature(name="all", nav=NAV)], settings)
    return made


@pytest.fixture(scope="session")
def address(app: Flask) -> Iterator[str]:
    """The same application on a real port, for a browser."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
