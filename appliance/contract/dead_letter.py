"""Failed deliveries as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field


class DeadLetter(BaseModel):
    """One subscriber failed on one event. `error` is a class and a code, `place` a line of ours: never a message."""

    id: int
    state: Literal["dead", "retrying", "discarded"]
    event_id: UUID
    event_type: str
    subscriber: str
    failures: int = Field(description="attempts that failed; waits for a model do not count")
    error: str
    place: str
    trace_id: str = Field(description="leads to the line in the worker's log")
    first_at: datetime
    last_at: datetime
    reason: str = Field(description="why it was discarded")


class DeadLetterList(BaseModel):
    """One page of failed deliveries, the last first; `next` is the cursor of the next page."""

    items: list[DeadLetter]
    next: str | None


class Discard(BaseModel):
    """Why a dead letter is given up for good."""

    reason: str = Field(min_length=1, max_length=500)


class Retried(BaseModel):
    """How many dead letters are back in their queues."""

    retried: int
