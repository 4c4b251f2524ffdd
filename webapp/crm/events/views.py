"""The pages of dead letters."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, g, request, url_for

from webapp.crm.events import queries, service
from webapp.crm.events.messages import STATES, TONES, Filter
from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_, gettext, ngettext
from webapp.web.page import page, redirect_to

blueprint = Blueprint("events", __name__, template_folder="templates")
FILTERS = ("state", "event_type", "subscriber")
ALL = "all"  # in the address: every state; without a state the page shows what waits for a person


def _asked() -> dict[str, str]:
    asked = {name: request.args.get(name, "").replace("\x00", "").strip()[:80] for name in FILTERS}
    return asked | {"state": asked["state"] if asked["state"] in (*STATES, ALL) else "dead"}


@blueprint.get("/dead-letters")
def index() -> Response:
    """The failed deliveries: those given up first, others on demand."""
    asked = _asked()
    wanted = Filter("" if asked["state"] == ALL else asked["state"], asked["event_type"], asked["subscriber"])
    found = queries.page(g.session, g.actor, wanted, after=request.args.get("after"))
    types, subscribers = queries.choices(g.session, g.actor)
    following: dict[str, Any] = asked | {"after": found.next}
    more = url_for(".index", **following) if found.next else None
    return page(
        "events/index.html", block="rows", found=found.rows, more=more, asked=asked, states=STATES, tones=TONES,
        counts=queries.counts(g.session, g.actor), types=types, subscribers=subscribers, all=ALL,
    )  # fmt: skip


@blueprint.get("/dead-letters/<int:letter_id>")
def show(letter_id: int) -> Response:
    """One failed delivery: what happened, whom it was for, why it failed."""
    return _shown(letter_id)


def _shown(letter_id: int, status: int = 200, error: str = "") -> Response:
    letter = queries.one(g.session, g.actor, letter_id)
    event = queries.event_of(g.session, letter)
    return page("events/show.html", status=status, letter=letter, event=event, states=STATES, tones=TONES, error=error)


@blueprint.post("/dead-letters/<int:letter_id>/retry")
def retry(letter_id: int) -> Response:
    """Try one once more."""
    service.retry(g.session, g.actor, letter_id)
    flash(gettext(N_("Back in the queue. It leaves this list when it succeeds.")), "success")
    return redirect_to(url_for(".index"))


@blueprint.post("/dead-letters/retry")
def retry_all() -> Response:
    """Try all once more."""
    number = service.retry_all(g.session, g.actor)
    flash(ngettext("%(num)s letter is back in the queue.", "%(num)s letters are back in the queue.", number), "success")
    return redirect_to(url_for(".index"))


@blueprint.post("/dead-letters/<int:letter_id>/discard")
def discard(letter_id: int) -> Response:
    """Give one up for good, with a reason."""
    try:
        service.discard(g.session, g.actor, letter_id, request.form.get("reason", ""))
    except Invalid as error:
        return _shown(letter_id, 422, error.detail)
    flash(gettext(N_("Discarded. The letter and its reason stay on record.")), "success")
    return redirect_to(url_for(".index"))
