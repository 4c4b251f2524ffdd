"""Tables of communications, recordings and transcript segments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.crm.deals.models import Deal
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.kit.db import Base, Owned, Timestamped
from webapp.kit.searchable import SearchPart

KINDS = ("call", "email", "message", "meeting", "form", "note")
# A call moves received -> transcribed -> understood; "failed" says why in state_detail; other kinds are "done" at once.
STATES = ("received", "transcribed", "understood", "failed", "done")


class Recording(Base, Timestamped):
    """A stored audio file, known by its content: the same file uploaded twice is stored once."""

    __tablename__ = "recordings"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    filename: Mapped[str]
    media_type: Mapped[str]
    bytes: Mapped[int]
    duration_seconds: Mapped[float | None]
    channels: Mapped[int | None]


class Communication(Base, Owned):
    """A call, e-mail, message, meeting, form or note with a client."""

    __tablename__ = "communications"
    __entity__ = "communication"
    __table_args__ = (
        Index(None, "organisation_id", "occurred_at", "id"),
        Index(None, "person_id", "occurred_at", "id"),
        Index(None, "occurred_at", "id"),
        Index("ix_communications_review", "occurred_at", "id", postgresql_where=text("to_review > 0")),
        CheckConstraint("kind IN ('call','email','message','meeting','form','note')", name="kind_known"),
        CheckConstraint("state IN ('received','transcribed','understood','failed','done')", name="state_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    direction: Mapped[str] = mapped_column(default="unknown", server_default="unknown")
    subject: Mapped[str] = mapped_column(default="", server_default="")
    body: Mapped[str] = mapped_column(default="", server_default="")
    summary: Mapped[str] = mapped_column(default="", server_default="")
    language: Mapped[str | None]
    occurred_at: Mapped[datetime]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id", ondelete="SET NULL"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    deal_id: Mapped[int | None] = mapped_column(ForeignKey("deals.id", ondelete="SET NULL"), index=True)
    recording_id: Mapped[int | None] = mapped_column(ForeignKey("recordings.id"), index=True)
    state: Mapped[str] = mapped_column(default="done", server_default="done")
    # A message id for people: why it failed, or what the job waits for.
    state_detail: Mapped[str] = mapped_column(default="", server_default="", info={"silent": True})
    run_id: Mapped[str | None] = mapped_column(info={"silent": True})
    intent: Mapped[str | None]
    sentiment: Mapped[str | None]
    # Sentences of the summary: {text, quote, second}, seconds from the start of the recording.
    summary_points: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, default=list, server_default="[]", info={"silent": True}
    )
    # How far a recording has been written down, in seconds from its start; None before the first piece.
    heard_seconds: Mapped[float | None] = mapped_column(info={"silent": True})
    transcribed_at: Mapped[datetime | None] = mapped_column(info={"silent": True})
    understood_at: Mapped[datetime | None] = mapped_column(info={"silent": True})
    # How many proposals wait for a decision: kept by the assistant that makes them.
    to_review: Mapped[int] = mapped_column(default=0, server_default="0", info={"silent": True})

    organisation: Mapped[Organisation | None] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise")
    deal: Mapped[Deal | None] = relationship(lazy="raise")
    recording: Mapped[Recording | None] = relationship(lazy="raise")
    segments: Mapped[list[Segment]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="Segment.position", passive_deletes=True
    )

    def search_title(self) -> str:
        """The subject, else the start of the summary."""
        return self.subject or self.summary[:80] or self.kind

    def search_parts(self) -> list[SearchPart]:
        """Subject, body and summary; the transcript is indexed with its seconds when it arrives."""
        return [
            SearchPart("subject", self.subject, "name"),
            SearchPart("body", self.body),
            SearchPart("summary", self.summary),
        ]


class Segment(Base):
    """One utterance of a transcript; `words` is a list of {word, start, end, probability}, seconds from the start."""

    __tablename__ = "segments"
    __table_args__ = (UniqueConstraint("communication_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    communication_id: Mapped[int] = mapped_column(ForeignKey("communications.id", ondelete="CASCADE"))
    position: Mapped[int]
    start: Mapped[float]
    end: Mapped[float]
    text: Mapped[str]
    channel: Mapped[int | None]
    speaker: Mapped[str] = mapped_column(default="unknown", server_default="unknown")
    words: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default="[]")


class TranscriptPiece(Base):
    """What was heard between two moments of a long recording, kept until the whole is written down.

    `heard` is the speech engine's answer: language, channels, duration and segments with times from the very start.
    """

    __tablename__ = "transcript_pieces"

    communication_id: Mapped[int] = mapped_column(ForeignKey("communications.id", ondelete="CASCADE"), primary_key=True)
    start: Mapped[float] = mapped_column(primary_key=True)
    end: Mapped[float]
    heard: Mapped[dict[str, Any]]
