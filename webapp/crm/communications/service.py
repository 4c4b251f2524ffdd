"""What can be done with communications. Nothing here commits, and nothing here waits for a model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from webapp.crm.communications import queries
from webapp.crm.communications.messages import (
    NO_SPEECH,
    QUEUED,
    CommunicationCreated,
    CommunicationDeleted,
    CommunicationFailed,
    CommunicationReceived,
    CommunicationTranscribed,
    CommunicationUpdated,
    Links,
    ReceiveCall,
    RecordingOrphaned,
    StoredFile,
    WriteDown,
)
from webapp.crm.communications.models import Communication, Recording, Segment, TranscriptPiece
from webapp.crm.deals.models import Deal
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.kit.access import Actor, require, require_any
from webapp.kit.cleaning import FIRST_YEAR
from webapp.kit.clock import now
from webapp.kit.errors import Conflict, Invalid
from webapp.kit.i18n import N_
from webapp.kit.outbox import emit

SWAPPED = {"client": "colleague", "colleague": "client", "unknown": "unknown"}
OTHER = {"0": "1", "1": "0"}


def check_filing(session: Session, actor: Actor, links: Links) -> None:
    """Whether the actor may file something with these records: asked before a long recording is stored in vain."""
    require_any(actor, "communication", "create")
    _checked(session, actor, links)


def receive_call(session: Session, actor: Actor, command: ReceiveCall) -> tuple[Communication, bool]:
    """File a call; answers it and whether the same recording had been filed before (then that call is answered)."""
    require_any(actor, "communication", "create")
    links = _checked(session, actor, command.links)
    recording = _recording(session, command.file)
    known = queries.with_recording(session, actor, recording.id)
    if known is not None:
        return known, True
    call = Communication(
        kind="call",
        direction=command.direction,
        subject=command.subject,
        occurred_at=command.occurred_at or now(),
        recording_id=recording.id,
        state="received",
        state_detail=QUEUED,
        **_filed(actor, links),
    )
    session.add(call)
    session.flush()
    emit(session, CommunicationCreated(call.id, "call"))
    emit(session, CommunicationReceived(call.id))
    return call, False


def write_down(session: Session, actor: Actor, command: WriteDown) -> Communication:
    """File a note, an e-mail, a message or a meeting."""
    require_any(actor, "communication", "create")
    links = _checked(session, actor, command.links)
    written = Communication(
        kind=command.kind,
        direction=command.direction,
        subject=command.subject,
        body=command.body,
        occurred_at=command.occurred_at or now(),
        state="done",
        human_fields=["subject", "body"],
        **_filed(actor, links),
    )
    session.add(written)
    session.flush()
    emit(session, CommunicationCreated(written.id, command.kind))
    return written


def _filed(actor: Actor, links: Links) -> dict[str, Any]:
    return {
        "owner_id": actor.id,
        "team_id": actor.team_id,
        "person_id": links.person_id,
        "organisation_id": links.organisation_id,
        "deal_id": links.deal_id,
    }


def _checked(session: Session, actor: Actor, links: Links) -> Links:
    """The links, each to a record that the actor may see, with the client of the deal and person filled in."""
    pairs = ((Person, links.person_id), (Organisation, links.organisation_id), (Deal, links.deal_id))
    for entity, there in queries.links_exist(session, actor, pairs).items():
        if not there:
            field = "deal_id" if entity == "deal" else "client_id"
            raise Invalid({field: N_("There is no such client that you may see")})
    person_id, organisation_id = links.person_id, links.organisation_id
    if links.deal_id is not None and person_id is None and organisation_id is None:
        person_id, organisation_id = queries.client_of_deal(session, actor, links.deal_id)
    if person_id is not None and organisation_id is None:
        organisation_id = queries.organisation_of(session, actor, person_id)
    return Links(person_id, organisation_id, links.deal_id)


def _recording(session: Session, file: StoredFile) -> Recording:
    """The row of a stored file. Two uploads of one content can race: the unique hash decides, both get the same row."""
    values = {"sha256": file.sha256, "filename": file.filename, "media_type": file.media_type, "bytes": file.size}
    session.execute(insert(Recording).values(**values).on_conflict_do_nothing(index_elements=["sha256"]))
    found = queries.recording_by_content(session, file.sha256)
    if found is None:
        raise Conflict(N_("The recording could not be stored; please upload it again"))
    return found


def say(session: Session, communication_id: int, detail: str) -> None:
    """Say what happens to a call at the moment (a message id); not a change of the record."""
    changed = update(Communication).where(Communication.id == communication_id)
    session.execute(changed.values(state_detail=detail, updated_at=Communication.updated_at))


def store_transcript(session: Session, call: Communication, result: dict[str, Any]) -> list[Segment]:
    """Keep what the speech model heard; the call is then transcribed."""
    session.execute(delete(Segment).where(Segment.communication_id == call.id))
    session.execute(delete(TranscriptPiece).where(TranscriptPiece.communication_id == call.id))
    call.heard_seconds = None
    heard = [piece for piece in result.get("segments", []) if str(piece.get("text", "")).strip()]
    rows = [
        Segment(
            communication_id=call.id,
            position=position,
            start=float(piece["start"]),
            end=float(piece["end"]),
            text=str(piece["text"]).strip(),
            channel=piece.get("channel"),
            words=piece.get("words") or [],
        )
        for position, piece in enumerate(heard)
    ]
    session.add_all(rows)
    call.language = result.get("language") if rows else None
    call.state = "transcribed"
    call.state_detail = ""
    call.transcribed_at = now()
    recording = queries.recording_of(session, call)
    if recording is not None:
        recording.duration_seconds = result.get("duration")
        recording.channels = result.get("channels")
    session.flush()
    emit(session, CommunicationTranscribed(call.id), priority_of(result.get("duration")))
    return rows


def priority_of(seconds: float | None) -> int:
    """Where a call stands among those to be read: a long one, which takes minutes, behind the short ones."""
    return -int((seconds or 0.0) // 60)


def store_piece(session: Session, call: Communication, result: dict[str, Any]) -> bool:
    """Keep what was heard of a piece that is not the last; False when that piece has been kept already."""
    if (call.heard_seconds or 0.0) != result["start"]:
        return False
    session.add(TranscriptPiece(communication_id=call.id, start=result["start"], end=result["next"], heard=result))
    call.heard_seconds = result["next"]
    recording = queries.recording_of(session, call)
    if recording is not None:
        recording.duration_seconds = result["duration"]
    session.flush()
    return True


def joined(pieces: Sequence[TranscriptPiece], last: dict[str, Any]) -> dict[str, Any]:
    """The transcript of a whole recording from its pieces: times count from its start in each of them already."""
    heard = [piece.heard for piece in pieces] + [last]
    segments = [segment for one in heard for segment in one.get("segments", [])]
    languages = [one["language"] for one in heard if one.get("language")]
    return last | {
        "language": languages[0] if languages else None,
        "channels": max(one.get("channels") or 1 for one in heard),
        "segments": sorted(segments, key=lambda segment: (segment["start"], segment["end"])),
    }


def name_speakers(segments: Sequence[Segment], by_channel: dict[str, str], by_segment: Sequence[str]) -> None:
    """Keep who is heard: said for each segment, or for each channel."""
    for segment in segments:
        if len(by_segment) == len(segments):
            segment.speaker = by_segment[segment.position]
        elif segment.channel is not None:
            segment.speaker = by_channel.get(str(segment.channel), segment.speaker)


def finish(session: Session, call: Communication, detail: str = "") -> None:
    """The call is understood; `detail` is said when there is nothing to propose."""
    call.state = "understood"
    call.state_detail = detail
    call.understood_at = now()
    session.flush()


def fail(session: Session, call: Communication, detail: str) -> None:
    """A step cannot be done: say why; a person may try again."""
    call.state = "failed"
    call.state_detail = detail
    session.flush()
    emit(session, CommunicationFailed(call.id, "understanding" if call.transcribed_at else "transcription"))


def try_again(session: Session, actor: Actor, communication_id: int) -> Communication:
    """Take up a failed call where it failed."""
    call = queries.one(session, actor, communication_id, lock=True)
    require(actor, call, "edit")
    if call.state != "failed":
        raise Conflict(N_("This call has not failed; there is nothing to try again"))
    _resume(session, call)
    return call


def understand_again(session: Session, actor: Actor, communication_id: int) -> Communication:
    """Read the transcript of a call anew, for example after its speakers were changed."""
    call = queries.one(session, actor, communication_id, lock=True)
    require(actor, call, "edit")
    if call.transcribed_at is None or call.state not in ("understood", "failed"):
        raise Conflict(N_("This call is still being processed"))
    _resume(session, call)
    return call


def _resume(session: Session, call: Communication) -> None:
    call.state_detail = ""
    if call.transcribed_at is None:
        call.state, call.state_detail = "received", QUEUED
        emit(session, CommunicationReceived(call.id))
    else:
        call.state = "transcribed"
        recording = queries.recording_of(session, call)
        seconds = recording.duration_seconds if recording is not None else None
        emit(session, CommunicationTranscribed(call.id), priority_of(seconds))
    session.flush()


def flip_speakers(session: Session, actor: Actor, communication_id: int) -> Communication:
    """Swap client and colleague: a person has heard that it is the other way round."""
    call = queries.one(session, actor, communication_id, lock=True)
    require(actor, call, "edit")
    pieces = queries.segments(session, call.id)
    if not pieces:
        raise Conflict(NO_SPEECH)
    for piece in pieces:
        piece.speaker = SWAPPED[piece.speaker]
    call.human_fields = sorted({*call.human_fields, "speakers"})
    session.flush()
    emit(session, CommunicationUpdated(call.id))
    return call


def remove(session: Session, actor: Actor, communication_id: int) -> None:
    """Delete a communication; its recording follows after the commit, when no other call needs it."""
    found = queries.one(session, actor, communication_id, lock=True)
    require(actor, found, "delete")
    recording = queries.recording_of(session, found)
    session.delete(found)
    emit(session, CommunicationDeleted(communication_id))
    session.flush()
    if recording is not None and not queries.recording_in_use(session, recording.id):
        session.delete(recording)
        emit(session, RecordingOrphaned(communication_id, recording.sha256))


def in_past(moment: datetime | None) -> datetime | None:
    """A moment that is not in the future; Invalid otherwise (clocks may differ by a day across zones)."""
    if moment is not None and moment.year < FIRST_YEAR:
        raise Invalid({"occurred_at": N_("This date is too far away")})
    if moment is not None and (moment - now()).total_seconds() > DAY_SECONDS:
        raise Invalid({"occurred_at": N_("This moment lies in the future")})
    return moment


DAY_SECONDS = 86_400
