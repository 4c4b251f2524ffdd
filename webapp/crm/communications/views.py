"""Pages and fragments of communications."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, Response, flash, g, request, send_file, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.crm.communications import forms, queries, service
from webapp.crm.communications.messages import ReceiveCall
from webapp.crm.communications.models import Communication
from webapp.crm.communications.shown import intent_label, links_to, segments_of, voices_of
from webapp.kit import changes, files
from webapp.kit.access import allows
from webapp.kit.errors import Invalid, NotFound
from webapp.kit.i18n import _, show_datetime
from webapp.web import errors as shown_errors
from webapp.web.page import page, redirect_to

bp = Blueprint("communications", __name__, url_prefix="/communications", template_folder="templates")
PAGE_SIZE = 30
TIMELINE_SIZE = 12
DRAIN_FACTOR = 8
PIECE_BYTES = 1 << 20
PLACES = ("person_id", "organisation_id", "deal_id")


@bp.get("")
def index() -> Response:
    """All communications that the actor may see, newest first."""
    asked = queries.Filters(request.args.get("kind", ""), request.args.get("state", ""), request.args.get("q", ""))
    found = queries.page(g.session, g.actor, asked, after=request.args.get("after"), limit=PAGE_SIZE)
    waiting = 0 if "after" in request.args else queries.count_to_review(g.session, g.actor)
    return page(
        "communications/index.html",
        block="rows",
        found=found,
        progress_of=queries.progress,
        asked=asked,
        waiting=waiting,
    )


@bp.get("/new")
def new() -> Response:
    """The page on which a call is uploaded, for a client or for nobody yet."""
    links = forms.read_links(request.args)
    return page("communications/new.html", links=links, errors={}, **_upload_facts())


@bp.post("")
def upload() -> Response:
    """Take a recording: the answer is the call in the timeline that it was dropped on, or the call's own page."""
    try:
        call, already = service.receive_call(g.session, g.actor, _arrived())
    except Invalid as error:
        links = forms.read_links({name: text for name, text in request.form.items() if text.isdecimal()})
        facts = {"links": links, "errors": error.errors, "place": request.form.get("place", "")}
        return page("communications/new.html", block="upload", status=422, **facts, **_upload_facts())
    if already:
        said = _("This recording was uploaded before: it belongs to the call of %(when)s.")
        flash(said % {"when": show_datetime(call.occurred_at, "long")}, "info")
    if request.form.get("place") == "timeline" and not already:
        g.session.flush()
        return page("communications/item.html", **_call_facts(queries.one(g.session, g.actor, call.id)))
    return redirect_to(url_for(".show", communication_id=call.id))


def _arrived() -> ReceiveCall:
    """The recording of the request, on disk in its place, and what was said about it."""
    settings = g.parts.settings
    links = forms.read_links(request.form)
    moment = service.in_past(forms.read_moment(request.form.get("occurred_at", ""), settings.timezone))
    direction = forms.read_direction(request.form.get("direction", ""))
    sent = request.files.get("recording")
    if sent is None or not sent.filename:
        raise Invalid({"recording": _("Choose a recording first")})
    service.check_filing(g.session, g.actor, links)
    hold = partial(files.hold, g.session)
    stored = forms.receive_recording(sent, settings.recordings_dir, settings.upload_max_megabytes, hold)
    return ReceiveCall(stored, links, moment, direction, request.form.get("subject", "").strip()[: forms.LONGEST_NAME])


def _upload_facts() -> dict[str, Any]:
    megabyte = 1024 * 1024
    return {"kinds": forms.RECORDING_KINDS, "max_bytes": g.parts.settings.upload_max_megabytes * megabyte}


@bp.post("/notes")
def write_down() -> Response:
    """File a note, an e-mail, a message or a meeting from the quick form of a timeline."""
    command, errors = forms.read_written(request.form, g.parts.settings.timezone)
    try:
        service.in_past(command.occurred_at)
    except Invalid as error:
        errors |= error.errors
    if errors:
        return page("communications/note.html", status=422, command=command, links=command.links, errors=errors)
    written = service.write_down(g.session, g.actor, command)
    if request.headers.get("HX-Request"):
        shown = queries.one(g.session, g.actor, written.id)
        return page("communications/written.html", links=command.links, **_call_facts(shown))
    return redirect_to(request.referrer or url_for(".index"))


@bp.get("/timeline")
def timeline() -> Response:
    """What was said and written with one client or about one deal: a fragment of their cards."""
    links = forms.read_links(request.args)
    asked = queries.Filters(person_id=links.person_id, organisation_id=links.organisation_id, deal_id=links.deal_id)
    found = queries.page(g.session, g.actor, asked, after=request.args.get("after"), limit=TIMELINE_SIZE)
    place = {name: request.args[name] for name in PLACES if name in request.args}
    facts: dict[str, Any] = {"found": found, "links": links, "place_args": place, "errors": {}, "command": None}
    facts |= {"progress_of": queries.progress, "may_write": g.actor.may("communication", "create")}
    return page(
        "communications/timeline.html", block="more" if "after" in request.args else None, **facts, **_upload_facts()
    )


