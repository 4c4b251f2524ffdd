"""The records that a heard name may mean: those that share a word with it, then those that are spelled much like it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import TEXT, Float, cast, column, func, or_, select, values
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, joinedload

from webapp.crm.communications.models import Segment
from webapp.crm.people.models import Person
from webapp.kit.access import Actor, reach
from webapp.kit.fragments import CHUNKS, fold

MOST_CANDIDATES = 120
MOST_WORDS = 400
# Each misheard word costs one walk through the trigram index, some milliseconds at 100,000 names.
MOST_MISHEARD = 24
SHORTEST_MISHEARD = 5
LEAST_SHARED = 0.5  # of a heard word's trigrams: "Урал Промстель" shares 8 of 11 with "Уралпромсталь"


def names_heard(segments: Iterable[Segment]) -> list[str]:
    """The words of a transcript that may be names: written with a capital."""
    found = re.findall(r"[^\W\d_][\w\-]{2,}", " ".join(segment.text for segment in segments))
    return list(dict.fromkeys(word for word in found if word[0].isupper()))[:MOST_WORDS]


def candidates(session: Session, actor: Actor, model: type[Any], words: Sequence[str]) -> list[Any]:
    """Records of a kind that the heard words may name, best first, among those that the actor may see."""
    ids = list(dict.fromkeys([*_sharing(session, actor, model, words), *_alike(session, actor, model, words)]))
    statement = select(model).where(model.id.in_(ids[:MOST_CANDIDATES]))
    if model is Person:
        statement = statement.options(joinedload(Person.organisation))
    by_id = {record.id: record for record in session.scalars(statement)}
    return [by_id[record_id] for record_id in ids if record_id in by_id]


def _name_field(model: type[Any]) -> str:
    return "full_name" if model is Person else "name"


def _sharing(session: Session, actor: Actor, model: type[Any], words: Sequence[str]) -> list[int]:
    """Ids of records whose names hold one of the words, in any inflection."""
    asked = " | ".join(filter(None, (re.sub(r"[^\w]", "", word) for word in words)))
    if not asked:
        return []
    query = or_(*[CHUNKS.c.words.op("@@")(func.to_tsquery(language, asked)) for language in ("russian", "english")])
    rank = func.ts_rank(CHUNKS.c.words, func.to_tsquery("russian", asked).op("||")(func.to_tsquery("english", asked)))
    found = select(CHUNKS.c.entity_id).where(
        CHUNKS.c.entity == model.__entity__, CHUNKS.c.field == _name_field(model), query
    )
    found = found.join(model, model.id == CHUNKS.c.entity_id).where(reach(actor, model))
    return list(session.scalars(found.order_by(rank.desc()).limit(MOST_CANDIDATES)))


def _misheard(words: Sequence[str]) -> list[str]:
    """What to look for by trigrams: each longer word, and two neighbours as one, since a hearing splits names."""
    joined = [first + second for first, second in pairwise(words)]
    folded = (fold(word) for word in (*words, *joined))
    return list(dict.fromkeys(word for word in folded if len(word) >= SHORTEST_MISHEARD))[:MOST_MISHEARD]


def _alike(session: Session, actor: Actor, model: type[Any], words: Sequence[str]) -> list[int]:
    """Ids of records whose names share most trigrams of one of the words."""
    asked = _misheard(words)
    if not asked:
        return []
    heard = values(column("word", TEXT), name="heard").data([(word,) for word in asked])
    grams = func.ostrov_grams(heard.c.word, type_=ARRAY(TEXT))
    common = (
        select(func.count())
        .select_from(func.unnest(grams).alias("gram"))
        .where(column("gram") == func.any(CHUNKS.c.grams))
        .scalar_subquery()
    )
    share = cast(common, Float) / func.cardinality(grams)
    best = func.max(share)
    found = (
        select(CHUNKS.c.entity_id)
        .join_from(heard, CHUNKS, CHUNKS.c.grams.overlap(grams))
        .join(model, model.id == CHUNKS.c.entity_id)
        .where(CHUNKS.c.entity == model.__entity__, CHUNKS.c.field == _name_field(model), reach(actor, model))
        .where(share >= LEAST_SHARED)
        .group_by(CHUNKS.c.entity_id)
        .order_by(best.desc(), CHUNKS.c.entity_id)
        .limit(MOST_CANDIDATES // 4)
    )
    return list(session.scalars(found))
