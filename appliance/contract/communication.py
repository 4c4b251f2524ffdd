"""Communications as the API shows them: a call with its transcript, summary and proposals; e-mails, notes, meetings."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from appliance.contract.proposal import Proposal

Kind = Literal["call", "email", "message", "meeting", "form", "note"]
State = Literal["received", "transcribed", "understood", "failed", "done"]


class Reference(BaseModel):
    """A record that this one belongs to."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str


class Word(BaseModel):
    """One recognised word; times in seconds from the start of the recording."""

    model_config = ConfigDict(extra="ignore")

    word: str
    start: float
    end: float
    probability: float | None = None


class TranscriptSegment(BaseModel):
    """One utterance; `speaker` is client, colleague or unknown, `channel` 0 or 1 in a two-channel recording."""

    start: float
    end: float
    text: str
    speaker: str
    channel: int | None
    words: list[Word]


class Transcript(BaseModel):
    """What was said, in time order; `duration` in seconds."""

    language: str | None
    duration: float | None
    segments: list[TranscriptSegment]


class SummarySentence(BaseModel):
    """One sentence of the summary with the words that support it."""

    model_config = ConfigDict(extra="ignore")

    text: str
    quote: str
    second: float


class RecordingInfo(BaseModel):
    """The stored recording; `url` plays it (with range requests) for whoever may see the communication."""

    filename: str
    media_type: str
    bytes: int
    sha256: str
    duration: float | None
    channels: int | None
    url: str


class CommunicationSummary(BaseModel):
    """A communication in a list. `detail` says in words what happens, what is waited for, or why it failed."""

    id: int
    kind: Kind
    direction: str
    subject: str
    state: State
    detail: str
    summary: str
    language: str | None
    intent: str | None
    sentiment: str | None
    occurred_at: datetime
    person: Reference | None
    organisation: Reference | None
    deal_id: int | None
    owner_id: int | None
    team_id: int | None
    to_review: int = Field(description="How many proposals wait for a decision")
    created_at: datetime
    updated_at: datetime
    version: int
    url: str


class Communication(CommunicationSummary):
    """A communication with everything that belongs to it."""

    body: str
    summary_sentences: list[SummarySentence]
    recording: RecordingInfo | None
    transcript: Transcript | None
    proposals: list[Proposal]


class Uploaded(Communication):
    """The answer to an upload; `already` says that the same recording had been uploaded before."""

    already: bool = False
    message: str = ""


class CommunicationList(BaseModel):
    """One page of communications, newest first; `next` is the cursor of the next page."""

    items: list[CommunicationSummary]
    next: str | None
