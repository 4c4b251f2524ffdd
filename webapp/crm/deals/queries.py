"""Finding deals; every statement starts from what the actor may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, select, true
from sqlalchemy.orm import Session, aliased, joinedload, load_only, selectinload

from webapp.crm.deals.models import Deal, DealItem, Stage
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.kit import paging, records
from webapp.kit.access import Actor, Scope, reach
from webapp.kit.errors import Invalid
from webapp.kit.fragments import Matches, contains, fold
from webapp.kit.i18n import N_

LISTED = (
    Deal.title, Deal.stage_id, Deal.amount, Deal.currency, Deal.expected_close, Deal.organisation_id,
    Deal.person_id, Deal.owner_id, Deal.team_id, Deal.updated_at, Deal.version,
)  # fmt: skip

COLUMN_SIZE = 12


def visible(actor: Actor) -> Select[Any]:
    """The deals that the actor may see."""
    return select(Deal).where(reach(actor, Deal))


def visible_ids(actor: Actor) -> Select[Any] | None:
    """The ids that the actor may see, for search; None when there is nothing to narrow."""
    if actor.scope("deal") is Scope.ALL:
        return None
    return select(Deal.id).where(reach(actor, Deal))


def with_client(statement: Select[Any], actor: Actor) -> Select[Any]:
    """The statement with each deal's organisation and person, as far as the actor may see those too."""
    return statement.options(
        joinedload(Deal.organisation.and_(reach(actor, Organisation))).load_only(Organisation.name),
        joinedload(Deal.person.and_(reach(actor, Person))).load_only(Person.full_name),
    )


def get(session: Session, actor: Actor, deal_id: int) -> Deal:
    """One deal with its client; raises NotFound."""
    found: Deal = records.one(session, with_client(visible(actor), actor).where(Deal.id == deal_id))
    return found


def for_edit(session: Session, actor: Actor, deal_id: int) -> Deal:
    """One deal, locked until the transaction ends, with what is stored now; raises NotFound."""
    statement = visible(actor).where(Deal.id == deal_id).with_for_update()
    found: Deal = records.one(session, statement.execution_options(populate_existing=True))
    return found


def stages(session: Session) -> Sequence[Stage]:
    """The steps of the pipeline, in order."""
    return session.scalars(select(Stage).order_by(Stage.position, Stage.id)).all()


def items(session: Session, deal_id: int) -> Sequence[DealItem]:
    """The products of a deal, in the order in which they were added."""
    return session.scalars(select(DealItem).where(DealItem.deal_id == deal_id).order_by(DealItem.id)).all()


def matching(
    actor: Actor, fragment: str = "", *, mine: bool = False, known: Matches | None = None, stage_id: int | None = None,
    organisation_id: int | None = None, person_id: int | None = None,
) -> Select[Any]:  # fmt: skip
    """The deals of a list: by a fragment of the title, owner, stage or client."""
    statement = visible(actor)
    if mine:
        statement = statement.where(Deal.owner_id == actor.id)
    equal = ((Deal.stage_id, stage_id), (Deal.organisation_id, organisation_id), (Deal.person_id, person_id))
    for column, value in equal:
        if value is not None:
            statement = statement.where(column == value)
    if fold(fragment):
        statement = statement.where(contains(actor, "deal", Deal.id, fragment, known=known))
    return statement


def listed(
    session: Session, actor: Actor, statement: Select[Any], *, sort: str, after: str | None, limit: int
) -> paging.Page[Deal]:
    """One page of a list, with the columns that the list shows."""
    light = with_client(statement, actor).options(load_only(*LISTED))
    if sort == "title":
        return paging.fetch(session, light, (Deal.title, Deal.id), after=after, limit=limit)
    return paging.fetch(session, light, (Deal.updated_at, Deal.id), after=after, limit=limit, descending=True)


