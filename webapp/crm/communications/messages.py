"""What can be asked of communications, what has happened to them, and what people are told meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from webapp.kit.i18n import N_

QUEUED = N_("The recording is stored. Transcription starts in a moment.")
TRANSCRIBING = N_("Listening to the recording and writing down who says what.")
TRANSCRIBED_SOME = N_("%(done)s of %(all)s minutes are written down. Shorter calls may have their turn in between.")
UNDERSTANDING = N_("The transcript is ready. Looking for what was agreed.")
WAITING_FOR_SPEECH = N_("Waiting for the speech model. The call goes on by itself as soon as the model is back.")
WAITING_FOR_CHAT = N_("Waiting for the language model. The transcript can be used already; the rest follows by itself.")
NO_SPEECH = N_("No speech was found in this recording, so there is nothing to propose.")
NO_PROPOSALS = N_("Nothing was found in this call that belongs on a card.")
OTHER_LANGUAGE = N_("The language of this call is not one that proposals are made for. The transcript is below.")
WAITING = frozenset({WAITING_FOR_SPEECH, WAITING_FOR_CHAT})


@dataclass(frozen=True)
class Links:
    """The records that a communication belongs to, as ids."""

    person_id: int | None = None
    organisation_id: int | None = None
    deal_id: int | None = None


@dataclass(frozen=True)
class StoredFile:
    """A recording that lies in its place on disk: its SHA-256, size in bytes, name as uploaded and media type."""

    sha256: str
    size: int
    filename: str
    media_type: str


@dataclass(frozen=True)
class ReceiveCall:
    """File a call with its recording; without `occurred_at` it happened now."""

    file: StoredFile
    links: Links = Links()
    occurred_at: datetime | None = None
    direction: str = "unknown"
    subject: str = ""


@dataclass(frozen=True)
class WriteDown:
    """File a note, an e-mail, a message or a meeting."""

    kind: str
    body: str
    subject: str = ""
    links: Links = Links()
    occurred_at: datetime | None = None
    direction: str = "unknown"


class OfCommunication:
    """What its subject is, for whatever happens to one communication."""

    subject_type: ClassVar[str] = "communication"
    communication_id: int

    @property
    def subject_id(self) -> int:
        """The communication."""
        return self.communication_id


@dataclass(frozen=True)
class CommunicationCreated(OfCommunication):
    """A communication has been filed."""

    type: ClassVar[str] = "communication.created"
    communication_id: int
    kind: str


@dataclass(frozen=True)
class CommunicationReceived(OfCommunication):
    """A recording waits to be transcribed."""

    type: ClassVar[str] = "communication.received"
    communication_id: int


@dataclass(frozen=True)
class CommunicationTranscribed(OfCommunication):
    """A transcript is there and waits to be understood."""

    type: ClassVar[str] = "communication.transcribed"
    communication_id: int


@dataclass(frozen=True)
class CommunicationUnderstood(OfCommunication):
    """Summary and proposals are there; `proposals` says how many."""

    type: ClassVar[str] = "communication.understood"
    communication_id: int
    proposals: int


@dataclass(frozen=True)
class CommunicationFailed(OfCommunication):
    """A step could not be done; `step` is transcription or understanding."""

    type: ClassVar[str] = "communication.failed"
    communication_id: int
    step: str


@dataclass(frozen=True)
class CommunicationUpdated(OfCommunication):
    """A person has changed a communication."""

    type: ClassVar[str] = "communication.updated"
    communication_id: int


@dataclass(frozen=True)
class RecordingOrphaned(OfCommunication):
    """No call needs this recording any more: its file can go."""

    type: ClassVar[str] = "recording.orphaned"
    communication_id: int
    sha256: str


@dataclass(frozen=True)
class CommunicationDeleted(OfCommunication):
    """A communication is gone."""

    type: ClassVar[str] = "communication.deleted"
    communication_id: int
