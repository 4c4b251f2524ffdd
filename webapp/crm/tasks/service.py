"""Verbs on tasks: each checks the actor's rights, keeps the history and says what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from webapp.crm.deals.queries import check_visible as check_deal
from webapp.crm.organisations.queries import check_visible as check_organisation
from webapp.crm.organisations.queries import with_holder
from webapp.crm.people.queries import check_visible as check_person
from webapp.crm.tasks import queries
from webapp.crm.tasks.messages import (
    CreateTask,
    TaskCompleted,
    TaskCreated,
    TaskDeleted,
    TaskUpdated,
    UpdateTask,
)
from webapp.crm.tasks.models import Task
from webapp.kit import cleaning, records
from webapp.kit.access import Actor, require
from webapp.kit.clock import now
from webapp.kit.outbox import emit
from webapp.kit.records import Applied

CLEANERS: Mapping[str, cleaning.Cleaner] = {
    "title": cleaning.line(300, required=True),
    "due_at": cleaning.moment,
    "all_day": cleaning.flag,
    "organisation_id": cleaning.reference,
    "person_id": cleaning.reference,
    "deal_id": cleaning.reference,
    "notes": cleaning.note,
    "owner_id": cleaning.reference,
    "team_id": cleaning.reference,
}


def _checked(session: Session, actor: Actor, values: Mapping[str, Any], task: Task | None = None) -> dict[str, Any]:
    """The values as they are stored; raises Invalid when one does not fit or names what the actor may not see."""
    cleaned = with_holder(session, cleaning.clean(values, CLEANERS), task)
    check_organisation(session, actor, cleaned, task)
    check_person(session, actor, cleaned, task)
    check_deal(session, actor, cleaned, task)
    return cleaned


def create(session: Session, actor: Actor, command: CreateTask, *, by_person: bool = True) -> Task:
    """Add a task; its owner has to do it. An all-day task is due on the day of `due_at`, a day's midnight by custom."""
    task = Task(**_checked(session, actor, asdict(command)))
    records.start(actor, task, by_person=by_person)
    session.add(task)
    session.flush()
    emit(session, TaskCreated(task.id))
    return task


def update(session: Session, actor: Actor, command: UpdateTask) -> Task:
    """Change fields that a person typed; raises Stale when somebody else was quicker."""
    task = queries.for_edit(session, actor, command.id)
    records.check_version(task, command.version)
    apply(session, actor, task, command.values, by_person=True)
    return task


def apply(session: Session, actor: Actor, task: Task, values: Mapping[str, Any], *, by_person: bool) -> Applied:
    """Set fields on a loaded task; answers which were written and which a person's own value kept."""
    applied = records.apply(actor, task, _checked(session, actor, values, task), by_person=by_person)
    if applied.changed:
        session.flush()
        emit(session, TaskUpdated(task.id, applied.changed))
    return applied


def complete(session: Session, actor: Actor, task_id: int, *, done: bool = True) -> Task:
    """Mark a task as done, or open it again; doing so twice changes nothing."""
    task = queries.for_edit(session, actor, task_id)
    require(actor, task, "edit")
    if (task.done_at is not None) == done:
        return task
    task.done_at = now() if done else None
    session.flush()
    emit(session, TaskCompleted(task.id) if done else TaskUpdated(task.id, ("done_at",)))
    return task


def delete(session: Session, actor: Actor, task_id: int, *, version: int | None = None) -> None:
    """Delete a task."""
    task = queries.for_edit(session, actor, task_id)
    require(actor, task, "delete")
    records.check_version(task, version)
    session.delete(task)
    session.flush()
    emit(session, TaskDeleted(task_id))
