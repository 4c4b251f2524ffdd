"""Tables of proposals and of the runs they come from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base

REASONS = ("wrong", "incomplete", "outdated", "source", "unclear", "other")
STATES = ("proposed", "accepted", "edited", "rejected", "undone", "kept")


class Run(Base):
    """One run of a module, as the CRM needs it; the gateway keeps the full log under the same id."""

    __tablename__ = "runs"
    __table_args__ = (Index(None, "subject_type", "subject_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    subject_type: Mapped[str]
    subject_id: Mapped[int]
    module: Mapped[str]
    module_version: Mapped[str]
    prompt_version: Mapped[str] = mapped_column(default="", server_default="")
    prompt_hash: Mapped[str] = mapped_column(default="", server_default="")
    model: Mapped[str] = mapped_column(default="", server_default="")
    duration_ms: Mapped[int] = mapped_column(default=0, server_default="0")
    prompt_tokens: Mapped[int] = mapped_column(default=0, server_default="0")
    completion_tokens: Mapped[int] = mapped_column(default=0, server_default="0")
    asked_by: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    undone_at: Mapped[datetime | None]
    # The records that an answer rests on, in the order of its citations: {"n", "type", "id", "second", "page"} each.
    # Their words stay in the gateway's log and in the records themselves.
    cited: Mapped[list[Any] | None] = mapped_column(JSONB)


class Opinion(Base):
    """What the asker thinks of the answer of a run; a later opinion takes the place of an earlier one.

    `reason` says what was wrong with an answer that was of no use: one of REASONS, or nothing. Nobody's own words.
    """

    __tablename__ = "opinions"
    __table_args__ = (Index(None, "at"),)

    run_id: Mapped[str] = mapped_column(primary_key=True)
    useful: Mapped[bool]
    reason: Mapped[str] = mapped_column(default="", server_default="")
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class Proposal(Base):
    """A value that a module suggests for a field, with the words it rests on.

    The constraint is the promise: a value without evidence cannot be stored. `state`: proposed; accepted; edited
    (accepted with `final_value` typed by a person); rejected; undone; kept (accepted, but a person's own value stood in
    the field and was kept). `target_type`/`target_id` name the record that the acceptance wrote.
    """

    __tablename__ = "proposals"
    __entity__ = "proposal"
    __history__ = False  # a proposal keeps its own history: who decided what, and when
    __table_args__ = (
        CheckConstraint("length(btrim(quote)) > 0", name="evidence_given"),
        CheckConstraint("second >= 0", name="second_not_negative"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence_is_a_share"),
        CheckConstraint("value <> 'null'::jsonb", name="value_given"),
        CheckConstraint("state IN ('proposed','accepted','edited','rejected','undone','kept')", name="state_known"),
        Index(None, "subject_type", "subject_id"),
        Index(None, "run_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[int]
    module: Mapped[str]
    module_version: Mapped[str]
    model: Mapped[str]
    field: Mapped[str]
    value: Mapped[Any] = mapped_column(JSONB, nullable=False)
    display: Mapped[str]
    quote: Mapped[str]
    segment: Mapped[int | None]
    second: Mapped[float]
    speaker: Mapped[str] = mapped_column(default="unknown", server_default="unknown")
    confidence: Mapped[float]
    group: Mapped[int | None]
    known_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(default="proposed", server_default="proposed")
    final_value: Mapped[Any | None] = mapped_column(JSONB)
    # How far `final_value` is from what was proposed: 0 the same, 1 nothing in common; None while nothing is decided.
    edit_distance: Mapped[float | None]
    decided_by: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    # A message id for people: why a value was kept, or what it waits for.
    note: Mapped[str] = mapped_column(default="", server_default="")
    target_type: Mapped[str | None]
    target_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
