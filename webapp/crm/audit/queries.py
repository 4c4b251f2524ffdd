"""Reading the audit chain, newest first. The role of the web application can do nothing else to it but add."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Text,
    column,
    false,
    func,
    literal_column,
    or_,
    select,
    table,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from webapp.crm.audit.messages import Filter
from webapp.crm.users.models import User
from webapp.kit.access import Actor, require_any
from webapp.kit.fragments import CHUNKS, contains

PAGE = 60
CLIENTS_SHOWN = 8
ACCOUNTS_OFFERED = 300
CLIENTS_MEANT = 100  # by a part of a name in a filter
CLIENT_ENTITIES = ("person", "organisation")
BATCH = 2000

ENTRIES = table(
    "entries",
    column("seq", BigInteger),
    column("at", DateTime(timezone=True)),
    column("actor_kind", Text),
    column("actor_id", BigInteger),
    column("actor", Text),
    column("action", Text),
    column("entity", Text),
    column("entity_id", Text),
    column("details", JSONB),
    schema="audit",
)


TITLE: ColumnElement[str] = literal_column("chunks.title", Text)  # the search table keeps what a record is called


@dataclass(frozen=True)
class State:
    """How long the chain is, and what the last walk along it found."""

    entries: int
    verified_at: datetime | None = None
    verified: dict[str, Any] | None = None


def entries(wanted: Filter) -> Select[Any]:
    """The entries that a filter asks for, newest first."""
    statement = select(ENTRIES).order_by(ENTRIES.c.seq.desc())
    if wanted.actor:
        # By the account's id, because that is what the chain is indexed by; an entry of the system has none.
        accounts = select(User.id).where(User.username.icontains(wanted.actor, autoescape=True))
        by_system = (ENTRIES.c.actor_id.is_(None)) & (ENTRIES.c.actor == wanted.actor)
        statement = statement.where(or_(ENTRIES.c.actor_id.in_(accounts), by_system))
    if wanted.action.endswith("."):
        statement = statement.where(ENTRIES.c.action.startswith(wanted.action, autoescape=True))
    elif wanted.action:
        statement = statement.where(ENTRIES.c.action == wanted.action)
    if wanted.entity:
        statement = statement.where(ENTRIES.c.entity == wanted.entity)
    if wanted.entity_id:
        statement = statement.where(ENTRIES.c.entity_id == wanted.entity_id)
    if wanted.client:
        pairs = tuple_(ENTRIES.c.entity, ENTRIES.c.entity_id)
        statement = statement.where(pairs.in_(wanted.records) if wanted.records else false())
    if wanted.since is not None:
        statement = statement.where(ENTRIES.c.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(ENTRIES.c.at < wanted.until)
    return statement


def one_page(session: Session, actor: Actor, wanted: Filter, before: int | None) -> tuple[list[Any], int | None]:
    """One page of entries and the number of the entry that the next page begins below."""
    require_any(actor, "audit", "view")
    statement = entries(named(session, actor, wanted)).limit(PAGE + 1)
    if before is not None:
        statement = statement.where(ENTRIES.c.seq < before)
    rows = list(session.execute(statement))
    return rows[:PAGE], rows[PAGE - 1].seq if len(rows) > PAGE else None


def every(session: Session, actor: Actor, wanted: Filter) -> Iterator[Any]:
    """All entries that a filter asks for, streamed from the database."""
    require_any(actor, "audit", "view")
    return iter(
        session.execute(entries(named(session, actor, wanted)).execution_options(stream_results=True, yield_per=BATCH))
    )


def actions(session: Session) -> list[str]:
    """The kinds of entries that there are, found by hopping along the index instead of reading every entry."""
    first = select(func.min(ENTRIES.c.action).label("action")).cte("kinds", recursive=True)
    following = select(func.min(ENTRIES.c.action)).where(ENTRIES.c.action > first.c.action).scalar_subquery()
    kinds = first.union_all(select(following).where(first.c.action.is_not(None)))
    return list(session.scalars(select(kinds.c.action).where(kinds.c.action.is_not(None))))


def accounts(session: Session) -> list[Any]:
    """The accounts by name, to choose from: username, full_name."""
    return list(session.execute(select(User.username, User.full_name).order_by(User.full_name).limit(ACCOUNTS_OFFERED)))


def state(session: Session) -> State:
    """The chain's length and its last verification."""
    length = session.scalar(select(func.max(ENTRIES.c.seq))) or 0
    last = session.execute(entries(Filter(action="audit.verified")).limit(1)).first()
    return State(length) if last is None else State(length, last.at, last.details)


def named(session: Session, actor: Actor, wanted: Filter) -> Filter:
    """The filter with the clients that its part of a name stands for."""
    if not wanted.client:
        return wanted
    found = clients(session, actor, wanted.client, most=CLIENTS_MEANT)
    return replace(wanted, records=tuple((row.entity, str(row.id)) for row in found))


def clients(session: Session, actor: Actor, fragment: str, most: int = CLIENTS_SHOWN) -> list[Any]:
    """People and organisations whose name holds a fragment, as far as the actor may see them: entity, id, title."""
    wanted = [
        select(CHUNKS.c.entity, CHUNKS.c.entity_id.label("id"), func.min(TITLE).label("title"))
        .where(CHUNKS.c.entity == entity, CHUNKS.c.kind == "name")
        .where(contains(actor, entity, CHUNKS.c.entity_id, fragment))
        .group_by(CHUNKS.c.entity, CHUNKS.c.entity_id)
        .limit(most)
        for entity in CLIENT_ENTITIES
        if actor.scope(entity).name == "ALL"
    ]
    if not fragment.strip() or not wanted:
        return []
    return list(session.execute(union_all(*wanted).limit(most)))


def viewers(session: Session, entity: str, entity_id: str) -> list[Any]:
    """Who opened one client: account, how often, first and last time; the last first."""
    statement = (
        select(
            ENTRIES.c.actor,
            ENTRIES.c.actor_kind,
            func.count().label("times"),
            func.min(ENTRIES.c.at).label("first"),
            func.max(ENTRIES.c.at).label("last"),
        )
        .where(ENTRIES.c.entity == entity, ENTRIES.c.entity_id == entity_id, ENTRIES.c.action == f"{entity}.viewed")
        .group_by(ENTRIES.c.actor, ENTRIES.c.actor_kind)
        .order_by(func.max(ENTRIES.c.at).desc())
    )
    return list(session.execute(statement))
