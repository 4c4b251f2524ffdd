"""Keeping the index: whatever findable is flushed has its chunks rewritten in the same transaction."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Update, delete, event, insert, update
from sqlalchemy.orm import Session, sessionmaker

from webapp.ai.search.models import Chunk
from webapp.kit.searchable import SearchPart


def folded_body(part: SearchPart) -> str:
    """The text of a part as it is searched: a phone is also found by its digits alone."""
    if part.kind == "contact" and (digits := re.sub(r"\D", "", part.text)) and digits != part.text:
        return f"{part.text} {digits}"
    return part.text


def rows_of(entity: str, entity_id: int, title: str, parts: Iterable[SearchPart]) -> list[dict[str, Any]]:
    """The rows of the chunks of one record, empty parts left out."""
    return [
        {
            "entity": entity,
            "entity_id": entity_id,
            "field": part.field,
            "kind": part.kind,
            "title": title,
            "body": folded_body(part),
            "second": part.second,
            "page": part.page,
        }
        for part in parts
        if part.text.strip()
    ]


def _index(session: Session, _context: Any) -> None:
    """After a flush: rewrite the chunks of what was added or changed, remove those of what was deleted.

    Only fields that the record itself reports are replaced: transcripts and document texts, which are indexed in pieces
    by their own jobs (`replace_parts`), stay.
    """
    rows: list[dict[str, Any]] = []
    for item in (*session.new, *session.dirty):
        if not hasattr(item, "search_parts") or (item in session.dirty and not session.is_modified(item)):
            continue
        parts = item.search_parts()
        if item in session.dirty:
            own = delete(Chunk).where(Chunk.entity == item.__entity__, Chunk.entity_id == item.id)
            session.execute(own.where(Chunk.field.in_([p.field for p in parts])))
            session.execute(_renamed(item))
        rows += rows_of(item.__entity__, item.id, item.search_title(), parts)
    for item in session.deleted:
        if hasattr(item, "search_parts"):
            session.execute(delete(Chunk).where(Chunk.entity == item.__entity__, Chunk.entity_id == item.id))
    if rows:
        session.execute(insert(Chunk), rows)


def _renamed(item: Any) -> Update:
    """Pieces that stay (transcripts, document texts) follow the record's title."""
    pieces = update(Chunk).where(Chunk.entity == item.__entity__, Chunk.entity_id == item.id)
    return pieces.where(Chunk.title != item.search_title()).values(title=item.search_title())


def replace_parts(
    session: Session, entity: str, entity_id: int, title: str, parts: list[SearchPart], *, field: str
) -> None:
    """Replace the pieces of one long field (a transcript, a document's text) of a record."""
    session.execute(delete(Chunk).where(Chunk.entity == entity, Chunk.entity_id == entity_id, Chunk.field == field))
    rows = rows_of(entity, entity_id, title, parts)
    if rows:
        session.execute(insert(Chunk), rows)


def install(sessions: sessionmaker[Session]) -> None:
    """Attach the index to a session factory."""
    event.listen(sessions, "after_flush", _index)
