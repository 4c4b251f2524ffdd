"""The pages of the audit room."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Blueprint, Response, flash, g, request, url_for

from webapp.crm.audit import forms, queries, sentences, service
from webapp.crm.audit.messages import Filter
from webapp.kit import changes
from webapp.kit.access import require_any
from webapp.kit.i18n import N_, gettext
from webapp.kit.spreadsheet import cell
from webapp.web.page import page, redirect_to

FILTERS = ("actor", "action", "entity", "entity_id", "client", "since", "until")
COLUMNS = ("seq", "at", "actor_kind", "actor_id", "actor", "action", "entity", "entity_id", "details")
SENTENCE = "what_happened"

blueprint = Blueprint("audit", __name__, template_folder="templates")


def _asked() -> dict[str, Any]:
    return {name: request.args[name] for name in FILTERS if request.args.get(name)}


@blueprint.get("/audit")
def index() -> Response:
    """The entries, newest first."""
    require_any(g.actor, "audit", "view")
    wanted, errors = forms.read_filter(request.args)
    before = request.args.get("before", "")
    rows, following = queries.one_page(g.session, g.actor, wanted, int(before) if before.isdigit() else None)
    more = url_for("audit.index", **_asked(), before=following) if following else None
    whole: dict[str, Any] = {}
    if not before:
        known = queries.actions(g.session)
        whole = {"state": queries.state(g.session), "choices": sentences.choices(known)}
        whole["accounts"] = queries.accounts(g.session)
    shown = {name: gettext(sentence) for name, sentence in errors.items()}
    told: dict[str, Any] = {"sentence": sentences.sentence, "record_name": sentences.record_name}
    return page("audit/index.html", block="rows", rows=rows, more=more, asked=_asked(), errors=shown, **told, **whole)


@blueprint.get("/audit/clients")
def clients() -> Response:
    """Who opened a client: find the client by name, then see everybody who did."""
    require_any(g.actor, "audit", "view")
    q, entity, entity_id = (request.args.get(name, "").replace("\x00", "") for name in ("q", "entity", "id"))
    chosen = entity in queries.CLIENT_ENTITIES and entity_id.isdigit()
    rows = queries.viewers(g.session, entity, entity_id) if chosen else []
    if chosen:
        changes.record(g.session, "audit.viewers_read", entity, entity_id)
    found = queries.clients(g.session, g.actor, q) if q else []
    return page("audit/clients.html", q=q, found=found, chosen=chosen, entity=entity, entity_id=entity_id, rows=rows)


@blueprint.post("/audit/verify")
def verify() -> Response:
    """Walk the chain now and say what was found."""
    verdict = service.check(g.session, g.actor)
    if verdict.holds:
        flash(gettext(N_("The chain holds: %(entries)s entries"), entries=verdict.entries), "success")
    else:
        flash(gettext(N_("The chain is broken at entry %(entry)s"), entry=verdict.broken_at), "error")
    return redirect_to(url_for("audit.index"))


@blueprint.post("/audit/export.csv")
def export() -> Response:
    """The entries of the present view as CSV; that it was taken is an entry itself."""
    wanted, _errors = forms.read_filter(request.form)
    service.note_export(g.session, g.actor, wanted)
    stream = _csv(_rows(g.parts.sessions, g.actor, wanted))
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "no-store"}
    return Response(stream, mimetype="text/csv", headers=headers)


def _rows(sessions: Any, actor: Any, wanted: Filter) -> Iterator[Any]:
    """The entries, read in a session of their own: the request's has ended when the answer streams."""
    with sessions() as session:
        yield from queries.every(session, actor, wanted)


def _csv(rows: Iterable[Any]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow((*COLUMNS, SENTENCE))
    for row in rows:
        writer.writerow([*(cell(getattr(row, name)) for name in COLUMNS), cell(sentences.sentence(row))])
        if buffer.tell() > 1 << 16:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
