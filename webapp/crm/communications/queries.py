"""Finding communications: every query starts from what the actor may see."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Integer, Select, column, func, select, text
from sqlalchemy.orm import Session, defer, joinedload, with_loader_criteria

from webapp.crm.communications.messages import QUEUED, TRANSCRIBED_SOME, TRANSCRIBING, UNDERSTANDING, WAITING
from webapp.crm.communications.models import Communication, Recording, Segment, TranscriptPiece
from webapp.crm.deals.models import Deal
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.kit.access import Actor, reach
from webapp.kit.errors import NotFound
from webapp.kit.i18n import gettext
from webapp.kit.paging import Page, count_capped, fetch

RUNNING = ("received", "transcribed")
KEYS = (Communication.occurred_at, Communication.id)


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to; `state` is review, running or failed; `q` are words of the text or transcript."""

    kind: str = ""
    state: str = ""
    q: str = ""
    person_id: int | None = None
    organisation_id: int | None = None
    deal_id: int | None = None


@dataclass(frozen=True)
class Progress:
    """Where a call stands: the name of the step for the page, how many steps are done, and one sentence.

    `note` is a message id, `values` what it is filled with.
    """

    step: str
    reached: int
    note: str
    running: bool
    values: Mapping[str, int] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The note in the reader's language; empty when there is nothing to say."""
        return gettext(self.note, **self.values) if self.note else ""


