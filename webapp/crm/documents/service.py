"""What can be done with documents. Nothing here commits."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from webapp.crm.documents import queries
from webapp.crm.documents.messages import (
    WAITING,
    DocumentDeleted,
    DocumentIndexed,
    DocumentReadAgain,
    DocumentReceived,
    DocumentUpdated,
    ReceiveDocument,
)
from webapp.crm.documents.models import Document, DocumentPage
from webapp.kit import records
from webapp.kit.access import Actor, require
from webapp.kit.errors import Conflict, Invalid
from webapp.kit.i18n import N_
from webapp.kit.outbox import emit
from webapp.kit.reading import Reading

NAME_LENGTH = 200


def receive(session: Session, actor: Actor, command: ReceiveDocument) -> tuple[Document, bool]:
    """Keep a document; answers it and whether the same content was there already (then that document is answered)."""
    _check_organisation(session, actor, command.organisation_id)
    known = queries.same_content(session, actor, command.sha256)
    if known is not None:
        return known, True
    document = Document(
        title=(command.title.strip() or Path(command.filename).stem)[:NAME_LENGTH],
        filename=command.filename[-NAME_LENGTH:],
        media_type=command.media_type,
        sha256=command.sha256,
        bytes=command.size,
        organisation_id=command.organisation_id,
        state="received",
        state_detail=WAITING,
    )
    records.start(actor, document, by_person=True)
    session.add(document)
    session.flush()
    emit(session, DocumentReceived(document.id))
    return document, False


def _check_organisation(session: Session, actor: Actor, organisation_id: int | None) -> None:
    if organisation_id is not None and not queries.organisation_visible(session, actor, organisation_id):
        raise Invalid({"organisation_id": N_("There is no such organisation")})


def update(
    session: Session,
    actor: Actor,
    document_id: int,
    *,
    title: str,
    organisation_id: int | None,
    version: int | None = None,
) -> Document:
    """Change what a document is called and whom it belongs to."""
    document = queries.for_edit(session, actor, document_id)
    records.check_version(document, version)
    if not title.strip():
        raise Invalid({"title": N_("Please fill in this field")})
    if organisation_id != document.organisation_id:
        _check_organisation(session, actor, organisation_id)
    values = {"title": " ".join(title.split())[:NAME_LENGTH], "organisation_id": organisation_id}
    if records.apply(actor, document, values, by_person=True).changed:
        session.flush()
        emit(session, DocumentUpdated(document.id))
    return document


def store_text(session: Session, document: Document, reading: Reading) -> None:
    """Keep what was read; the document can then be found and cited."""
    document.text = [
        DocumentPage(number=number, text=text) for number, text in enumerate(reading.texts, 1) if text.strip()
    ]
    document.pages = len(reading.texts) if reading.paged else None
    document.state = "indexed"
    document.state_detail = ""
    session.flush()
    emit(session, DocumentIndexed(document.id))


def fail(session: Session, document: Document, reason: str) -> None:
    """The file cannot be read; `reason` (a message id) says why and what to do."""
    document.state = "failed"
    document.state_detail = reason
    session.flush()


def read_again(session: Session, actor: Actor, document_id: int) -> Document:
    """Read a file anew that could not be read."""
    document = queries.for_edit(session, actor, document_id)
    require(actor, document, "edit")
    if document.state != "failed":
        raise Conflict(N_("This document has been read; there is nothing to try again"))
    document.state, document.state_detail = "received", WAITING
    session.flush()
    emit(session, DocumentReadAgain(document.id))
    return document


def remove(session: Session, actor: Actor, document_id: int) -> None:
    """Delete a document; its file follows after the commit, when nobody needs it any more."""
    document = queries.for_edit(session, actor, document_id)
    require(actor, document, "delete")
    session.delete(document)
    emit(session, DocumentDeleted(document_id, document.sha256))
    session.flush()
