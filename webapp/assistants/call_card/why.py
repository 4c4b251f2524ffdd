"""Why a call's values are what they are: the run behind them, told to those who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from webapp.ai import why
from webapp.ai.proposals import store
from webapp.ai.proposals.models import Proposal
from webapp.assistants.call_card import shown, values
from webapp.assistants.call_card.accept import call_of
from webapp.crm.communications import queries as communications
from webapp.crm.communications.models import Communication
from webapp.crm.users.queries import names
from webapp.kit.access import Actor
from webapp.kit.errors import NotFound
from webapp.kit.i18n import _, gettext, show_datetime
from webapp.web.names import field_name


@dataclass(frozen=True)
class Asked:
    """Who asks about which call, and the proposals of it that they may see."""

    session: Session
    actor: Actor
    gateway: why.RunLog
    call: Communication
    proposals: Sequence[Proposal]


def of_value(session: Session, actor: Actor, gateway: why.RunLog, proposal_id: int) -> why.Why:
    """Why one proposed value; NotFound when the actor may not see it."""
    call = call_of(session, actor, proposal_id)
    asked = Asked(session, actor, gateway, call, shown.visible(session, actor, call.id))
    chosen = [p for p in asked.proposals if p.id == proposal_id]
    if not chosen:
        raise NotFound
    return _told(asked, chosen[0].run_id, chosen)


def of_call(session: Session, actor: Actor, gateway: why.RunLog, communication_id: int) -> why.Why:
    """Why the summary and all values of the last run of a call."""
    call = communications.one(session, actor, communication_id)
    asked = Asked(session, actor, gateway, call, shown.visible(session, actor, call.id))
    points = _points(call) if actor.sees("communication", "summary") else []
    return _told(asked, call.run_id, [p for p in asked.proposals if p.run_id == call.run_id], points)


def _told(asked: Asked, run_id: str | None, chosen: Sequence[Proposal], before: Sequence[why.Ground] = ()) -> why.Why:
    run = store.run(asked.session, run_id)
    if run is None:
        raise NotFound
    log = why.read_log(asked.gateway, run.id)
    people = names(asked.session, [run.asked_by, *(p.decided_by for p in chosen)])
    grounds = [*before, *(_ground(p, asked, log, people) for p in chosen)]
    subject = _("Call of %(when)s", when=show_datetime(asked.call.occurred_at))
    asker = people.get(run.asked_by or 0, "")
    return why.tell(asked.actor, run, log, grounds, asked_by=asker, url=_address(asked.call), subject=subject)


def _address(call: Communication, second: float | None = None) -> str:
    address = url_for("communications.show", communication_id=call.id)
    return address if second is None else f"{address}?t={second}"


def _points(call: Communication) -> list[why.Ground]:
    """The sentences of the summary with the words that they rest on."""
    return [
        why.Ground(_("Summary"), point["text"], point["quote"], point["second"], _address(call, point["second"]))
        for point in call.summary_points or ()
    ]


def _ground(proposal: Proposal, asked: Asked, log: why.Log, people: dict[int, str]) -> why.Ground:
    decided = proposal.decided_at is not None and proposal.state != "proposed"
    edited = proposal.final_value is not None
    return why.Ground(
        label=field_name(proposal.field),
        display=values.shown(proposal, asked.proposals),
        quote=proposal.quote,
        second=proposal.second,
        url=_address(asked.call, proposal.second),
        by=values.speaker(proposal),
        confidence=proposal.confidence,
        parts=log.parts_of(proposal),
        state=proposal.state,
        decided_by=people.get(proposal.decided_by or 0, "") if decided else "",
        decided_at=proposal.decided_at if decided else None,
        proposed=values.told(proposal, proposal.value, asked.proposals) if edited else "",
        edit_distance=proposal.edit_distance,
        note=gettext(proposal.note) if proposal.note else "",
    )