def progress(communication: Communication) -> Progress:
    """How far the processing of a call has come."""
    state, detail = communication.state, communication.state_detail
    reached = 2 if communication.transcribed_at else 1
    if state == "failed":
        return Progress("failed", reached, detail, running=False)
    if state not in RUNNING:
        return Progress("understood", 3, detail, running=False)
    if detail in WAITING:
        return Progress("waiting", reached, detail, running=True)
    if state == "received":
        recording = communication.recording if communication.heard_seconds else None
        duration = recording.duration_seconds if recording else None
        if communication.heard_seconds and duration:
            values = {"done": int(communication.heard_seconds // 60), "all": math.ceil(duration / 60)}
            return Progress("transcribing", 1, TRANSCRIBED_SOME, running=True, values=values)
        return Progress("transcribing" if detail == TRANSCRIBING else "received", 1, detail or QUEUED, running=True)
    return Progress("understanding", 2, detail or UNDERSTANDING, running=True)


def visible_to(actor: Actor) -> Select[Any]:
    """The communications that an actor may see; the names of clients come along where those may be seen too."""
    return (
        select(Communication)
        .where(reach(actor, Communication))
        .options(
            joinedload(Communication.person).load_only(Person.full_name, Person.owner_id, Person.team_id),
            joinedload(Communication.organisation).load_only(
                Organisation.name, Organisation.owner_id, Organisation.team_id
            ),
            with_loader_criteria(Person, reach(actor, Person), include_aliases=True),
            with_loader_criteria(Organisation, reach(actor, Organisation), include_aliases=True),
        )
    )


def visible_ids(actor: Actor) -> Select[Any] | None:
    """The ids that search may find for an actor."""
    return select(Communication.id).where(reach(actor, Communication))


def one(session: Session, actor: Actor, communication_id: int, *, lock: bool = False) -> Communication:
    """One communication with its recording and the names of its client; NotFound when it may not be seen."""
    statement = visible_to(actor).where(Communication.id == communication_id)
    statement = statement.options(joinedload(Communication.recording))
    if lock:
        statement = statement.with_for_update(of=Communication)
    found: Communication | None = session.scalars(statement.execution_options(populate_existing=lock)).unique().first()
    if found is None:
        raise NotFound
    return found


def for_job(session: Session, communication_id: int, *, lock: bool = False) -> Communication | None:
    """A communication for the work behind the scenes, whoever may see it."""
    statement = select(Communication).where(Communication.id == communication_id)
    if lock:
        statement = statement.with_for_update()
    return session.scalars(statement.execution_options(populate_existing=lock)).first()


def recording_of(session: Session, communication: Communication) -> Recording | None:
    """The stored file of a call."""
    return session.get(Recording, communication.recording_id) if communication.recording_id else None


def recording_by_content(session: Session, sha256: str) -> Recording | None:
    """The recording with this content."""
    return session.scalars(select(Recording).where(Recording.sha256 == sha256)).first()


def with_recording(session: Session, actor: Actor, recording_id: int) -> Communication | None:
    """The oldest call that the actor may see with this recording."""
    statement = visible_to(actor).where(Communication.recording_id == recording_id).order_by(Communication.id).limit(1)
    return session.scalars(statement).unique().first()


def recording_in_use(session: Session, recording_id: int) -> bool:
    """Whether some call still has this recording."""
    statement = select(Communication.id).where(Communication.recording_id == recording_id).limit(1)
    return session.scalar(statement) is not None


def segments(session: Session, communication_id: int) -> list[Segment]:
    """The transcript in time order."""
    statement = select(Segment).where(Segment.communication_id == communication_id).order_by(Segment.position)
    return list(session.scalars(statement))


def pieces(session: Session, communication_id: int) -> list[TranscriptPiece]:
    """What was heard so far of a long recording, in time order."""
    statement = select(TranscriptPiece).where(TranscriptPiece.communication_id == communication_id)
    return list(session.scalars(statement.order_by(TranscriptPiece.start)))


def narrowed(statement: Select[Any], filters: Filters, actor: Actor) -> Select[Any]:
    """A statement over communications with the filters applied; words of fields hidden from the actor find nothing."""
    if filters.kind:
        statement = statement.where(Communication.kind == filters.kind)
    if filters.state == "review":
        statement = statement.where(Communication.to_review > 0)
    elif filters.state == "running":
        statement = statement.where(Communication.state.in_(RUNNING))
    elif filters.state == "failed":
        statement = statement.where(Communication.state == "failed")
    if filters.person_id is not None:
        statement = statement.where(Communication.person_id == filters.person_id)
    if filters.organisation_id is not None:
        statement = statement.where(Communication.organisation_id == filters.organisation_id)
    if filters.deal_id is not None:
        statement = statement.where(Communication.deal_id == filters.deal_id)
    if filters.q.strip():
        hidden = actor.hidden_fields("communication")
        found = FOUND.bindparams(q=filters.q.strip(), hidden=hidden).columns(column("entity_id", Integer))
        statement = statement.where(Communication.id.in_(found))
    return statement


FOUND = text(
    "SELECT entity_id FROM chunks WHERE entity = 'communication' AND words @@ "
    "(websearch_to_tsquery('russian', :q) || websearch_to_tsquery('english', :q)) AND field <> ALL (:hidden)"
)


def page(session: Session, actor: Actor, filters: Filters, *, after: str | None, limit: int) -> Page[Any]:
    """One page of communications, newest first."""
    statement = narrowed(visible_to(actor), filters, actor).options(
        defer(Communication.summary_points), joinedload(Communication.recording)
    )
    return fetch(session, statement, KEYS, after=after, limit=limit, descending=True)


def count_to_review(session: Session, actor: Actor) -> int:
    """How many calls wait for a decision of somebody, counted no further than the cap."""
    statement = select(Communication).where(reach(actor, Communication), Communication.to_review > 0)
    return count_capped(session, statement)


def links_exist(session: Session, actor: Actor, pairs: Iterable[tuple[type[Any], int | None]]) -> dict[str, bool]:
    """For each entity whether the actor may see the record with this id; None ids are left out."""
    found: dict[str, bool] = {}
    for model, record_id in pairs:
        if record_id is not None:
            statement = select(func.count()).select_from(model).where(reach(actor, model), model.id == record_id)
            found[model.__entity__] = bool(session.scalar(statement))
    return found


def organisation_of(session: Session, actor: Actor, person_id: int) -> int | None:
    """The organisation at which a person works, when the actor may see the person."""
    return session.scalar(select(Person.organisation_id).where(reach(actor, Person), Person.id == person_id))


def client_of_deal(session: Session, actor: Actor, deal_id: int) -> tuple[int | None, int | None]:
    """Person and organisation of a deal that the actor may see."""
    statement = select(Deal.person_id, Deal.organisation_id).where(reach(actor, Deal), Deal.id == deal_id)
    row = session.execute(statement).first()
    return (row.person_id, row.organisation_id) if row else (None, None)
