"""Verbs on the catalogue of products."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.crm.products import queries
from webapp.crm.products.messages import (
    CreateProduct,
    ProductCreated,
    ProductDeleted,
    ProductUpdated,
    UpdateProduct,
)
from webapp.crm.products.models import Product
from webapp.kit import cleaning, records
from webapp.kit.access import Actor, require_any, require_fields
from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_
from webapp.kit.outbox import emit
from webapp.kit.records import Applied

MOST_ALIASES = 20


def _aliases(value: Any) -> list[str]:
    """Other names: a list, or text with one a line or separated by commas or semicolons."""
    given = value if isinstance(value, list | tuple) else re.split(r"[,;\n]", str(value or ""))
    one = cleaning.line(100)
    found = list(dict.fromkeys(filter(None, (one(item) for item in given))))
    if len(found) > MOST_ALIASES:
        raise cleaning.Unclean(N_("These are too many names"))
    return found


CLEANERS: Mapping[str, cleaning.Cleaner] = {
    "name": cleaning.line(200, required=True),
    "aliases": _aliases,
    "unit": cleaning.line(30),
    "price": cleaning.money,
    "currency": cleaning.currency,
}


def _refuse_taken_name(session: Session, name: str | None, own_id: int | None = None) -> None:
    """Two products of one name could not be told apart in a call; the unique index decides when two people race."""
    if name is None:
        return
    statement = select(Product.id).where(func.lower(Product.name) == name.lower(), Product.id != (own_id or 0))
    if session.scalar(statement) is not None:
        raise Invalid({"name": N_("A product with this name exists already")})


def create(session: Session, actor: Actor, command: CreateProduct) -> Product:
    """Add a product."""
    require_any(actor, "product", "create")
    values = cleaning.clean(asdict(command), CLEANERS)
    require_fields(actor, "product", [name for name, value in values.items() if value])
    _refuse_taken_name(session, values["name"])
    product = Product(**values)
    session.add(product)
    session.flush()
    emit(session, ProductCreated(product.id))
    return product


def update(session: Session, actor: Actor, command: UpdateProduct) -> Product:
    """Change fields of a product; raises Stale when somebody else was quicker."""
    product = queries.for_edit(session, actor, command.id)
    records.check_version(product, command.version)
    apply(session, actor, product, command.values)
    return product


def apply(session: Session, actor: Actor, product: Product, values: Mapping[str, Any]) -> Applied:
    """Set fields on a loaded product; answers which were written."""
    require_any(actor, "product", "edit")
    cleaned = cleaning.clean(values, CLEANERS)
    changed = {name: value for name, value in cleaned.items() if getattr(product, name) != value}
    require_fields(actor, "product", changed)
    _refuse_taken_name(session, changed.get("name"), product.id)
    for name, value in changed.items():
        setattr(product, name, value)
    if changed:
        session.flush()
        emit(session, ProductUpdated(product.id, tuple(sorted(changed))))
    return Applied(tuple(sorted(changed)))


def delete(session: Session, actor: Actor, product_id: int, *, version: int | None = None) -> None:
    """Delete a product; deals that name it keep its name."""
    require_any(actor, "product", "delete")
    product = queries.for_edit(session, actor, product_id)
    records.check_version(product, version)
    session.delete(product)
    session.flush()
    emit(session, ProductDeleted(product_id))