def board(session: Session, actor: Actor, *, mine: bool) -> dict[int, paging.Page[Deal]]:
    """Stage id to the first page of its column, last changed first; all columns in one statement."""
    narrow = reach(actor, Deal)
    column = select(Deal).where(Deal.stage_id == Stage.id, narrow).order_by(Deal.updated_at.desc(), Deal.id.desc())
    if mine:
        column = column.where(Deal.owner_id == actor.id)
    part = column.limit(COLUMN_SIZE + 1).lateral("part")
    deal = aliased(Deal, part)
    statement = (
        select(deal)
        .select_from(Stage)
        .join(part, true())
        .options(
            load_only(*[getattr(deal, name.key) for name in LISTED]),
            joinedload(deal.organisation.and_(reach(actor, Organisation))).load_only(Organisation.name),
            joinedload(deal.person.and_(reach(actor, Person))).load_only(Person.full_name),
        )
    )
    rows: dict[int, list[Deal]] = {}
    for one in session.scalars(statement).unique():
        rows.setdefault(one.stage_id, []).append(one)
    pages: dict[int, paging.Page[Deal]] = {}
    for stage_id, found in rows.items():
        found.sort(key=lambda one: (one.updated_at, one.id), reverse=True)
        shown = found[:COLUMN_SIZE]
        more = len(found) > COLUMN_SIZE
        pages[stage_id] = paging.Page(shown, paging.encode([shown[-1].updated_at, shown[-1].id]) if more else None)
    return pages


def whole(session: Session, statement: Select[Any], *, after: str | None, limit: int) -> paging.Page[Deal]:
    """One page of deals with all their columns, items and stage, last changed first, for the API."""
    full = statement.options(selectinload(Deal.items), joinedload(Deal.stage))
    return paging.fetch(session, full, (Deal.updated_at, Deal.id), after=after, limit=limit, descending=True)


def entire(session: Session, actor: Actor, deal_id: int) -> Deal:
    """One deal with its items and stage as they are stored now, for the API; raises NotFound."""
    full = visible(actor).options(selectinload(Deal.items), joinedload(Deal.stage))
    statement = full.where(Deal.id == deal_id).execution_options(populate_existing=True)
    found: Deal = records.one(session, statement)
    return found


def stage_by_key(session: Session, key: str) -> int:
    """The id of the stage with this key; raises Invalid."""
    found = session.scalar(select(Stage.id).where(Stage.key == key))
    if found is None:
        raise Invalid({"stage": N_("There is no such stage")})
    return found


def sums(session: Session, actor: Actor, *, mine: bool = False) -> Sequence[Any]:
    """(stage_id, currency, count, amount) over the deals that the actor may see."""
    columns = (Deal.stage_id, Deal.currency, func.count().label("count"), func.sum(Deal.amount).label("amount"))
    statement = select(*columns).where(reach(actor, Deal)).group_by(Deal.stage_id, Deal.currency)
    if mine:
        statement = statement.where(Deal.owner_id == actor.id)
    return session.execute(statement).all()


def options(session: Session, actor: Actor, fragment: str, limit: int = 10) -> Sequence[Any]:
    """(id, name, about) of the deals offered while a title is typed."""
    statement = matching(actor, fragment).outerjoin(
        Organisation, (Organisation.id == Deal.organisation_id) & reach(actor, Organisation)
    )
    columns = statement.with_only_columns(Deal.id, Deal.title.label("name"), Organisation.name.label("about"))
    return session.execute(columns.order_by(Deal.updated_at.desc(), Deal.id.desc()).limit(limit)).all()


def by_name(session: Session, actor: Actor, title: str) -> Sequence[int]:
    """The ids of the visible deals with exactly this title; two are enough to know it is not one."""
    return session.scalars(visible(actor).with_only_columns(Deal.id).where(Deal.title == title.strip()).limit(2)).all()


def check_visible(session: Session, actor: Actor, values: Mapping[str, Any], record: Any = None) -> None:
    """Raise Invalid when the values name a deal that the actor may not see, unless `record` names it already."""
    wanted = values.get("deal_id")
    if wanted is None or (record is not None and record.deal_id == wanted):
        return
    if session.scalar(visible(actor).with_only_columns(Deal.id).where(Deal.id == wanted)) is None:
        raise Invalid({"deal_id": N_("There is no such deal")})
