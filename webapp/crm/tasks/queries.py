"""Finding tasks; every statement starts from what the actor may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from webapp.crm.deals.models import Deal
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.tasks.models import Task
from webapp.kit import paging, records
from webapp.kit.access import Actor, Scope, reach
from webapp.kit.clock import now
from webapp.kit.fragments import contains, fold
from webapp.kit.i18n import current_timezone

PARTS = ("overdue", "today", "upcoming", "someday", "done")


@dataclass(frozen=True)
class Day:
    """The present moment and the bounds of its day in the installation's zone; aware moments."""

    moment: datetime
    begin: datetime
    end: datetime

    @classmethod
    def today(cls) -> Day:
        """The day that it is now."""
        moment = now()
        begin = moment.astimezone(current_timezone()).replace(hour=0, minute=0, second=0, microsecond=0)
        # One calendar day on, not 24 hours: a day on which the clock changes is longer or shorter.
        return cls(moment, begin, begin + timedelta(days=1))

    def overdue(self) -> ColumnElement[bool]:
        """An all-day task is overdue when its day is over, another as soon as its moment has passed."""
        return and_(Task.due_at < self.moment, or_(Task.due_at < self.begin, Task.all_day.is_(False)))

    def condition(self, part: str) -> ColumnElement[bool]:
        """Which tasks belong to a part of the list."""
        if part == "done":
            return Task.done_at.is_not(None)
        due: dict[str, ColumnElement[bool]] = {
            "overdue": self.overdue(),
            "today": and_(Task.due_at >= self.begin, Task.due_at < self.end, ~self.overdue()),
            "upcoming": Task.due_at >= self.end,
            "someday": Task.due_at.is_(None),
        }
        return and_(Task.done_at.is_(None), due[part])

    def part_of(self, task: Task) -> str:
        """The part of the list to which a loaded task belongs."""
        if task.done_at is not None:
            return "done"
        if task.due_at is None:
            return "someday"
        if task.due_at < self.begin or (not task.all_day and task.due_at < self.moment):
            return "overdue"
        return "today" if task.due_at < self.end else "upcoming"


def visible(actor: Actor) -> Select[Any]:
    """The tasks that the actor may see."""
    return select(Task).where(reach(actor, Task))


def visible_ids(actor: Actor) -> Select[Any] | None:
    """The ids that the actor may see, for search; None when there is nothing to narrow."""
    if actor.scope("task") is Scope.ALL:
        return None
    return select(Task.id).where(reach(actor, Task))


def with_subject(statement: Select[Any], actor: Actor) -> Select[Any]:
    """The statement with what each task is about, as far as the actor may see that too."""
    return statement.options(
        joinedload(Task.organisation.and_(reach(actor, Organisation))).load_only(Organisation.name),
        joinedload(Task.person.and_(reach(actor, Person))).load_only(Person.full_name),
        joinedload(Task.deal.and_(reach(actor, Deal))).load_only(Deal.title),
    )


def get(session: Session, actor: Actor, task_id: int) -> Task:
    """One task with what it is about; raises NotFound."""
    found: Task = records.one(session, with_subject(visible(actor), actor).where(Task.id == task_id))
    return found


def for_edit(session: Session, actor: Actor, task_id: int) -> Task:
    """One task, locked until the transaction ends, with what is stored now; raises NotFound."""
    statement = visible(actor).where(Task.id == task_id).with_for_update()
    found: Task = records.one(session, statement.execution_options(populate_existing=True))
    return found


def matching(
    actor: Actor, fragment: str = "", *, mine: bool = False,
    organisation_id: int | None = None, person_id: int | None = None, deal_id: int | None = None,
) -> Select[Any]:  # fmt: skip
    """The tasks of a list: by a fragment of the title, owner or subject."""
    statement = visible(actor)
    if mine:
        statement = statement.where(Task.owner_id == actor.id)
    equal = ((Task.organisation_id, organisation_id), (Task.person_id, person_id), (Task.deal_id, deal_id))
    for column, value in equal:
        if value is not None:
            statement = statement.where(column == value)
    if fold(fragment):
        statement = statement.where(contains(actor, "task", Task.id, fragment))
    return statement


def part(
    session: Session,
    actor: Actor,
    statement: Select[Any],
    name: str,
    *,
    day: Day,
    after: str | None = None,
    limit: int = 50,
) -> paging.Page[Task]:
    """One page of a part of the list: by due moment, what is done by when it was done, the rest by age."""
    chosen = with_subject(statement.where(day.condition(name)), actor)
    if name == "done":
        return paging.fetch(session, chosen, (Task.done_at, Task.id), after=after, limit=limit, descending=True)
    keys = (Task.created_at, Task.id) if name == "someday" else (Task.due_at, Task.id)
    return paging.fetch(session, chosen, keys, after=after, limit=limit)


def ahead(
    session: Session, actor: Actor, statement: Select[Any], *, limit: int, until: datetime | None = None
) -> list[Task]:
    """Open tasks by due moment, those without one last; `until` leaves out what is due later or never."""
    chosen = with_subject(statement.where(Task.done_at.is_(None)), actor)
    if until is not None:
        chosen = chosen.where(Task.due_at < until)
    ordered = chosen.order_by(Task.due_at.asc().nulls_last(), Task.id).limit(limit)
    return list(session.scalars(ordered).unique())


def listed(session: Session, statement: Select[Any], *, after: str | None, limit: int) -> paging.Page[Task]:
    """One page of tasks, last changed first, for the API."""
    return paging.fetch(session, statement, (Task.updated_at, Task.id), after=after, limit=limit, descending=True)
