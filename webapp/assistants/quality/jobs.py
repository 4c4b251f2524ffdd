"""What people decide flows back to the log of runs at the gateway.

Telling it twice changes nothing, because each verdict carries the event's id; a gateway that is away is told later.
"""

from __future__ import annotations

from typing import Any

import structlog
from sqlalchemy.orm import Session

from webapp.ai.gateway import Gateway, ModelUnavailable
from webapp.ai.proposals import store
from webapp.kit.i18n import N_
from webapp.kit.jobs import WaitForPart, Work, mark_delivered
from webapp.kit.outbox import OutboxEvent

log = structlog.get_logger()
VERDICTS = "quality.verdicts"
WAITING = N_("The gateway is away; it is told later what people decided.")


def tell_verdicts(work: Work, event: OutboxEvent) -> None:
    """Tell the gateway what was decided about the values of a run."""
    gateway: Gateway = work.parts["gateway"]
    with work.transaction() as session:
        verdicts = _verdicts(session, event)
    run_id = str(event.data["run_id"])
    try:
        known = gateway.tell_verdicts(run_id, verdicts)
    except ModelUnavailable as error:
        raise WaitForPart(WAITING) from error
    with work.transaction() as session:
        mark_delivered(session, event.id, VERDICTS)
    if not known:
        log.info("verdicts.without_run", run_id=run_id)


def _verdicts(session: Session, event: OutboxEvent) -> list[dict[str, Any]]:
    """The verdicts as the gateway takes them. The event has ids alone: values come from rows that are still there."""
    told = event.data["verdicts"]
    rows = store.by_ids(session, [verdict["proposal_id"] for verdict in told])
    found = []
    for verdict in told:
        row = rows.get(verdict["proposal_id"])
        edited = row is not None and verdict["verdict"] == "edited"
        found.append(
            {
                "id": f"{event.id}:{verdict['proposal_id']}",
                "field": verdict["field"],
                "value": row.value if row else None,
                "verdict": verdict["verdict"],
                "final": row.final_value if row and edited else None,
                "edit_distance": verdict["edit_distance"],
                "at": event.time.isoformat(),
                "actor": None if event.actor_id is None else str(event.actor_id),
            }
        )
    return found
