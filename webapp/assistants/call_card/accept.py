"""Deciding about proposals: accept, edit and accept, accept all, reject. Each is one transaction of its caller.

The card is always brought to what is accepted by now, whatever the order of the clicks: client, then deal, then task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from webapp.ai.proposals import store
from webapp.ai.proposals.models import Proposal
from webapp.assistants.call_card import client, promise, sale, values
from webapp.assistants.call_card.card import Card, by_person, value_of, written
from webapp.assistants.call_card.messages import ProposalAccepted, ProposalRejected, RunJudged
from webapp.assistants.call_card.visible import may_see
from webapp.crm.communications import queries as communications
from webapp.crm.communications.models import Communication
from webapp.kit import changes
from webapp.kit.access import Actor, require
from webapp.kit.clock import now
from webapp.kit.errors import Conflict, NotFound
from webapp.kit.i18n import N_
from webapp.kit.outbox import emit

Acceptable = frozenset({"proposed", "undone", "rejected", "kept"})


def accept(
    session: Session, actor: Actor, proposal_id: int, *, currency: str, value: Any = None
) -> tuple[Communication, Proposal]:
    """Accept one proposal, with another value when a person typed one; accepting it again changes nothing."""
    card, proposal = _opened(session, actor, proposal_id, currency)
    final = values.typed(proposal, value) if value is not None else None
    if proposal.state not in Acceptable and (final is None or final == proposal.final_value):
        return card.call, proposal
    if final is not None:
        proposal.final_value = final
    _decide(card, [proposal])
    return card.call, proposal


def accept_all(session: Session, actor: Actor, communication_id: int, *, currency: str) -> Communication:
    """Accept everything that waits for a decision."""
    card = _card(session, actor, communication_id, currency)
    waiting = [p for p in card.proposals if p.state == "proposed" and may_see(actor, p)]
    if waiting:
        _decide(card, waiting)
    return card.call


def reject(session: Session, actor: Actor, proposal_id: int, *, currency: str) -> tuple[Communication, Proposal]:
    """Reject a proposal that is not accepted; what waited for it is settled without it."""
    card, proposal = _opened(session, actor, proposal_id, currency)
    if proposal.state in ("accepted", "edited"):
        raise Conflict(N_("This value was accepted. Undo the run to take it back."))
    if proposal.state == "rejected":
        return card.call, proposal
    _stamp(proposal, actor, now())
    proposal.state = "rejected"
    store.measure(proposal)
    changes.record(session, "proposal.rejected", "proposal", proposal.id, field=proposal.field, run=proposal.run_id)
    emit(session, ProposalRejected(card.call.id, proposal.id, proposal.field))
    tell_verdicts(session, card.call.id, [proposal])
    with _cause(card):
        _settle(card)
    return card.call, proposal


def call_of(session: Session, actor: Actor, proposal_id: int) -> Communication:
    """The call that a proposal belongs to, when the actor may see it."""
    kind, communication_id = store.subject_of(session, proposal_id)
    if kind != "communication":
        raise NotFound
    return communications.one(session, actor, communication_id)


def _opened(session: Session, actor: Actor, proposal_id: int, currency: str) -> tuple[Card, Proposal]:
    """The card of a proposal, and the proposal in it, held until the transaction ends."""
    kind, communication_id = store.subject_of(session, proposal_id)
    if kind != "communication":
        raise NotFound
    card = _card(session, actor, communication_id, currency)
    proposal = next((p for p in card.proposals if p.id == proposal_id), None)
    if proposal is None or not may_see(actor, proposal):
        raise NotFound
    return card, proposal


def _card(session: Session, actor: Actor, communication_id: int, currency: str) -> Card:
    """Lock the call first: two people who decide at once do it one after the other."""
    call = communications.one(session, actor, communication_id, lock=True)
    require(actor, call, "edit")
    proposals = store.of(session, ("communication", call.id), lock=True)
    card = Card(session, actor, call, proposals, currency)
    card.remember_made()
    return card


def _decide(card: Card, chosen: list[Proposal]) -> None:
    moment = now()
    for proposal in chosen:
        proposal.state = "edited" if by_person(proposal) else "accepted"
        _stamp(proposal, card.actor, moment)
    with _cause(card):
        _settle(card)
    for proposal in chosen:
        store.measure(proposal)
        target = f"{proposal.target_type}/{proposal.target_id}" if proposal.target_type else ""
        details = {"field": proposal.field, "run": proposal.run_id, "state": proposal.state, "target": target}
        changes.record(card.session, "proposal.accepted", "proposal", proposal.id, **details)
        emit(card.session, ProposalAccepted(card.call.id, proposal.id, proposal.field, proposal.state, target))
    tell_verdicts(card.session, card.call.id, chosen)


def tell_verdicts(session: Session, communication_id: int, decided: Sequence[Proposal]) -> None:
    """Let the gateway's log of runs know what was decided, run by run."""
    for run_id in dict.fromkeys(proposal.run_id for proposal in decided):
        verdicts = tuple(store.verdict_of(p) for p in decided if p.run_id == run_id)
        emit(session, RunJudged(communication_id, run_id, verdicts))


def _stamp(proposal: Proposal, actor: Actor, moment: datetime) -> None:
    proposal.decided_by, proposal.decided_at = actor.id, moment


@contextmanager
def _cause(card: Card) -> Iterator[None]:
    """Changes inside are the run's: they can be taken back together."""
    card.session.info["cause"] = card.call.run_id
    try:
        yield
        card.session.flush()
    finally:
        card.session.info["cause"] = None


def _settle(card: Card) -> None:
    """Bring call, client, deal and task to what is accepted by now."""
    _call(card, "intent", lambda value: setattr(card.call, "intent", value))
    _call(card, "sentiment", lambda value: setattr(card.call, "sentiment", value))
    client.settle(card)
    deal = sale.settle(card)
    promise.settle(card, deal)
    card.call.to_review = store.still_open(card.proposals)


def _call(card: Card, name: str, write: Callable[[Any], None]) -> None:
    """A value that the call itself keeps."""
    chosen = card.best(name)
    if chosen is None:
        return
    write(str(value_of(chosen)))
    for proposal in card.accepted(name):
        written(proposal, "communication", card.call.id)
