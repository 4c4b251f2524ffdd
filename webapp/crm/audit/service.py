"""Walking the chain and noting that somebody took a copy of it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from appliance.audit.chain import Verdict, verify
from webapp.crm.audit.messages import Filter
from webapp.crm.audit.queries import state
from webapp.kit.access import Actor, require_any
from webapp.kit.changes import record
from webapp.kit.errors import Conflict
from webapp.kit.i18n import N_

LONGEST_WALK = 200_000  # entries; some ten seconds, which a person can wait for


class TooLong(Conflict):
    """The chain is too long to be walked while a page waits."""

    title = N_("The chain is too long to be checked from a page")


def check(session: Session, actor: Actor) -> Verdict:
    """Walk the chain now; what was found is an entry itself. Raises TooLong when it would take too long."""
    require_any(actor, "audit", "view")
    if state(session).entries > LONGEST_WALK:
        raise TooLong(N_("Run “ostrov audit verify” on the server: its result is shown here afterwards."))
    verdict = verify(session.connection())
    record(session, "audit.verified", "audit", None, **verdict.summary())
    return verdict


def note_export(session: Session, actor: Actor, wanted: Filter) -> None:
    """Note that the actor takes a copy of the entries."""
    require_any(actor, "audit", "view")
    record(session, "audit.exported", "audit", None, narrowed_by=wanted.names())
