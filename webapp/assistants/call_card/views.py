"""The panel of proposals on a call, and the calls that wait for a decision."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, g, request, url_for

from webapp.assistants.call_card import accept, shown, undo, why
from webapp.crm.communications import queries
from webapp.crm.communications.models import Communication
from webapp.kit.access import allows
from webapp.kit.errors import Invalid
from webapp.kit.i18n import _, ngettext
from webapp.web.page import page, redirect_to, say
from webapp.web.why import why_page

bp = Blueprint("call_card", __name__, template_folder="templates")
MOST_WAITING = 6


@bp.get("/communications/<int:communication_id>/proposals")
def proposals(communication_id: int) -> Response:
    """The proposals of a call."""
    return _panel(queries.one(g.session, g.actor, communication_id))


@bp.post("/proposals/<int:proposal_id>/accept")
def accept_one(proposal_id: int) -> Response:
    """Accept a proposal, with the value of the form when there is one."""
    try:
        call, _proposal = accept.accept(
            g.session, g.actor, proposal_id, currency=g.parts.settings.currency, value=request.values.get("value")
        )
    except Invalid as error:
        g.session.rollback()
        return _retargeted(accept.call_of(g.session, g.actor, proposal_id), editing=proposal_id, errors=error.errors)
    return _retargeted(call)


@bp.post("/proposals/<int:proposal_id>/reject")
def reject_one(proposal_id: int) -> Response:
    """Reject a proposal."""
    call, _proposal = accept.reject(g.session, g.actor, proposal_id, currency=g.parts.settings.currency)
    return _retargeted(call)


@bp.post("/communications/<int:communication_id>/accept")
def accept_all(communication_id: int) -> Response:
    """Accept everything that waits."""
    call = accept.accept_all(g.session, g.actor, communication_id, currency=g.parts.settings.currency)
    return say(_retargeted(call), _("Accepted. The card is up to date."))


@bp.post("/communications/<int:communication_id>/undo")
def undo_all(communication_id: int) -> Response:
    """Take back what was accepted."""
    call, result = undo.undo(g.session, g.actor, communication_id)
    told = ngettext("%(num)s value was taken back.", "%(num)s values were taken back.", result.reverted)
    removed = ngettext("%(num)s record was removed.", "%(num)s records were removed.", len(result.removed))
    return say(_retargeted(call, kept=result.kept), f"{told} {removed}")


@bp.get("/communications/waiting")
def waiting() -> Response:
    """The calls whose proposals wait for a decision: a fragment of the home page."""
    found = queries.page(g.session, g.actor, queries.Filters(state="review"), after=None, limit=MOST_WAITING)
    return page("call_card/waiting.html", found=found, count=queries.count_to_review(g.session, g.actor))


@bp.get("/proposals/<int:proposal_id>/why")
def why_value(proposal_id: int) -> Response:
    """Why a value is proposed."""
    return why_page(why.of_value(g.session, g.actor, g.parts.gateway, proposal_id))


@bp.get("/communications/<int:communication_id>/why")
def why_call(communication_id: int) -> Response:
    """Why the summary and the values of a call are what they are."""
    return why_page(why.of_call(g.session, g.actor, g.parts.gateway, communication_id))


def _retargeted(
    call: Communication, *, editing: int = 0, errors: dict[str, str] | None = None, kept: list[str] | None = None
) -> Response:
    """The whole panel in the place of the old one, or the call's page for a browser without scripts."""
    g.session.flush()
    if not request.headers.get("HX-Request"):
        for sentence in [*(errors or {}).values(), *(kept or [])]:
            flash(sentence, "error")
        return redirect_to(url_for("communications.show", communication_id=call.id))
    response = _panel(call, editing=editing, errors=errors, kept=kept)
    response.headers["HX-Retarget"] = f"#proposals-{call.id}"
    response.headers["HX-Reswap"] = "outerHTML"
    response.headers["HX-Trigger-After-Swap"] = "card-changed"
    return response


def _panel(
    call: Communication, *, editing: int = 0, errors: dict[str, str] | None = None, kept: list[str] | None = None
) -> Response:
    facts: dict[str, Any] = {
        "call": call,
        "panel": shown.panel(g.session, g.actor, call),
        "may_decide": allows(g.actor, call, "edit"),
        "editing": editing,
        "errors": errors or {},
        "kept": kept or [],
    }
    return page("call_card/panel.html", status=422 if errors else 200, **facts)
