"""The one access rule: roles x entities x (none, own, team, all) x fields (hidden, read, write).

Pages, API, export, search, assistant and modules all ask here. What no role grants is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Protocol

from sqlalchemy import ColumnElement, false, or_, true

from webapp.kit.errors import Forbidden

ACTIONS = ("view", "create", "edit", "delete")


class Scope(IntEnum):
    """Which records of an entity a role reaches; a larger scope contains the smaller."""

    NONE = 0
    OWN = 1
    TEAM = 2
    ALL = 3


class Level(IntEnum):
    """What a role may do with one field of an entity."""

    HIDDEN = 0
    READ = 1
    WRITE = 2


@dataclass(frozen=True)
class Actor:
    """Who is asking: a signed-in person, the person behind a token, or the system itself in a job.

    `grants` maps (entity, action) to the widest scope of all the person's roles; `fields` maps (entity, field) to the
    highest level of all roles and lists only fields that some role restricts.
    """

    id: int | None
    username: str
    name: str
    team_id: int | None = None
    roles: frozenset[str] = frozenset()
    grants: Mapping[tuple[str, str], Scope] = field(default_factory=dict)
    fields: Mapping[tuple[str, str], Level] = field(default_factory=dict)
    locale: str = "en"
    theme: str = "auto"
    kind: str = "person"
    session_id: int | None = None

    def scope(self, entity: str, action: str = "view") -> Scope:
        """The records of an entity on which this actor may do `action`."""
        if self.kind == "system":
            return Scope.ALL
        return self.grants.get((entity, action), Scope.NONE)

    def may(self, entity: str, action: str = "view") -> bool:
        """Whether the actor may do `action` on any record of the entity at all."""
        return self.scope(entity, action) is not Scope.NONE

    def level(self, entity: str, name: str) -> Level:
        """What the actor may do with a field; fields that no role restricts are writable."""
        if self.kind == "system":
            return Level.WRITE
        return self.fields.get((entity, name), Level.WRITE)

    def sees(self, entity: str, name: str) -> bool:
        """Whether a field may be shown to the actor."""
        return self.level(entity, name) is not Level.HIDDEN

    def hidden_fields(self, entity: str) -> list[str]:
        """The fields of an entity that must not reach this actor by any way."""
        return sorted(f for (e, f), level in self.fields.items() if e == entity and level is Level.HIDDEN)


SYSTEM = Actor(id=None, username="system", name="Ostrov", kind="system")


class OwnedModel(Protocol):
    """A table whose rows have an owner and a team."""

    __entity__: str
    owner_id: Any
    team_id: Any


def reach(actor: Actor, model: type[Any], action: str = "view") -> ColumnElement[bool]:
    """The SQL condition that keeps the rows on which the actor may do `action`."""
    scope = actor.scope(model.__entity__, action)
    if scope is Scope.ALL:
        return true()
    if scope is Scope.NONE or actor.id is None:
        return false()
    own: ColumnElement[bool] = model.owner_id == actor.id
    if scope is Scope.TEAM and actor.team_id is not None:
        return or_(own, model.team_id == actor.team_id)
    return own


def allows(actor: Actor, record: Any, action: str) -> bool:
    """Whether the actor may do `action` on this record, decided from the loaded row."""
    scope = actor.scope(record.__entity__, action)
    if scope is Scope.ALL:
        return True
    if scope is Scope.NONE or actor.id is None:
        return False
    if not hasattr(record, "owner_id"):
        return True  # the catalogue has no owners: any scope reaches all of it
    if record.owner_id == actor.id:
        return True
    return scope is Scope.TEAM and actor.team_id is not None and record.team_id == actor.team_id


def require(actor: Actor, record: Any, action: str) -> None:
    """Raise Forbidden unless the actor may do `action` on this record."""
    if not allows(actor, record, action):
        raise Forbidden


def require_any(actor: Actor, entity: str, action: str) -> None:
    """Raise Forbidden unless the actor may do `action` on some record of the entity (for example create one)."""
    if not actor.may(entity, action):
        raise Forbidden


def require_fields(actor: Actor, entity: str, names: Iterable[str]) -> None:
    """Raise Forbidden, naming the field, unless the actor may write every one of these fields."""
    for name in names:
        if actor.level(entity, name) is not Level.WRITE:
            raise Forbidden(field=name)
