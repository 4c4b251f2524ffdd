"""Finding documents; every statement starts from what the actor may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload, with_loader_criteria

from webapp.crm.documents.models import Document
from webapp.crm.organisations.models import Organisation
from webapp.kit import paging, records
from webapp.kit.access import Actor, Scope, reach
from webapp.kit.fragments import contains

KEYS = (Document.updated_at, Document.id)


def visible(actor: Actor) -> Select[Any]:
    """The documents that the actor may see, with the name of their organisation where that may be seen too."""
    return (
        select(Document)
        .where(reach(actor, Document))
        .options(
            joinedload(Document.organisation).load_only(Organisation.name),
            with_loader_criteria(Organisation, reach(actor, Organisation), include_aliases=True),
        )
    )


def visible_ids(actor: Actor) -> Select[Any] | None:
    """The ids that the actor may see, for search; None when there is nothing to narrow."""
    if actor.scope("document") is Scope.ALL:
        return None
    return select(Document.id).where(reach(actor, Document))


def get(session: Session, actor: Actor, document_id: int, *, with_text: bool = False) -> Document:
    """One document, with its text when asked; raises NotFound."""
    statement = visible(actor).where(Document.id == document_id)
    if with_text:
        statement = statement.options(selectinload(Document.text))
    found: Document = records.one(session, statement)
    return found


def for_edit(session: Session, actor: Actor, document_id: int) -> Document:
    """One document, locked until the transaction ends; raises NotFound."""
    statement = visible(actor).where(Document.id == document_id).with_for_update(of=Document)
    found: Document = records.one(session, statement.execution_options(populate_existing=True))
    return found


def for_job(session: Session, document_id: int) -> Document | None:
    """A document for the work behind the scenes, locked, with the text that it has."""
    statement = select(Document).where(Document.id == document_id).with_for_update()
    return session.scalars(statement.options(selectinload(Document.text))).first()


def same_content(session: Session, actor: Actor, sha256: str) -> Document | None:
    """The oldest document with this content that the actor may see."""
    statement = visible(actor).where(Document.sha256 == sha256).order_by(Document.id).limit(1)
    return session.scalars(statement).unique().first()


def content_in_use(session: Session, sha256: str) -> bool:
    """Whether any document still has this content."""
    return session.scalar(select(Document.id).where(Document.sha256 == sha256).limit(1)) is not None


def matching(actor: Actor, fragment: str = "") -> Select[Any]:
    """The documents of a list, by a fragment of the title."""
    statement = visible(actor)
    if fragment.strip():
        statement = statement.where(contains(actor, "document", Document.id, fragment))
    return statement


def listed(session: Session, statement: Select[Any], *, after: str | None, limit: int) -> paging.Page[Document]:
    """One page, what has changed last first."""
    return paging.fetch(session, statement, KEYS, after=after, limit=limit, descending=True)


def of_organisation(session: Session, actor: Actor, organisation_id: int, limit: int = 20) -> Sequence[Document]:
    """The newest documents of an organisation."""
    statement = visible(actor).where(Document.organisation_id == organisation_id)
    return session.scalars(statement.order_by(Document.id.desc()).limit(limit)).unique().all()


def organisation_visible(session: Session, actor: Actor, organisation_id: int) -> bool:
    """Whether the actor may see the organisation."""
    statement = select(func.count()).where(reach(actor, Organisation), Organisation.id == organisation_id)
    return bool(session.scalar(statement.select_from(Organisation)))
