"""Records by a fragment of a name, phone or e-mail, through the trigram index of the one search table.

The table belongs to `webapp.ai.search`, which entities may not import; so its columns are named once more, here alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    TEXT,
    ColumnElement,
    Integer,
    Select,
    any_,
    column,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Session

from webapp.kit.access import Actor

CHUNKS = table(
    "chunks",
    column("entity", TEXT),
    column("entity_id", Integer),
    column("field", TEXT),
    column("kind", TEXT),
    column("body", TEXT),
    column("words", TSVECTOR),
    column("grams", ARRAY(TEXT)),
)
SHORTEST = 3  # a trigram needs three characters; below that, words that begin so are looked up instead
BROAD = 3000  # matches: from here on the list is walked instead
TRUNK_PREFIX = 4  # from here on a number that begins with 8 is taken for a Russian one, stored with +7


def fold(fragment: str) -> str:
    """A fragment in the form in which the index keeps names."""
    return " ".join(fragment.lower().replace("ё", "е").split())


def variants(fragment: str) -> list[str]:
    """The forms of a fragment to look for: as typed, and a phone's digits (a leading 8 is also a 7)."""
    folded = fold(fragment)
    found = [folded]
    digits = re.sub(r"\D", "", folded)
    if len(digits) >= SHORTEST and not re.search(r"[^\W\d_]", folded):
        found.append(digits)
        if digits.startswith("8") and len(digits) >= TRUNK_PREFIX:
            found.append("7" + digits[1:])
    return list(dict.fromkeys(found))


def _holds(fragment: str) -> ColumnElement[bool]:
    """The condition on chunks: by trigrams, then by the text itself; by first letters when it is too short."""
    folded = fold(fragment)
    if len(folded) < SHORTEST:
        word = re.sub(r"[^\w]|_", "", folded)
        return CHUNKS.c.words.op("@@")(func.to_tsquery("simple", f"{word}:*")) if word else false()
    body = func.replace(func.lower(CHUNKS.c.body), "ё", "е")
    return or_(
        *[
            CHUNKS.c.grams.contains(func.ostrov_grams(variant, type_=ARRAY(TEXT)))
            & body.contains(variant, autoescape=True)
            for variant in variants(fragment)
        ]
    )


def _matching(actor: Actor, entity: str, fragment: str) -> Select[Any]:
    found = select(CHUNKS.c.entity_id).where(CHUNKS.c.entity == entity, CHUNKS.c.grams.is_not(None), _holds(fragment))
    hidden = actor.hidden_fields(entity)
    return found.where(CHUNKS.c.field.not_in(hidden)) if hidden else found


@dataclass(frozen=True)
class Matches:
    """The records that hold a fragment: their ids, or None when they are too many to be listed."""

    ids: Sequence[int] | None


def matches(session: Session, actor: Actor, entity: str, fragment: str) -> Matches | None:
    """Walk the index once for a fragment, before the list is made from what it finds; None without a fragment."""
    if not fold(fragment):
        return None
    found = session.scalars(_matching(actor, entity, fragment).distinct().limit(BROAD)).all()
    return Matches(None if len(found) == BROAD else found)


def contains(
    actor: Actor, entity: str, ids: Any, fragment: str, *, known: Matches | None = None
) -> ColumnElement[bool]:
    """The condition that keeps the rows (by their column of ids) whose name or contacts hold the fragment.

    Fields that are hidden from the actor do not count. An empty fragment keeps nothing: ask only when one was given.
    With `known` matches the index is not walked again; too many are tested row by row in the order of the list, which
    soon has its page full.
    """
    found = _matching(actor, entity, fragment)
    if known is None:
        return cast("ColumnElement[bool]", ids.in_(found))
    if known.ids is not None:
        return cast("ColumnElement[bool]", ids == any_(literal(list(known.ids), ARRAY(Integer))))
    # OFFSET keeps the planner from turning the test of each row back into one join over all matches.
    return exists(found.where(CHUNKS.c.entity_id == ids).offset(0))
