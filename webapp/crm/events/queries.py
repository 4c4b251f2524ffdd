"""Finding failed deliveries, for people with the right to look after the jobs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from webapp.crm.events.messages import Filter
from webapp.kit.access import Actor, require_any
from webapp.kit.errors import NotFound
from webapp.kit.letters import JobFailure
from webapp.kit.outbox import OutboxEvent
from webapp.kit.paging import Page, fetch

KEYS = (JobFailure.last_at, JobFailure.id)
SHOWN = 50


def letters(actor: Actor, wanted: Filter) -> Select[Any]:
    """The failed deliveries that a filter asks for."""
    require_any(actor, "job", "view")
    statement = select(JobFailure)
    for name in ("state", "event_type", "subscriber"):
        value = getattr(wanted, name)
        if value:
            statement = statement.where(getattr(JobFailure, name) == value)
    return statement


def page(session: Session, actor: Actor, wanted: Filter, *, after: str | None, limit: int = SHOWN) -> Page[JobFailure]:
    """One page of failed deliveries, the last first."""
    return fetch(session, letters(actor, wanted), KEYS, after=after, limit=limit, descending=True)


def one(session: Session, actor: Actor, letter_id: int) -> JobFailure:
    """One failed delivery; NotFound when there is none."""
    found: JobFailure | None = session.scalars(letters(actor, Filter()).where(JobFailure.id == letter_id)).first()
    if found is None:
        raise NotFound
    return found


def event_of(session: Session, letter: JobFailure) -> OutboxEvent | None:
    """The event that could not be delivered."""
    return session.get(OutboxEvent, letter.event_id)


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many failed deliveries there are in each state."""
    require_any(actor, "job", "view")
    statement = select(JobFailure.state, func.count()).group_by(JobFailure.state)
    return {row[0]: row[1] for row in session.execute(statement)}


def choices(session: Session, actor: Actor) -> tuple[list[str], list[str]]:
    """The event types and the subscribers that have failed."""
    require_any(actor, "job", "view")
    types = session.scalars(select(JobFailure.event_type).distinct().order_by(JobFailure.event_type))
    subscribers = session.scalars(select(JobFailure.subscriber).distinct().order_by(JobFailure.subscriber))
    return list(types), list(subscribers)
