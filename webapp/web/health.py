"""For machines that watch: is the process up, is it ready to work, and how is it doing."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from appliance.settings import WebSettings
from webapp.web.metrics import Measures

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
NOT_READY = 503
UNMEASURED = frozenset({"health.metrics", "static", "web.static"})

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers; it says nothing of what it depends on."""
    return jsonify(status="up")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether the pages can work: the database and its schema. Models may be down, then only their features wait."""
    checks = {"database": _database(), "gateway": _gateway()}
    ready = checks["database"]["ready"]
    culprits = [name for name, check in checks.items() if not check["ready"]]
    response = jsonify(ready=ready, culprits=culprits, checks=checks)
    response.status_code = 200 if ready else NOT_READY
    return response


@lru_cache(maxsize=1)
def _migrations() -> tuple[str | None, frozenset[str]]:
    """The revision that this code was made for, and all that it knows."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    return scripts.get_current_head(), frozenset(script.revision for script in scripts.walk_revisions())


def _database() -> dict[str, Any]:
    """Whether the database answers and its schema is the one of this code, or a later release's, which only adds."""
    try:
        with g.parts.engine.connect() as connection:
            stored = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError as error:
        return {"ready": False, "reason": f"the database does not answer ({type(error).__name__})"}
    wanted, known = _migrations()
    if stored is None or (stored in known and stored != wanted):
        reason = f"the schema is at migration {stored}, this program needs {wanted}: run `ostrov migrate`"
        return {"ready": False, "reason": reason}
    return {"ready": True, "migration": stored}


def _gateway() -> dict[str, Any]:
    """What the gateway says of itself and its engines."""
    state = g.parts.gateway.state()
    ready = bool(state.get("ready"))
    answer: dict[str, Any] = {"ready": ready, "engines": state.get("engines", {})}
    if not ready:
        waiting = sorted(name for name, engine in answer["engines"].items() if engine.get("state") != "ready")
        answer["reason"] = f"not ready: {', '.join(waiting)}" if waiting else "the gateway does not answer"
    return answer


@blueprint.get("/metrics")
def metrics() -> Response:
    """Figures of all processes of the web application, for Prometheus."""
    measures: Measures = g.measures
    return Response(measures.exposition(g.parts.engine), content_type=CONTENT_TYPE_LATEST)


def install(app: Flask, settings: WebSettings) -> None:
    """Add the addresses and measure every request."""
    app.register_blueprint(blueprint)
    measures = Measures(settings.home / "run" / "metrics")

    def start() -> None:
        g.measures = measures
        g.started = time.perf_counter()

    def finish(response: Response) -> Response:
        if "started" in g and request.endpoint not in UNMEASURED:
            seconds = time.perf_counter() - g.started
            measures.request(request.endpoint or "none", request.method, response.status_code, seconds)
        return response

    # First of all, so that finding out who asks is measured too.
    app.before_request_funcs.setdefault(None, []).insert(0, start)
    app.after_request(finish)
