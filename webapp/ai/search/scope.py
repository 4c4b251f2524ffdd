"""Which chunks an asker may find: the access rule as one SQL condition, shared by every way of searching."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_

from webapp.ai.search.models import Chunk
from webapp.kit.access import Actor
from webapp.kit.searchable import SearchSource

Within = Mapping[str, Select[Any]]


def allowed(
    actor: Actor,
    sources: Mapping[str, SearchSource],
    *,
    kinds: Collection[str] = (),
    within: Within | None = None,
) -> ColumnElement[bool]:
    """The condition that keeps the chunks which the actor may read.

    Records outside the actor's scope and pieces of hidden fields are left out. `kinds` narrows to some entities,
    `within` to the ids of its SELECTs (entities that it does not name are left out).
    """
    open_entities: list[str] = []
    conditions: list[ColumnElement[bool]] = []
    for entity, source in sources.items():
        if (kinds and entity not in kinds) or not actor.may(entity) or (within is not None and entity not in within):
            continue
        limits = _limits(actor, source, within)
        if limits:
            conditions.append(and_(Chunk.entity == entity, *limits))
        else:
            open_entities.append(entity)
    if open_entities:
        conditions.append(Chunk.entity.in_(open_entities))
    return or_(*conditions) if conditions else false()


def _limits(actor: Actor, source: SearchSource, within: Within | None) -> list[ColumnElement[bool]]:
    limits: list[ColumnElement[bool]] = []
    hidden = actor.hidden_fields(source.entity)
    if hidden:
        limits.append(Chunk.field.not_in(hidden))
    visible = source.visible_ids(actor)
    if visible is not None:
        limits.append(_contains_id(visible))
    if within is not None:
        limits.append(_contains_id(within[source.entity]))
    return limits


def _contains_id(ids: Select[Any]) -> ColumnElement[bool]:
    """EXISTS rather than IN: PostgreSQL then probes the primary key for few candidates instead of reading all ids."""
    (column,) = ids.selected_columns
    return ids.where(column == Chunk.entity_id).correlate(Chunk).exists()
