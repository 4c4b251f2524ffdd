"""Writing the sample company into an empty CRM, in one transaction and in bulk, at any size."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session, sessionmaker

from webapp.ai.search.indexing import rows_of
from webapp.ai.search.models import Chunk
from webapp.crm.communications.models import Communication
from webapp.crm.deals.models import Deal, DealItem, Stage
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.products.models import Product
from webapp.crm.tasks.models import Task
from webapp.crm.users.models import Role, Team, User
from webapp.crm.users.passwords import hash_password
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin, record
from webapp.kit.clock import now
from webapp.kit.db import transaction
from webapp.sample import pools
from webapp.sample.company import Colleague, Generator, Row

BATCH = 2000
LARGE = 10_000  # people; from here on the index is filled in bulk
TABLES = (Product, Organisation, Person, Deal, Task, Communication)


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in lists of a size that memory and the driver like."""
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield batch


def write(session: Session, model: type[Any], rows: Iterable[Row]) -> list[Row]:
    """Insert rows of one table with their search chunks; answers the rows."""
    columns = set(model.__mapper__.columns.keys())
    kept: list[Row] = []
    for batch in batches(rows):
        values = [{key: value for key, value in row.items() if key in columns} for row in batch]
        session.execute(insert(model), values)
        if hasattr(model, "search_parts"):
            chunks: list[Row] = []
            for value in values:
                record_ = model(**value)
                chunks += rows_of(model.__entity__, value["id"], record_.search_title(), record_.search_parts())
            if chunks:
                session.execute(insert(Chunk), chunks)
        kept += batch
    return kept


def accounts(session: Session) -> list[Colleague]:
    """The demo's accounts, one a persona, and a few colleagues."""
    teams = {name: Team(name=name) for name in pools.TEAMS}
    session.add_all(teams.values())
    roles = {role.name: role for role in session.scalars(select(Role))}
    password = hash_password(pools.PASSWORD)
    users = [
        User(
            username=username,
            email=f"{username}@ostrov.example",
            full_name=full_name,
            password=password,
            fs_uniquifier=uuid.uuid4().hex,
            team=teams[team] if team else None,
            roles=[roles[role]],
            locale=locale,
        )
        for username, full_name, team, role, locale in pools.ACCOUNTS
    ]
    session.add_all(users)
    session.flush()
    return [Colleague(user.id, user.username, user.team_id) for user in users]


def products() -> Iterator[Row]:
    """The catalogue."""
    for number, (name, aliases, unit, price) in enumerate(pools.PRODUCTS, 1):
        yield {"id": number, "name": name, "aliases": aliases, "unit": unit, "price": price, "currency": "RUB"}


def _advance(session: Session, table: str) -> None:
    """Move the table's id sequence past the rows written with ids of their own (the role may use it, not set it)."""
    largest = f"SELECT coalesce(max(id), 1) FROM {table}"  # noqa: S608 - our own table names
    step = f"SELECT count(nextval('{table}_id_seq')) FROM generate_series(1, ({largest}))"  # noqa: S608
    session.execute(text(step))


def load(
    sessions: sessionmaker[Session], *, people: int, seed: int, timezone: str, communications: int | None = None
) -> str:
    """Fill an empty CRM; answers one sentence about what was done. By default two communications a person."""
    talks_wanted = people * 2 if communications is None else communications
    with transaction(sessions) as session:
        begin(session, SYSTEM)
        if session.scalars(select(User.id).limit(1)).first() is not None:
            return "The sample company is here already."
        if people > LARGE:
            # Many trigrams at once: let the index take them in long lists, which the next vacuum files away.
            session.execute(text("SET LOCAL gin_pending_list_limit = '1GB'"))
        generator = Generator(seed, now().astimezone(ZoneInfo(timezone)), accounts(session))
        write(session, Product, products())
        organisations = write(session, Organisation, generator.organisations(max(people * 11 // 20, 1)))
        persons = write(session, Person, generator.people(people, organisations))
        stages = [{"id": stage.id} for stage in session.scalars(select(Stage).order_by(Stage.position))]
        by_id = {row["id"]: row for row in persons}
        deals = write(
            session, Deal, generator.deals(people // 2, persons, {row["id"]: row for row in organisations}, stages)
        )
        items = [{**item, "deal_id": deal["id"]} for deal in deals for item in deal["items"]]
        fields = ("deal_id", "product_id", "product_name", "quantity", "price")
        for batch in batches(items):
            session.execute(insert(DealItem), [{name: item[name] for name in fields} for item in batch])
        write(session, Task, generator.tasks(people // 2, deals, by_id))
        talks = write(session, Communication, generator.communications(talks_wanted, deals, by_id))
        for model in TABLES:
            _advance(session, model.__tablename__)
        record(session, "sample.loaded", people=people, seed=seed)
    return (
        f"The sample company is ready: {len(organisations)} organisations, {len(persons)} people, {len(deals)} deals, "
        f"{len(talks)} communications."
    )
