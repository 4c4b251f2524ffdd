"""Keyset paging and capped counts: a page costs the same at row 10 and at row 100,000."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_

T = TypeVar("T")
COUNT_CAP = 1000
LARGEST_NUMBER = 2**63 - 1


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows of one page and the cursor of the next, None at the end."""

    rows: Sequence[T]
    next: str | None


def encode(values: Sequence[Any]) -> str:
    """A cursor: the sort key of the last row, as URL-safe text."""
    plain = [v.isoformat() if isinstance(v, datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def decode(cursor: str, kinds: Sequence[type[Any]]) -> list[Any]:
    """The sort key in a cursor, one value of each kind; raises Invalid when it was not made by `encode`."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [_typed(kind, value) for kind, value in zip(kinds, values, strict=True)]
    except (ValueError, TypeError, RecursionError):
        raise Invalid({"after": N_("This page link is not valid; go back to the first page")}) from None


def _typed(kind: type[Any], value: Any) -> Any:
    """A value as its column takes it (dates travel as ISO text); raises ValueError or TypeError."""
    if kind is datetime:
        return datetime.fromisoformat(value)
    if type(value) is not kind:
        raise TypeError
    if (kind is int and abs(value) > LARGEST_NUMBER) or (kind is str and "\x00" in value):
        raise ValueError
    return value


def fetch(
    session: Session,
    statement: Select[Any],
    keys: Sequence[Any],
    *,
    after: str | None,
    limit: int,
    descending: bool = False,
) -> Page[Any]:
    """Fetch one page of ORM rows ordered by `keys` (mapped columns, the last one unique).

    The columns must be indexed together in this order and must not be NULL.
    """
    if after:
        bound = tuple_(*keys)
        edge = tuple_(*decode(after, [key.type.python_type for key in keys]))
        statement = statement.where(bound < edge if descending else bound > edge)
    ordered = statement.order_by(*[key.desc() if descending else key.asc() for key in keys]).limit(limit + 1)
    rows = session.scalars(ordered).unique().all()
    more = len(rows) > limit
    rows = rows[:limit]
    cursor = encode([getattr(rows[-1], key.key) for key in keys]) if more else None
    return Page(rows, cursor)


def count_capped(session: Session, statement: Select[Any], cap: int = COUNT_CAP) -> int:
    """How many rows there are, counting no further than `cap` + 1 (shown as "1,000+")."""
    inner = statement.order_by(None).with_only_columns(select(1).scalar_subquery()).limit(cap + 1).subquery()
    return int(session.scalar(select(func.count()).select_from(inner)) or 0)
