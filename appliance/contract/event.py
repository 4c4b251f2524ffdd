"""Events: CloudEvents 1.0 that say what has happened to which record.

An event carries ids, names of fields and counts, never a name, a phone, an address or words of a person: whoever needs
those reads the record, with the rights of the reader. So events may be kept, replayed and relayed, and no client's data
is copied. What the product keeps in an event beyond the contract is for itself and never published.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from appliance.contract.version import CONTRACT_VERSION, VersionRefused, check

SOURCE = "/ostrov/crm"
DATASCHEMA = "urn:ostrov:contract:"


class EventData(BaseModel):
    """What an event says; a field of a newer minor version is kept as it came."""

    model_config = ConfigDict(extra="allow")


class OrganisationEvent(EventData):
    """About an organisation as a whole."""

    organisation_id: int


class OrganisationChanged(OrganisationEvent):
    """Which of its fields were changed."""

    fields: list[str]


class PersonEvent(EventData):
    """About a person as a whole."""

    person_id: int


class PersonChanged(PersonEvent):
    """Which of the fields were changed."""

    fields: list[str]


class ProductEvent(EventData):
    """About a product as a whole."""

    product_id: int


class ProductChanged(ProductEvent):
    """Which of its fields were changed."""

    fields: list[str]


class DealEvent(EventData):
    """About a deal as a whole."""

    deal_id: int


class DealChanged(DealEvent):
    """Which of its fields were changed; "items" stands for its products."""

    fields: list[str]


class TaskEvent(EventData):
    """About a task as a whole."""

    task_id: int


class TaskChanged(TaskEvent):
    """Which of its fields were changed."""

    fields: list[str]


class CommunicationEvent(EventData):
    """About a communication as a whole."""

    communication_id: int


class CommunicationFiled(CommunicationEvent):
    """What kind of communication it is: call, email, note, ..."""

    kind: str


class CommunicationRead(CommunicationEvent):
    """How many proposals were made from it."""

    proposals: int


class CommunicationStuck(CommunicationEvent):
    """Which step could not be done: transcription or understanding."""

    step: str


class DocumentEvent(EventData):
    """About a document as a whole."""

    document_id: int


class DocumentGone(DocumentEvent):
    """The SHA-256 of the file that was removed."""

    sha256: str


class RecordingGone(CommunicationEvent):
    """The SHA-256 of the recording that no communication needs any more."""

    sha256: str


class UserEvent(EventData):
    """About an account."""

    user_id: int


class RoleEvent(EventData):
    """About a role."""

    role_id: int


class ProposalEvent(EventData):
    """Which proposal of which communication, and for which field."""

    communication_id: int
    proposal_id: int
    field: str


class ProposalTaken(ProposalEvent):
    """How it was accepted (accepted, edited, kept) and the record that it was written to, such as deal/12."""

    state: str
    target: str


class RunTakenBack(EventData):
    """How many changes of a run were taken back, and how many stayed because somebody had gone on with them."""

    communication_id: int
    run_id: str
    reverted: int
    kept: int


class RunJudged(EventData):
    """People have decided about values of a run; the run tells which."""

    communication_id: int
    run_id: str


class AnswerJudged(EventData):
    """What somebody thinks of the assistant's answer: useful or useless, and what was wrong with it.

    `reason` is empty or one of wrong, incomplete, outdated, source, unclear, other.
    """

    user_id: int
    run_id: str
    opinion: str
    reason: str


# Every type of event with what its data holds. An event that is not on this list is not part of the contract.
EVENTS: Mapping[str, type[EventData]] = {
    "answer.judged": AnswerJudged,
    "communication.created": CommunicationFiled,
    "communication.received": CommunicationEvent,
    "communication.transcribed": CommunicationEvent,
    "communication.understood": CommunicationRead,
    "communication.failed": CommunicationStuck,
    "communication.updated": CommunicationEvent,
    "communication.deleted": CommunicationEvent,
    "deal.created": DealEvent,
    "deal.updated": DealChanged,
    "deal.deleted": DealEvent,
    "document.created": DocumentEvent,
    "document.read_again": DocumentEvent,
    "document.indexed": DocumentEvent,
    "document.updated": DocumentEvent,
    "document.deleted": DocumentGone,
    "organisation.created": OrganisationEvent,
    "organisation.updated": OrganisationChanged,
    "organisation.deleted": OrganisationEvent,
    "person.created": PersonEvent,
    "person.updated": PersonChanged,
    "person.deleted": PersonEvent,
    "product.created": ProductEvent,
    "product.updated": ProductChanged,
    "product.deleted": ProductEvent,
    "proposal.accepted": ProposalTaken,
    "proposal.rejected": ProposalEvent,
    "recording.orphaned": RecordingGone,
    "role.updated": RoleEvent,
    "run.judged": RunJudged,
    "run.undone": RunTakenBack,
    "task.created": TaskEvent,
    "task.completed": TaskEvent,
    "task.updated": TaskChanged,
    "task.deleted": TaskEvent,
    "user.created": UserEvent,
    "user.updated": UserEvent,
}


class Event(BaseModel):
    """A CloudEvent 1.0 in JSON. Other extension attributes than ours are kept as they came."""

    model_config = ConfigDict(extra="allow")

    specversion: Literal["1.0"]
    id: UUID = Field(description="unique; a receiver that has taken this id before may ignore the event")
    source: str = Field(min_length=1)
    type: str = Field(min_length=1, description="what happened, such as deal.updated")
    subject: str = Field(min_length=1, description="the record, such as deal/12")
    time: AwareDatetime
    datacontenttype: Literal["application/json"]
    dataschema: str = Field(description="urn:ostrov:contract:VERSION:TYPE, the contract that `data` is written in")
    sequence: str = Field(pattern=r"^\d{20}$", description="grows with every event; sorts as text; the cursor `after`")
    actorid: str | None = Field(default=None, description="the account that did it; absent when the system did")
    data: dict[str, Any]


class EventList(BaseModel):
    """One page of events, oldest first; `next` is the cursor of the following page, null when there is none yet."""

    items: list[Event]
    next: str | None = None


def dataschema(event_type: str) -> str:
    """The address of the contract of one type of event."""
    return f"{DATASCHEMA}{CONTRACT_VERSION}:{event_type}"


def published(event_type: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an event's data that the contract names."""
    named = EVENTS[event_type].model_fields if event_type in EVENTS else {}
    return {name: value for name, value in data.items() if name in named}


def read_event(document: Mapping[str, Any]) -> tuple[Event, EventData]:
    """An event and its typed data.

    Raises VersionRefused for a contract of another major version and pydantic's ValidationError for what does not fit.
    A type that is not known is new in a later minor version: its data is kept as it came.
    """
    schema = document.get("dataschema")
    if isinstance(schema, str) and schema.startswith(DATASCHEMA):
        check(schema.removeprefix(DATASCHEMA).partition(":")[0])
    elif schema is not None:
        raise VersionRefused(f"dataschema is {schema!r}; events of this contract have {DATASCHEMA}VERSION:TYPE there.")
    event = Event.model_validate(document)
    return event, EVENTS.get(event.type, EventData).model_validate(event.data)
