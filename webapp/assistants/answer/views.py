"""The assistant's page, its panel on a client's card, and the stream of an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from webapp.ai.gateway import BadOutput, BadRecording, FeatureOff, ModelUnavailable, problem_of
from webapp.ai.proposals.models import Opinion
from webapp.ai.switches import switches
from webapp.assistants.answer import opinions, service, why
from webapp.assistants.answer.service import Answered, Prepared
from webapp.assistants.answer.sources import address
from webapp.kit import changes
from webapp.kit.access import Actor
from webapp.kit.db import transaction
from webapp.kit.errors import AppError, NotFound
from webapp.kit.i18n import N_, _, gettext
from webapp.web.names import COMPLAINTS
from webapp.web.page import page, wants_fragment
from webapp.web.why import why_page

bp = Blueprint("answer", __name__, url_prefix="/assistant", template_folder="templates")
NUMBER = re.compile(r"\s?\[(\d+)\]")
SEARCHED = {
    "organisation": N_("organisations"),
    "person": N_("people"),
    "deal": N_("deals"),
    "task": N_("tasks"),
    "communication": N_("calls and notes"),
    "document": N_("documents"),
}
EXAMPLES = (
    N_("What did we promise in the last call?"),
    N_("Which deals wait for an answer from us?"),
    N_("What are the terms of delivery in the contract?"),
)


@bp.get("")
def index() -> Response:
    """The page on which questions are asked."""
    off = switches(g.parts.gateway).off(service.MODULE)
    return page("answer/index.html", examples=EXAMPLES, searched=_searched(), off=off)


@bp.get("/of/<kind>/<int:record_id>")
def panel(kind: str, record_id: int) -> Response:
    """The panel of a client's card: questions about this client alone."""
    if kind not in service.CLIENT_KINDS:
        raise NotFound
    if switches(g.parts.gateway).off(service.MODULE):
        return Response("")  # the card is shown without its panel
    return page("answer/panel.html", client=f"{kind}:{record_id}")


@bp.get("/answers/<run_id>/why")
def why_answer(run_id: str) -> Response:
    """Why an answer says what it says, and what the asker thinks of it."""
    found = why.of_answer(g.session, g.actor, g.parts.gateway, g.parts.sources, run_id)
    return why_page(found, after=Markup(_opinion(run_id, opinions.of(g.session, run_id))))  # noqa: S704 - a template


@bp.post("/answers/<run_id>/opinion")
def judge(run_id: str) -> ResponseReturnValue:
    """Take what the asker thinks of an answer; without scripts the page of the answer follows."""
    useful, reason = opinions.read(request.form)
    given = opinions.give(g.session, g.actor, run_id, useful=useful, reason=reason)
    if not wants_fragment():
        return redirect(url_for(".why_answer", run_id=run_id), 303)
    return Response(_opinion(run_id, given))


def _opinion(run_id: str, given: Opinion | None) -> str:
    """The question what an answer was worth, with what was said so far."""
    return render_template("answer/opinion.html", run_id=run_id, opinion=given, reasons=COMPLAINTS)


@bp.post("/ask")
def ask() -> Response:
    """Answer a question as server-sent events: `token` pieces, then `done` with the answer or why there is none."""
    client = service.read_client(request.form.get("client", ""))
    try:
        prepared = service.prepare(g.session, g.actor, g.parts, request.form.get("question", ""), client)
    except FeatureOff as error:
        return Response(_event("done", {"html": _switched_off(error)}), mimetype="text/event-stream")
    # The events begin after this transaction is committed, so the audit knows of the question whatever follows.
    answer = Response(stream_with_context(_events(prepared)), mimetype="text/event-stream")
    answer.headers.update({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    return answer


def _events(prepared: Prepared) -> Iterator[str]:
    actor: Actor = g.actor
    try:
        for name, data in g.parts.gateway.stream(service.MODULE, ("user", actor.id), prepared.value(), actor=actor.id):
            if name == "token":
                yield _event("token", {"text": data.get("text", "")})
            elif name == "result":
                yield _event("done", {"html": _finish(prepared, data)})
            elif name == "error":
                yield _event(
                    "done", {"html": _drawn(prepared, Answered(answered=False, answer=_said(problem_of(data))))}
                )
    except (ModelUnavailable, BadOutput, BadRecording) as error:
        yield _event("done", {"html": _drawn(prepared, Answered(answered=False, answer=_said(error)))})


def _finish(prepared: Prepared, result: Mapping[str, Any]) -> str:
    """Keep what was answered, in a transaction of its own, and draw it."""
    answer = service.understood(prepared, g.parts.sources, result)
    with transaction(g.parts.sessions) as session:
        changes.begin(session, g.actor, request_id=g.request_id)
        service.remember(session, g.actor, answer)
    return _drawn(prepared, answer)


def _drawn(prepared: Prepared, answer: Answered) -> str:
    key = f"a{g.request_id[:8]}"
    near = [
        {"title": s.title, "url": address(g.parts.sources, s.type, s.id, s.second, s.page), "icon": _icon(s.type)}
        for s in service.nearest(prepared.sources)
    ]
    run_id = answer.run.get("id")
    why_url = url_for(".why_answer", run_id=run_id) if run_id else None
    facts = {"answer": answer, "text": _with_numbers(answer, key), "key": key, "why_url": why_url}
    facts |= {"run_id": run_id, "opinion": None, "reasons": COMPLAINTS}
    return render_template("answer/answer.html", near=near, searched=_searched(), degraded=prepared.degraded, **facts)


def _with_numbers(answer: Answered, key: str) -> Markup:
    """The answer as safe markup whose [n] lead to their sources."""
    known = {c.n: c for c in answer.citations}
    cite = render_template

    def link(match: re.Match[str]) -> str:
        number = int(match.group(1))
        return cite("answer/cite.html", n=number, key=key, source=known[number]) if number in known else ""

    return Markup(NUMBER.sub(link, str(escape(answer.answer))))  # noqa: S704 - the text was escaped before the links


def _icon(kind: str) -> str:
    return str(g.parts.sources[kind].icon)


def _searched() -> list[str]:
    """What the actor's questions are answered from, in words."""
    return [_(name) for entity, name in SEARCHED.items() if entity in g.parts.sources and g.actor.may(entity)]


def _excused(prepared: Prepared, error: AppError) -> str:
    return _drawn(prepared, Answered(answered=False, answer=_said(error)))


def _switched_off(error: AppError) -> str:
    """The assistant says that it is off, and why."""
    answer = Answered(answered=False, answer=_said(error))
    return render_template("answer/answer.html", answer=answer, near=[], searched=_searched(), degraded=False)


def _said(error: AppError) -> str:
    """An error in words: what it is and what still works."""
    if isinstance(error, FeatureOff):
        reason = f" {_('Reason: %(reason)s.', reason=error.detail.rstrip('.'))}" if error.detail else ""
        return f"{_('The assistant is switched off.')}{reason} {_('Search still works.')}"
    return f"{gettext(error.title)}. {_('Search still works, and the question can be asked again in a minute.')}"


def _event(name: str, data: Mapping[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
