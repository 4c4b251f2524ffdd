"""The quality board, and its export."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, g, jsonify, request, url_for

from webapp.ai.gateway import ModelUnavailable
from webapp.assistants.quality import charts, forms, service
from webapp.assistants.quality.figures import VERSION, daily, grouped, total
from webapp.assistants.quality.forms import Period
from webapp.kit.access import require_any
from webapp.kit.errors import Invalid
from webapp.kit.i18n import gettext
from webapp.kit.spreadsheet import cell
from webapp.web.names import COMPLAINTS, feature_does, feature_name, field_name
from webapp.web.page import page

bp = Blueprint("quality", __name__, template_folder="templates")
PERIODS = (7, 30, 90)
UNPROCESSABLE = 422
COLUMNS = (
    "day", *VERSION, "runs", "ok", "repaired", "degraded", "failed", "abstained", "proposals", "accepted", "edited",
    "kept", "rejected", "undone", "edit_distance", "p50_ms", "p95_ms", "engine_seconds", "prompt_tokens",
    "completion_tokens",
)  # fmt: skip


@bp.get("/admin/quality")
def index() -> Response:
    """The board of a period, module by module."""
    require_any(g.actor, "ai", "view")
    errors: dict[str, str] = {}
    try:
        period = forms.read(request.args)
    except Invalid as error:
        errors, period = {name: gettext(text) for name, text in error.errors.items()}, forms.usual()
    found = service.board(g.session, g.actor, g.parts.gateway, period, choose=True)
    days = daily(found.rows, found.period.since, found.period.until)
    bars, most = charts.verdicts(days)
    lines, longest = charts.latency(days)
    facts: dict[str, Any] = {
        "board": found,
        "period": found.period,
        "sum": total(found.rows),
        "versions": grouped(found.rows, *VERSION),
        "bars": bars,
        "most": most,
        "lines": lines,
        "longest": longest,
        "links": _links(found.period),
        "spans": [(n, _span(found.period, n), found.period.days == n and _is_recent(found.period)) for n in PERIODS],
        "names": {"feature": feature_name, "does": feature_does, "field": field_name, "complaints": COMPLAINTS},
    }
    return page("quality/index.html", status=UNPROCESSABLE if errors else 200, errors=errors, **facts)


def _is_recent(period: Period) -> bool:
    return period.until == forms.usual().until


def _span(period: Period, days: int) -> str:
    last = forms.usual().until
    return url_for(".index", since=last - timedelta(days=days - 1), until=last, module=period.module or None)


def _links(period: Period) -> dict[str, str]:
    asked: dict[str, Any] = {"since": period.since, "until": period.until, "module": period.module or None}
    return {"csv": url_for(".export_csv", **asked), "json": url_for(".export_json", **asked)}


def _asked() -> service.Board:
    found = service.board(g.session, g.actor, g.parts.gateway, forms.read(request.args))
    if found.away:
        raise ModelUnavailable
    return found


@bp.get("/admin/quality/export.csv")
def export_csv() -> Response:
    """The rows behind the board, a version and day each."""
    found = _asked()
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    writer.writerows([cell(row.get(name)) for name in COLUMNS] for row in found.rows)
    return Response(buffer.getvalue(), mimetype="text/csv", headers=_download("quality.csv"))


@bp.get("/admin/quality/export.json")
def export_json() -> Response:
    """The same as JSON, with sums and the figures by field."""
    response = jsonify(service.as_json(_asked()))
    response.headers.update(_download("quality.json"))
    return response


def _download(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
