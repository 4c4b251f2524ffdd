"""The palette and the results page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request

from webapp.ai.search.query import read
from webapp.assistants.search import finding
from webapp.kit.i18n import N_, _
from webapp.web.page import page

bp = Blueprint("search", __name__, url_prefix="/search", template_folder="templates")
PALETTE_RESULTS = 12
PAGE_RESULTS = 20
MOST_RESULTS = 100
PLURALS = {
    "organisation": N_("Organisations"),
    "person": N_("People"),
    "product": N_("Products"),
    "deal": N_("Deals"),
    "task": N_("Tasks"),
    "communication": N_("Calls and notes"),
    "document": N_("Documents"),
}


@bp.get("/palette")
def palette() -> Response:
    """What is found while it is typed: by words and fragments alone, so that no model is waited for."""
    question = request.args.get("q", "")
    if len(question.strip()) < 2:
        return page("search/palette.html", groups=[], question="")
    found = finding.find(g.session, g.actor, g.parts.sources, question, limit=PALETTE_RESULTS)
    return page("search/palette.html", groups=_grouped(found.results), question=question)


@bp.get("")
def index() -> Response:
    """All results for a question, with the words that matched."""
    question = request.args.get("q", "")
    kind = request.args.get("kind", "")
    limit = min(
        int(request.args.get("limit", PAGE_RESULTS)) if request.args.get("limit", "").isdecimal() else PAGE_RESULTS,
        MOST_RESULTS,
    )
    kinds = (kind,) if kind in g.parts.sources else ()
    found = finding.find_all(g.session, g.actor, g.parts, question, kinds=kinds, limit=limit + 1)
    facts: dict[str, Any] = {
        "question": question,
        "kind": kind if kinds else "",
        "results": found.results[:limit],
        "more": limit + PAGE_RESULTS if len(found.results) > limit and limit < MOST_RESULTS else None,
        "degraded": found.degraded and bool(read(question).text),
        "loose": found.loose,
        "kinds": [(e, _(PLURALS.get(e, s.label)), s.icon) for e, s in g.parts.sources.items() if g.actor.may(e)],
    }
    return page("search/index.html", block="results", **facts)


def _limit(asked: str) -> int:
    return min(int(asked), MOST_RESULTS) if asked.isdecimal() and len(asked) < 5 else PAGE_RESULTS


def _grouped(results: list[finding.Result]) -> list[tuple[str, list[finding.Result]]]:
    """The results by kind; the kind of the best result first."""
    groups: dict[str, list[finding.Result]] = {}
    for result in results:
        groups.setdefault(_(PLURALS.get(result.type, result.label)), []).append(result)
    return list(groups.items())
