"""Finding people; every statement starts from what the actor may see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload, load_only

from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.kit import paging, records
from webapp.kit.access import Actor, Scope, reach
from webapp.kit.errors import Invalid
from webapp.kit.fragments import Matches, contains, fold
from webapp.kit.i18n import N_

SORTS = ("updated", "name")
LISTED = (
    Person.full_name, Person.position, Person.phone, Person.email, Person.organisation_id,
    Person.owner_id, Person.team_id, Person.updated_at,
)  # fmt: skip


def visible(actor: Actor) -> Select[Any]:
    """The people that the actor may see."""
    return select(Person).where(reach(actor, Person))


def visible_ids(actor: Actor) -> Select[Any] | None:
    """The ids that the actor may see, for search; None when there is nothing to narrow."""
    if actor.scope("person") is Scope.ALL:
        return None
    return select(Person.id).where(reach(actor, Person))


def with_organisation(statement: Select[Any], actor: Actor) -> Select[Any]:
    """The statement with each person's organisation, as far as the actor may see that too."""
    return statement.options(
        joinedload(Person.organisation.and_(reach(actor, Organisation))).load_only(Organisation.name)
    )


def get(session: Session, actor: Actor, person_id: int) -> Person:
    """One person; raises NotFound."""
    found: Person = records.one(session, with_organisation(visible(actor), actor).where(Person.id == person_id))
    return found


def for_edit(session: Session, actor: Actor, person_id: int) -> Person:
    """One person, locked until the transaction ends, with what is stored now; raises NotFound."""
    statement = visible(actor).where(Person.id == person_id).with_for_update()
    found: Person = records.one(session, statement.execution_options(populate_existing=True))
    return found


def matching(
    actor: Actor,
    fragment: str = "",
    *,
    mine: bool = False,
    known: Matches | None = None,
    organisation_id: int | None = None,
) -> Select[Any]:
    """The people of a list: by a fragment of name or contacts, and the actor's own alone."""
    statement = visible(actor)
    if mine:
        statement = statement.where(Person.owner_id == actor.id)
    if organisation_id is not None:
        statement = statement.where(Person.organisation_id == organisation_id)
    if fold(fragment):
        statement = statement.where(contains(actor, "person", Person.id, fragment, known=known))
    return statement


def listed(
    session: Session, actor: Actor, statement: Select[Any], *, sort: str, after: str | None, limit: int
) -> paging.Page[Person]:
    """One page of a list, with the columns that the list shows."""
    light = with_organisation(statement, actor).options(load_only(*LISTED))
    if sort == "name":
        return paging.fetch(session, light, (Person.full_name, Person.id), after=after, limit=limit)
    keys = (Person.updated_at, Person.id)
    return paging.fetch(session, light, keys, after=after, limit=limit, descending=True)


def whole(session: Session, statement: Select[Any], *, after: str | None, limit: int) -> paging.Page[Person]:
    """One page of people with all their columns, last changed first."""
    return paging.fetch(session, statement, (Person.updated_at, Person.id), after=after, limit=limit, descending=True)


def options(session: Session, actor: Actor, fragment: str, limit: int = 10) -> Sequence[Any]:
    """(id, name, organisation) of the people offered while a name is typed."""
    statement = matching(actor, fragment).outerjoin(
        Organisation, (Organisation.id == Person.organisation_id) & reach(actor, Organisation)
    )
    columns = statement.with_only_columns(Person.id, Person.full_name.label("name"), Organisation.name.label("about"))
    return session.execute(columns.order_by(Person.full_name, Person.id).limit(limit)).all()


def by_name(session: Session, actor: Actor, name: str) -> Sequence[int]:
    """The ids of the visible people with exactly this name; two are enough to know it is not one."""
    statement = visible(actor).with_only_columns(Person.id)
    return session.scalars(statement.where(func.lower(Person.full_name) == name.strip().lower()).limit(2)).all()


def names_of(session: Session, actor: Actor, ids: Collection[int]) -> dict[int, str]:
    """Id to name, for those of the ids that the actor may see."""
    if not ids:
        return {}
    rows = session.execute(visible(actor).with_only_columns(Person.id, Person.full_name).where(Person.id.in_(ids)))
    return {row.id: row.full_name for row in rows}


def check_visible(session: Session, actor: Actor, values: Mapping[str, Any], record: Any = None) -> None:
    """Raise Invalid when the values name a person that the actor may not see, unless `record` names it already."""
    wanted = values.get("person_id")
    if wanted is None or (record is not None and record.person_id == wanted):
        return
    statement = visible(actor).with_only_columns(Person.id).where(Person.id == wanted)
    if session.scalar(statement) is None:
        raise Invalid({"person_id": N_("There is no such person")})


def alike(session: Session, actor: Actor, *, name: str = "", phone: str = "", email: str = "") -> Sequence[Any]:
    """(id, name, owner_id, seen) of people with the same phone, e-mail or name, seen by all or not.

    Of those that are not `seen` the caller shows that they exist and whom to ask, nothing else.
    """
    same = [column == value for column, value in ((Person.phone, phone), (Person.email, email)) if value]
    if fold(name):
        same.append(func.lower(Person.full_name) == name.strip().lower())
    if not same:
        return []
    statement = select(Person.id, Person.full_name.label("name"), Person.owner_id, reach(actor, Person).label("seen"))
    return session.execute(statement.where(or_(*same)).order_by(Person.id).limit(3)).all()
