"""Reading the text of an uploaded file, apart from the request that brought it."""

from __future__ import annotations

from webapp.crm.documents import queries, service
from webapp.kit import files
from webapp.kit.jobs import Work, mark_delivered
from webapp.kit.outbox import OutboxEvent, Subscriber
from webapp.kit.reading import Reading, Unreadable, kind_of, read_apart

NAMES = {"document.created": "documents.read", "document.read_again": "documents.read_again"}


def read_text(work: Work, event: OutboxEvent) -> None:
    """Read the file of a received document and make its text findable; what cannot be read says why."""
    document_id = int(event.data["document_id"])
    with work.transaction() as session:
        document = queries.for_job(session, document_id)
        if document is None:
            return
        path = work.parts["settings"].documents_dir / document.sha256
        filename = document.filename
    # No transaction is open while the file is read.
    outcome: Reading | str
    try:
        outcome = read_apart(path, kind_of(filename))
    except Unreadable as error:
        outcome = str(error)
    with work.transaction() as session:
        document = queries.for_job(session, document_id)
        if document is None or not mark_delivered(session, event.id, NAMES[event.type]):
            return
        if isinstance(outcome, str):
            service.fail(session, document, outcome)
        else:
            service.store_text(session, document, outcome)


def sweep_file(work: Work, event: OutboxEvent) -> None:
    """Remove the file of a deleted document, unless another document has the same content."""
    sha256 = str(event.data["sha256"])
    with work.transaction() as session:
        files.hold(session, sha256)
        if not queries.content_in_use(session, sha256):
            (work.parts["settings"].documents_dir / sha256).unlink(missing_ok=True)


SUBSCRIBERS = (
    *(Subscriber(name, event_type, read_text, replay_safe=True) for event_type, name in NAMES.items()),
    Subscriber("documents.sweep_file", "document.deleted", sweep_file, replay_safe=True),
)
