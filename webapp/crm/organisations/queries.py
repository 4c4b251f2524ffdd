"""Finding organisations; every statement starts from what the actor may see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, load_only

from webapp.crm.organisations.models import Organisation
from webapp.crm.users.models import Team
from webapp.crm.users.queries import colleagues
from webapp.kit import paging, records
from webapp.kit.access import Actor, Scope, reach
from webapp.kit.errors import Invalid
from webapp.kit.fragments import Matches, contains, fold
from webapp.kit.i18n import N_

SORTS = ("updated", "name")
LISTED = (
    Organisation.name, Organisation.city, Organisation.industry, Organisation.phone, Organisation.email,
    Organisation.owner_id, Organisation.team_id, Organisation.updated_at,
)  # fmt: skip


def visible(actor: Actor) -> Select[Any]:
    """The organisations that the actor may see."""
    return select(Organisation).where(reach(actor, Organisation))


def visible_ids(actor: Actor) -> Select[Any] | None:
    """The ids that the actor may see, for search; None when there is nothing to narrow."""
    if actor.scope("organisation") is Scope.ALL:
        return None
    return select(Organisation.id).where(reach(actor, Organisation))


def get(session: Session, actor: Actor, organisation_id: int) -> Organisation:
    """One organisation; raises NotFound."""
    found: Organisation = records.one(session, visible(actor).where(Organisation.id == organisation_id))
    return found


def for_edit(session: Session, actor: Actor, organisation_id: int) -> Organisation:
    """One organisation, locked until the transaction ends, with what is stored now; raises NotFound."""
    statement = visible(actor).where(Organisation.id == organisation_id).with_for_update()
    found: Organisation = records.one(session, statement.execution_options(populate_existing=True))
    return found


def matching(actor: Actor, fragment: str = "", *, mine: bool = False, known: Matches | None = None) -> Select[Any]:
    """The organisations of a list: by a fragment of name or contacts, and the actor's own alone."""
    statement = visible(actor)
    if mine:
        statement = statement.where(Organisation.owner_id == actor.id)
    if fold(fragment):
        statement = statement.where(contains(actor, "organisation", Organisation.id, fragment, known=known))
    return statement


def listed(
    session: Session, statement: Select[Any], *, sort: str, after: str | None, limit: int
) -> paging.Page[Organisation]:
    """One page of a list, with the columns that the list shows."""
    light = statement.options(load_only(*LISTED))
    if sort == "name":
        return paging.fetch(session, light, (Organisation.name, Organisation.id), after=after, limit=limit)
    keys = (Organisation.updated_at, Organisation.id)
    return paging.fetch(session, light, keys, after=after, limit=limit, descending=True)


def whole(session: Session, statement: Select[Any], *, after: str | None, limit: int) -> paging.Page[Organisation]:
    """One page of organisations with all their columns, last changed first."""
    keys = (Organisation.updated_at, Organisation.id)
    return paging.fetch(session, statement, keys, after=after, limit=limit, descending=True)


def options(session: Session, actor: Actor, fragment: str, limit: int = 10) -> Sequence[Any]:
    """(id, name, about) of the organisations offered while a name is typed."""
    statement = matching(actor, fragment).with_only_columns(
        Organisation.id, Organisation.name, Organisation.city.label("about")
    )
    return session.execute(statement.order_by(Organisation.name, Organisation.id).limit(limit)).all()


def by_name(session: Session, actor: Actor, name: str) -> Sequence[int]:
    """The ids of the visible organisations with exactly this name; two are enough to know it is not one."""
    statement = visible(actor).with_only_columns(Organisation.id)
    return session.scalars(statement.where(func.lower(Organisation.name) == name.strip().lower()).limit(2)).all()


def names_of(session: Session, actor: Actor, ids: Collection[int]) -> dict[int, str]:
    """Id to name, for those of the ids that the actor may see."""
    if not ids:
        return {}
    rows = session.execute(
        visible(actor).with_only_columns(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))
    )
    return {row.id: row.name for row in rows}


def check_visible(session: Session, actor: Actor, values: Mapping[str, Any], record: Any = None) -> None:
    """Raise Invalid when the values name an organisation beyond the actor's reach, unless `record` names it already."""
    wanted = values.get("organisation_id")
    if wanted is None or (record is not None and record.organisation_id == wanted):
        return
    statement = visible(actor).with_only_columns(Organisation.id).where(Organisation.id == wanted)
    if session.scalar(statement) is None:
        raise Invalid({"organisation_id": N_("There is no such organisation")})


def with_holder(session: Session, values: dict[str, Any], record: Any = None) -> dict[str, Any]:
    """The values with the team of a newly named owner, unless they move the record to another team themselves.

    Raises Invalid when the owner is not an active colleague.
    """
    owner = values.get("owner_id")
    if owner is None or (record is not None and record.owner_id == owner):
        return values
    row = session.execute(colleagues().where(_user_id() == owner)).first()
    if row is None:
        raise Invalid({"owner_id": N_("There is no such colleague")})
    team = values.get("team_id")
    chosen = team is not None and (record is None or team != record.team_id)
    return values if chosen else {**values, "team_id": row.team_id}


def owners_to_choose(session: Session) -> list[tuple[int, str]]:
    """(id, name) of the colleagues who can own a record, by name."""
    rows = session.execute(colleagues().order_by(None))
    return sorted(((row.id, row.full_name) for row in rows), key=lambda pair: pair[1])


def teams_to_choose(session: Session) -> list[tuple[int, str]]:
    """(id, name) of the teams that can share a record, by name."""
    return [(row.id, row.name) for row in session.execute(select(Team.id, Team.name).order_by(Team.name))]


def _user_id() -> ColumnElement[int]:
    """The id column of `colleagues()`."""
    column: ColumnElement[int] = colleagues().selected_columns[0]
    return column


def alike(session: Session, actor: Actor, *, name: str = "", phone: str = "", email: str = "") -> Sequence[Any]:
    """(id, name, owner_id, seen) of organisations with the same phone, e-mail or name, seen by all or not.

    Of those that are not `seen` the caller shows that they exist and whom to ask, nothing else.
    """
    same = [column == value for column, value in ((Organisation.phone, phone), (Organisation.email, email)) if value]
    if fold(name):
        same.append(func.lower(Organisation.name) == name.strip().lower())
    if not same:
        return []
    statement = select(
        Organisation.id, Organisation.name, Organisation.owner_id, reach(actor, Organisation).label("seen")
    )
    return session.execute(statement.where(or_(*same)).order_by(Organisation.id).limit(3)).all()
