"""Communications in the API."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

from flask import Response, current_app, g, jsonify, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.file import FileStorage
from flask_openapi3.models.tag import Tag
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from appliance.contract import communication as contract
from webapp.crm.communications import forms, queries, service
from webapp.crm.communications.messages import Links, ReceiveCall, StoredFile, WriteDown
from webapp.crm.communications.models import Communication, Segment
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.kit import changes, files
from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_, _, show_datetime
from webapp.web import api as web

api = APIBlueprint("communication_api", __name__, abp_tags=[Tag(name="communications")])
# Who shows the proposals of a communication: a higher feature says so at start, see `offer_proposals`.
PROPOSALS = "communication.proposals"
Reader = Callable[[int], Sequence[Any]]


def offer_proposals(app: Any, reader: Reader) -> None:
    """Let `reader(communication_id)` answer the proposals that the API shows with a communication."""
    app.extensions[PROPOSALS] = reader


class CommunicationPath(BaseModel):
    """Which communication."""

    communication_id: int = Field(ge=1, lt=2**31)


class CommunicationQuery(BaseModel):
    """Which communications, from which cursor."""

    after: str | None = None
    limit: int = Field(default=50, ge=1, le=200)
    q: str = ""
    kind: str = ""
    state: str = Field(default="", description="review, running or failed")
    person_id: web.RecordId | None = None
    organisation_id: web.RecordId | None = None
    deal_id: web.RecordId | None = None


class NewCommunication(BaseModel):
    """A call with its recording, or a note, an e-mail, a message, a meeting with its text.

    `client_id` is "person:5", "organisation:7", or a number: a person with that id first, else an organisation.
    """

    model_config = ConfigDict(coerce_numbers_to_str=True)

    recording: FileStorage = Field(default=cast("FileStorage", None), description="A call's audio")
    kind: contract.Kind = "call"
    client_id: str = ""
    deal_id: web.RecordId | None = None
    occurred_at: AwareDatetime | None = None
    direction: str = ""
    subject: str = Field(default="", max_length=200)
    body: str = Field(default="", max_length=forms.LONGEST_TEXT)


@api.get("/communications", responses={200: contract.CommunicationList})
def list_communications(query: CommunicationQuery) -> Response:
    """Communications, newest first."""
    asked = queries.Filters(query.kind, query.state, query.q, query.person_id, query.organisation_id, query.deal_id)
    found = queries.page(g.session, g.actor, asked, after=query.after, limit=query.limit)
    items = [contract.CommunicationSummary(**_summary(row)) for row in found.rows]
    return _answer(contract.CommunicationList(items=items, next=found.next))


@api.post("/communications", responses={202: contract.Uploaded, 200: contract.Uploaded, 201: contract.Uploaded})
def upload_communication(form: NewCommunication) -> Response:
    """File a communication. A call answers 202 while it is processed, 200 when the recording was uploaded before."""
    moment = service.in_past(form.occurred_at)
    links = _links(form)
    direction = forms.read_direction(form.direction)
    if form.kind != "call":
        if not form.body.strip():
            raise Invalid({"body": N_("Write something first")})
        command = WriteDown(form.kind, form.body.strip(), form.subject, links, moment, direction)
        return _uploaded(service.write_down(g.session, g.actor, command), 201)
    service.check_filing(g.session, g.actor, links)
    file = _file(form.recording)
    call, already = service.receive_call(g.session, g.actor, ReceiveCall(file, links, moment, direction, form.subject))
    if not already:
        return _uploaded(call, 202)
    said = _("This recording was uploaded before: it belongs to the call of %(when)s.")
    return _uploaded(call, 200, said % {"when": show_datetime(call.occurred_at, "long")})


def _file(sent: Any) -> StoredFile:
    """The recording of the request, on disk in its place."""
    if sent is None:
        raise Invalid({"recording": N_("Send the recording as the multipart field “recording”")})
    settings = g.parts.settings
    hold = partial(files.hold, g.session)
    return forms.receive_recording(sent, settings.recordings_dir, settings.upload_max_megabytes, hold)


def _links(form: NewCommunication) -> Links:
    if not form.client_id.strip():
        return Links(deal_id=form.deal_id)
    kind, number = forms.read_client(form.client_id)
    if kind == "client":
        there = queries.links_exist(g.session, g.actor, [(Person, number)])
        kind = "person" if there["person"] else "organisation"
    if kind == "person":
        return Links(person_id=number, deal_id=form.deal_id)
    return Links(organisation_id=number, deal_id=form.deal_id)


@api.get("/communications/<int:communication_id>", responses={200: contract.Communication})
def get_communication(path: CommunicationPath) -> Response:
    """One communication with transcript, summary and proposals."""
    found = queries.one(g.session, g.actor, path.communication_id)
    changes.record(g.session, "communication.viewed", "communication", found.id)
    return _answer(contract.Communication(**_whole(found)))


@api.post("/communications/<int:communication_id>/retry", responses={202: contract.Communication})
def retry_communication(path: CommunicationPath) -> Response:
    """Take up a failed call where it failed."""
    call = service.try_again(g.session, g.actor, path.communication_id)
    return _answer(contract.Communication(**_whole(call)), 202)


@api.delete("/communications/<int:communication_id>")
def delete_communication(path: CommunicationPath) -> Response:
    """Delete a communication, and its recording when no other call needs it."""
    service.remove(g.session, g.actor, path.communication_id)
    return Response(status=204)


def _answer(value: BaseModel, status: int = 200) -> Response:
    response = jsonify(value.model_dump(mode="json"))
    response.status_code = status
    return response


def _uploaded(call: Communication, status: int, message: str = "") -> Response:
    fresh = queries.one(g.session, g.actor, call.id)
    response = _answer(contract.Uploaded(**_whole(fresh), already=bool(message), message=message), status)
    response.headers["Location"] = url_for(".get_communication", communication_id=call.id)
    return response


def _summary(found: Communication) -> dict[str, Any]:
    """The fields of a communication in a list."""
    person: Person | None = found.person
    organisation: Organisation | None = found.organisation
    same = ("id", "kind", "direction", "subject", "state", "summary", "language", "intent", "sentiment", "occurred_at")
    more = ("deal_id", "owner_id", "team_id", "to_review", "created_at", "updated_at", "version")
    return {name: getattr(found, name) for name in (*same, *more)} | {
        "detail": queries.progress(found).sentence if found.kind == "call" else "",
        "person": contract.Reference(id=person.id, name=person.full_name) if person else None,
        "organisation": contract.Reference(id=organisation.id, name=organisation.name) if organisation else None,
        "url": url_for("communications.show", communication_id=found.id),
    }


def _whole(found: Communication) -> dict[str, Any]:
    """The fields of a communication with everything that belongs to it."""
    reader: Reader = current_app.extensions.get(PROPOSALS, lambda _id: [])
    recording = found.recording
    return _summary(found) | {
        "body": found.body,
        "summary_sentences": found.summary_points,
        "recording": recording
        and {
            "filename": recording.filename,
            "media_type": recording.media_type,
            "bytes": recording.bytes,
            "sha256": recording.sha256,
            "duration": recording.duration_seconds,
            "channels": recording.channels,
            "url": url_for("communications.recording", communication_id=found.id),
        },
        "transcript": _transcript(found),
        "proposals": reader(found.id),
    }


def _transcript(found: Communication) -> contract.Transcript | None:
    if found.transcribed_at is None:
        return None
    pieces = [_piece(segment) for segment in queries.segments(g.session, found.id)]
    duration = found.recording.duration_seconds if found.recording else None
    return contract.Transcript(language=found.language, duration=duration, segments=pieces)


def _piece(segment: Segment) -> contract.TranscriptSegment:
    return contract.TranscriptSegment(
        start=segment.start,
        end=segment.end,
        text=segment.text,
        speaker=segment.speaker,
        channel=segment.channel,
        words=[contract.Word(**word) for word in segment.words],
    )
