"""Tasks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from appliance.contract.common import Listing, RecordId, Shown, Strict

DUE = "aware; for an all-day task any moment of that day, or the day alone"


class Task(Shown):
    """Something to do by a moment."""

    type: Literal["task"] = "task"
    id: int
    title: str
    due_at: datetime | None = None
    all_day: bool = True
    done_at: datetime | None = None
    organisation_id: int | None = None
    person_id: int | None = None
    deal_id: int | None = None
    notes: str = ""
    owner_id: int | None = Field(default=None, description="who has to do it")
    team_id: int | None = None
    version: int = Field(description="counts the changes; send it back with a change to be told of others'")
    created_at: datetime
    updated_at: datetime


class NewTask(Strict):
    """A task to add; without an owner the caller has to do it."""

    title: str
    due_at: datetime | date | None = Field(default=None, description=DUE)
    all_day: bool = True
    organisation_id: RecordId | None = None
    person_id: RecordId | None = None
    deal_id: RecordId | None = None
    notes: str = ""
    owner_id: RecordId | None = None
    team_id: RecordId | None = None


class TaskChange(Strict):
    """The fields to change; what is not sent stays. `done` completes the task or opens it again."""

    title: str | None = None
    due_at: datetime | date | None = Field(default=None, description=DUE)
    all_day: bool | None = None
    done: bool | None = None
    organisation_id: RecordId | None = None
    person_id: RecordId | None = None
    deal_id: RecordId | None = None
    notes: str | None = None
    owner_id: RecordId | None = None
    team_id: RecordId | None = None
    version: int | None = Field(default=None, description="the version you saw; a stale one answers 409")


class TaskList(Listing[Task]):
    """One page of tasks."""
