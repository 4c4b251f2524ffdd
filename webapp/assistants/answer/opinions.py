"""What the asker thinks of an answer: useful or not, and what was wrong with it. It flows back to the log of runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy.orm import Session

from webapp.ai.gateway import Gateway, ModelUnavailable
from webapp.ai.proposals import store
from webapp.ai.proposals.models import REASONS, Opinion
from webapp.kit import changes
from webapp.kit.access import Actor
from webapp.kit.clock import now
from webapp.kit.errors import Invalid, NotFound
from webapp.kit.i18n import N_
from webapp.kit.jobs import WaitForPart, Work, mark_delivered
from webapp.kit.outbox import OutboxEvent, emit

SUBSCRIBER = "answer.opinion"
USEFUL, USELESS = "useful", "useless"
VERDICTS = {USEFUL: "accepted", USELESS: "rejected"}
FIELD = "answer"  # of a verdict: the answer as a whole, so that the last opinion counts
WAITING = N_("The gateway is away; it is told later what people think of an answer.")


@dataclass(frozen=True)
class AnswerJudged:
    """Somebody has said what an answer was worth."""

    type: ClassVar[str] = "answer.judged"
    subject_type: ClassVar[str] = "user"
    user_id: int
    run_id: str
    opinion: str
    reason: str

    @property
    def subject_id(self) -> int:
        """Who has asked."""
        return self.user_id


def of(session: Session, run_id: str) -> Opinion | None:
    """What is thought of an answer so far."""
    return session.get(Opinion, run_id)


def read(form: Mapping[str, str]) -> tuple[bool, str]:
    """Whether an answer was useful, and the reason when not; raises Invalid for anything else."""
    opinion, reason = form.get("opinion", ""), form.get("reason", "")
    if opinion not in VERDICTS:
        raise Invalid({"opinion": N_("Say whether the answer was useful")})
    if reason and (opinion == USEFUL or reason not in REASONS):
        raise Invalid({"reason": N_("This is not one of the reasons")})
    return opinion == USEFUL, reason


def give(session: Session, actor: Actor, run_id: str, *, useful: bool, reason: str) -> Opinion:
    """Keep what the asker thinks and say so; NotFound unless the actor has asked the question."""
    run = store.run(session, run_id)
    if run is None or run.subject_type != "user" or run.subject_id != actor.id:
        raise NotFound
    given = session.merge(Opinion(run_id=run_id, useful=useful, reason=reason, at=now()))
    word = USEFUL if useful else USELESS
    changes.record(session, "ai.judged", "run", run_id, opinion=word, reason=reason)
    emit(session, AnswerJudged(run.subject_id, run_id, word, reason))
    return given


def tell(work: Work, event: OutboxEvent) -> None:
    """Tell the log of runs; told twice, it keeps one, because the verdict carries the event's id."""
    gateway: Gateway = work.parts["gateway"]
    verdict = {
        "id": str(event.id),
        "field": FIELD,
        "value": FIELD,
        "verdict": VERDICTS[event.data["opinion"]],
        "final": event.data["reason"] or None,
        "at": event.time.isoformat(),
        "actor": None if event.actor_id is None else str(event.actor_id),
    }
    try:
        gateway.tell_verdicts(str(event.data["run_id"]), [verdict])
    except ModelUnavailable as error:
        raise WaitForPart(WAITING) from error
    with work.transaction() as session:
        mark_delivered(session, event.id, SUBSCRIBER)
