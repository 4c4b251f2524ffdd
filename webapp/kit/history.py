"""The history of a record, as far as the actor may see its fields."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kit import paging
from webapp.kit.access import Actor
from webapp.kit.changes import Change


def of(
    session: Session, actor: Actor, entity: str, entity_id: int, *, after: str | None = None, limit: int = 50
) -> paging.Page[Any]:
    """One page of changes, newest first, without fields that are hidden from the actor.

    The caller has made sure that the actor may see the record itself.
    """
    statement = select(Change).where(Change.entity == entity, Change.entity_id == entity_id)
    hidden = actor.hidden_fields(entity)
    if hidden:
        statement = statement.where(Change.field.not_in(hidden))
    return paging.fetch(session, statement, (Change.id,), after=after, limit=limit, descending=True)
