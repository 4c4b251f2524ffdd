"""What can be asked of tasks, and what has happened to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar


@dataclass(frozen=True)
class CreateTask:
    """Add a task; without an owner it belongs to its maker."""

    title: str
    due_at: datetime | str | None = None
    all_day: bool = True
    organisation_id: int | None = None
    person_id: int | None = None
    deal_id: int | None = None
    notes: str = ""
    owner_id: int | None = None
    team_id: int | None = None


@dataclass(frozen=True)
class UpdateTask:
    """Change the named fields; `version` is the one that the person saw, None for "whatever is stored"."""

    id: int
    values: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None


@dataclass(frozen=True)
class TaskCreated:
    """A task was added."""

    type: ClassVar[str] = "task.created"
    subject_type: ClassVar[str] = "task"
    task_id: int

    @property
    def subject_id(self) -> int:
        """The task."""
        return self.task_id


@dataclass(frozen=True)
class TaskCompleted:
    """A task was done."""

    type: ClassVar[str] = "task.completed"
    subject_type: ClassVar[str] = "task"
    task_id: int

    @property
    def subject_id(self) -> int:
        """The task."""
        return self.task_id


@dataclass(frozen=True)
class TaskUpdated:
    """Fields of a task were changed."""

    type: ClassVar[str] = "task.updated"
    subject_type: ClassVar[str] = "task"
    task_id: int
    fields: tuple[str, ...] = ()

    @property
    def subject_id(self) -> int:
        """The task."""
        return self.task_id


@dataclass(frozen=True)
class TaskDeleted:
    """A task was deleted."""

    type: ClassVar[str] = "task.deleted"
    subject_type: ClassVar[str] = "task"
    task_id: int

    @property
    def subject_id(self) -> int:
        """The task that was."""
        return self.task_id
