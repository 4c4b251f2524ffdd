"""The administration of AI, and the log of runs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, g, request, url_for

from webapp.ai import why
from webapp.ai.gateway import ModelUnavailable, Refused
from webapp.assistants.control import service
from webapp.kit.access import require_any
from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_, _, gettext
from webapp.web.names import feature_does, feature_name, feature_without, field_name
from webapp.web.page import page, redirect_to

bp = Blueprint("control", __name__, template_folder="templates")
UNPROCESSABLE = 422
ENGINES = {
    "chat": N_("Language model"),
    "fast": N_("Quick language model"),
    "embed": N_("Search by meaning"),
    "rerank": N_("Ranking of search results"),
    "speech": N_("Speech model"),
}
NAMES = {"feature": feature_name, "does": feature_does, "without": feature_without, "field": field_name}


def _engine(name: str) -> str:
    return gettext(ENGINES[name]) if name in ENGINES else name


@bp.get("/admin/ai")
def index() -> Response:
    """Engines, switches, and the versions of prompts."""
    require_any(g.actor, "ai", "view")
    return _index()


def _index(errors: dict[str, dict[str, str]] | None = None) -> Response:
    facts: dict[str, Any] = {"present": service.present(g.session, g.actor, g.parts.gateway), "errors": errors or {}}
    status = UNPROCESSABLE if errors else 200
    return page("control/index.html", status=status, names=NAMES, engine_name=_engine, **facts)


@bp.post("/admin/ai/features/<feature>")
def switch(feature: str) -> Response:
    """Switch a feature on or off."""
    on = request.form.get("on") == "1"
    try:
        service.switch(g.session, g.actor, g.parts.gateway, feature, on=on, reason=request.form.get("reason", ""))
    except (Invalid, Refused) as error:
        return _index({feature: {error.field or "reason": gettext(error.detail)}})
    told = N_("%(name)s: switched on") if on else N_("%(name)s: switched off")
    flash(gettext(told, name=feature_name(feature)), "success")
    return redirect_to(url_for(".index"))


@bp.post("/admin/ai/prompts/<module>")
def pin(module: str) -> Response:
    """Pin a version of a prompt, or take the pin away."""
    version = request.form.get("version", "").strip() or None
    try:
        service.pin(g.session, g.actor, g.parts.gateway, module, version)
    except (Invalid, Refused) as error:
        return _index({module: {error.field or "version": gettext(error.detail)}})
    told = _("Version %(version)s of the prompt answers from now on", version=version) if version else ""
    flash(told or _("The newest approved version of the prompt answers again"), "success")
    return redirect_to(url_for(".index"))


@bp.get("/admin/runs")
def runs() -> Response:
    """The log of runs, newest first."""
    require_any(g.actor, "run", "view")
    module, after = (request.args.get(name, "").replace("\x00", "")[:200] for name in ("module", "after"))
    away = False
    try:
        items, following = service.page_of_runs(g.session, g.actor, g.parts.gateway, module, after or None)
    except ModelUnavailable:
        items, following, away = [], None, True
    more = url_for(".runs", module=module or None, after=following) if following else None
    return page("control/runs.html", block="rows", logged=items, more=more, module=module, away=away, names=NAMES)


@bp.get("/admin/runs/<run_id>")
def run(run_id: str) -> Response:
    """One run of the log, with its masked texts."""
    found = service.log_of_run(g.session, g.actor, g.parts.gateway, run_id)
    features = [{**item, "parts": why.parts(item.get("contributions") or {})} for item in found.get("features", ())]
    return page("control/run.html", run=found, features=features, names=NAMES)


@bp.get("/runs/<run_id>/why")
def why_run(run_id: str) -> Response:
    """Lead to the panel of the record that a run was made for."""
    kind, record_id = service.subject_of(g.session, g.actor, run_id)
    if kind == "communication":
        return redirect_to(url_for("call_card.why_call", communication_id=record_id))
    return redirect_to(url_for("answer.why_answer", run_id=run_id))