@bp.get("/<int:communication_id>")
def show(communication_id: int) -> Response:
    """One communication."""
    found = queries.one(g.session, g.actor, communication_id)
    changes.record(g.session, "communication.viewed", "communication", found.id)
    return page("communications/show.html", block="call", **_call_facts(found, whole=True))


@bp.get("/<int:communication_id>/progress")
def progress(communication_id: int) -> Response:
    """How far a call has come; when a step is done, the part of the page that it changes."""
    found = queries.one(g.session, g.actor, communication_id)
    in_timeline = request.args.get("view") == "timeline"
    same = queries.progress(found).step == request.args.get("seen")
    facts = _call_facts(found, whole=not in_timeline and not same)
    if in_timeline:
        return page("communications/body.html", **facts)
    if same:
        return page("communications/progress.html", view="page", **facts)
    response = page("communications/show.html", block="call", **facts)
    response.headers["HX-Retarget"] = "#call"
    response.headers["HX-Reswap"] = "outerHTML"
    return response


@bp.get("/<int:communication_id>/listen")
def listen(communication_id: int) -> Response:
    """Player and transcript alone, for a timeline."""
    found = queries.one(g.session, g.actor, communication_id)
    return page("communications/listen.html", **_call_facts(found, whole=True))


@bp.get("/<int:communication_id>/links")
def links(communication_id: int) -> Response:
    """What a communication belongs to."""
    found = queries.one(g.session, g.actor, communication_id)
    return page("communications/links.html", call=found, links_to=links_to(found), intent=intent_label(found.intent))


@bp.get("/<int:communication_id>/recording")
def recording(communication_id: int) -> Response:
    """The recording itself; browsers ask for the ranges that they play."""
    found = queries.one(g.session, g.actor, communication_id).recording
    if found is None:
        raise NotFound
    path = g.parts.settings.recordings_dir / found.sha256
    if not path.is_file():
        raise NotFound(_("The recording is not on this server any more"))
    answer = send_file(
        path, mimetype=found.media_type, conditional=True, etag=found.sha256, download_name=found.filename, max_age=3600
    )
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


@bp.post("/<int:communication_id>/retry")
def retry(communication_id: int) -> Response:
    """Take up a failed call where it failed."""
    call = service.try_again(g.session, g.actor, communication_id)
    return redirect_to(url_for(".show", communication_id=call.id))


@bp.post("/<int:communication_id>/understand")
def understand(communication_id: int) -> Response:
    """Read the transcript of a call anew."""
    call = service.understand_again(g.session, g.actor, communication_id)
    return redirect_to(url_for(".show", communication_id=call.id))


@bp.post("/<int:communication_id>/speakers")
def speakers(communication_id: int) -> Response:
    """Swap client and colleague."""
    service.flip_speakers(g.session, g.actor, communication_id)
    return redirect_to(url_for(".show", communication_id=communication_id))


@bp.post("/<int:communication_id>/delete")
def delete(communication_id: int) -> Response:
    """Delete a communication, and its recording when no other call needs it."""
    service.remove(g.session, g.actor, communication_id)
    flash(_("Deleted"), "success")
    return redirect_to(url_for(".index"))


def _call_facts(found: Communication, *, whole: bool = False) -> dict[str, Any]:
    """What the templates show of a communication; `whole` brings the transcript too."""
    heard = segments_of(queries.segments(g.session, found.id)) if whole and found.transcribed_at else []
    return {
        "call": found,
        "progress": queries.progress(found),
        "segments": heard,
        "voices": voices_of(found, heard),
        "may_edit": allows(g.actor, found, "edit"),
        "may_delete": allows(g.actor, found, "delete"),
        "links_to": links_to(found) if whole else {},
        "intent": intent_label(found.intent),
    }


def over_limit(_error: RequestEntityTooLarge) -> Response:
    """Answer an upload over the limit by naming the limit; what still comes is read, so that the answer arrives."""
    settings = g.parts.settings
    stream = request.environ["wsgi.input"]
    left = min(request.content_length or 0, DRAIN_FACTOR * settings.upload_max_megabytes * PIECE_BYTES)
    while left > 0 and (piece := stream.read(min(left, PIECE_BYTES))):
        left -= len(piece)
    field = "recording" if "communications" in request.path else "file"
    return shown_errors.respond(files.too_large(settings.upload_max_megabytes, field))
