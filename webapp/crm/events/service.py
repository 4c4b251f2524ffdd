"""What can be done with dead letters. Nothing here commits; each verb leaves its audit entry."""

from __future__ import annotations

from sqlalchemy.orm import Session

from webapp.crm.events import queries
from webapp.kit import letters
from webapp.kit.access import Actor, require_any
from webapp.kit.changes import record
from webapp.kit.errors import Conflict, Invalid
from webapp.kit.i18n import N_
from webapp.kit.letters import JobFailure
from webapp.kit.outbox import Outbox

REASON_LENGTH = 500
ENTITY = "dead_letter"
GONE = N_("This letter is no longer dead: somebody has retried or discarded it already")


def retry(session: Session, actor: Actor, letter_id: int) -> JobFailure:
    """Put one dead letter back into its queue."""
    letter = _dead(session, actor, letter_id)
    outbox: Outbox = session.info["outbox"]
    if not letters.revive(session, outbox, [letter]):
        raise Conflict(N_("No part of this release takes such events any more; discard the letter"))
    record(session, "dead_letter.retried", ENTITY, letter.id, event=str(letter.event_id), subscriber=letter.subscriber)
    return letter


def retry_all(session: Session, actor: Actor) -> int:
    """Put every dead letter back into its queue; answers how many."""
    require_any(actor, "job", "edit")
    outbox: Outbox = session.info["outbox"]
    number = letters.revive(session, outbox, letters.locked(session))
    record(session, "dead_letter.all_retried", ENTITY, None, letters=number)
    return number


def discard(session: Session, actor: Actor, letter_id: int, reason: str) -> JobFailure:
    """Give one dead letter up for good, saying why."""
    require_any(actor, "job", "edit")
    said = " ".join(reason.split())[:REASON_LENGTH]
    if not said:
        raise Invalid({"reason": N_("Say why this is given up: a colleague will ask")})
    letter = _dead(session, actor, letter_id)
    letters.discard(session, [letter], said)
    record(
        session, "dead_letter.discarded", ENTITY, letter.id, event=str(letter.event_id), subscriber=letter.subscriber
    )
    return letter


def _dead(session: Session, actor: Actor, letter_id: int) -> JobFailure:
    require_any(actor, "job", "edit")
    queries.one(session, actor, letter_id)
    found = letters.locked(session, [letter_id])
    if not found:
        raise Conflict(GONE)
    return found[0]
