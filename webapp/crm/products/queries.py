"""Finding products. The catalogue has no owners: who may view products sees all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, false, func, select
from sqlalchemy.orm import Session

from webapp.crm.products.models import Product
from webapp.kit import paging, records
from webapp.kit.access import Actor
from webapp.kit.fragments import contains, fold


def visible(actor: Actor) -> Select[Any]:
    """The products that the actor may see: all or none."""
    statement = select(Product)
    return statement if actor.may("product") else statement.where(false())


def visible_ids(actor: Actor) -> Select[Any] | None:
    """The ids that the actor may see, for search; None when there is nothing to narrow."""
    return None if actor.may("product") else select(Product.id).where(false())


def get(session: Session, actor: Actor, product_id: int) -> Product:
    """One product; raises NotFound."""
    found: Product = records.one(session, visible(actor).where(Product.id == product_id))
    return found


def for_edit(session: Session, actor: Actor, product_id: int) -> Product:
    """One product, locked until the transaction ends, with what is stored now; raises NotFound."""
    statement = visible(actor).where(Product.id == product_id).with_for_update()
    found: Product = records.one(session, statement.execution_options(populate_existing=True))
    return found


def matching(actor: Actor, fragment: str = "") -> Select[Any]:
    """The products of a list, by a fragment of a name or alias."""
    statement = visible(actor)
    return statement.where(contains(actor, "product", Product.id, fragment)) if fold(fragment) else statement


def listed(session: Session, statement: Select[Any], *, after: str | None, limit: int) -> paging.Page[Product]:
    """One page of the catalogue, by name."""
    return paging.fetch(session, statement, (Product.name, Product.id), after=after, limit=limit)


def catalogue(session: Session, actor: Actor, limit: int = 500) -> Sequence[Product]:
    """The products offered when a deal is put together, by name."""
    return session.scalars(visible(actor).order_by(Product.name).limit(limit)).all()


def by_names(session: Session, actor: Actor, names: Sequence[str]) -> dict[str, Product]:
    """Lower-case name to product, for the names that are in the catalogue."""
    wanted = [name.lower() for name in names if name]
    if not wanted:
        return {}
    found = session.scalars(visible(actor).where(func.lower(Product.name).in_(wanted)))
    return {product.name.lower(): product for product in found}


def by_ids(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, Product]:
    """Id to product, for those that exist."""
    if not ids:
        return {}
    return {product.id: product for product in session.scalars(visible(actor).where(Product.id.in_(ids)))}
