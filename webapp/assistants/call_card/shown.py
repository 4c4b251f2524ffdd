"""What the page shows of proposals: grouped, with the card's present values beside them and links to what was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.ai.proposals import store
from webapp.ai.proposals.models import Proposal
from webapp.assistants.call_card import values
from webapp.assistants.call_card.card import value_of
from webapp.assistants.call_card.facts import client_of
from webapp.assistants.call_card.visible import may_see
from webapp.crm.communications.models import Communication
from webapp.crm.deals.models import Deal
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.tasks.models import Task
from webapp.kit import cleaning
from webapp.kit.access import Actor, reach
from webapp.kit.i18n import gettext
from webapp.web.names import field_name

MADE: dict[str, Any] = {"person": Person, "organisation": Organisation, "deal": Deal, "task": Task}


@dataclass
class Shown:
    """One proposal as the component shows it."""

    id: int
    label: str
    display: str
    quote: str
    second: float
    by: str
    confidence: float
    state: str
    value_text: str
    input: str
    options: list[tuple[str, str]] | None
    was: str
    note: str


@dataclass
class Panel:
    """All proposals of a call: groups of (title, icon, proposals), records made, the run behind them."""

    groups: list[tuple[str, str, list[Shown]]] = field(default_factory=list)
    made: list[tuple[str, int, str]] = field(default_factory=list)
    run: Any = None
    waiting: int = 0
    accepted: int = 0


def visible(session: Session, actor: Actor, communication_id: int) -> list[Proposal]:
    """The proposals of a call that the actor may see."""
    return [p for p in store.of(session, ("communication", communication_id)) if may_see(actor, p)]


def panel(session: Session, actor: Actor, call: Communication) -> Panel:
    """Everything that the panel of a call shows."""
    proposals = visible(session, actor, call.id)
    present = _present(session, actor, call)
    groups = []
    for title, icon, names in values.GROUPS:
        found = [p for name in names for p in proposals if p.field == name]
        if found:
            groups.append((gettext(title), icon, [_show(p, present.get(p.field, ""), proposals) for p in found]))
    accepted = sum(p.state in store.ACCEPTED for p in proposals if p.run_id == call.run_id)
    made = _made(session, actor, call, proposals)
    return Panel(groups, made, store.run(session, call.run_id), store.still_open(proposals), accepted)


def _present(session: Session, actor: Actor, call: Communication) -> dict[str, str]:
    """What stands on the client's card at the moment."""
    person, organisation = client_of(session, actor, call)
    holder = person or organisation
    entity = "person" if person else "organisation"
    phone = cleaning.show_phone(holder.phone) if holder and actor.sees(entity, "phone") else ""
    return {
        "person": person.full_name if person else "",
        "organisation": organisation.name if organisation else "",
        "phone": phone,
        "email": holder.email if holder and actor.sees(entity, "email") else "",
    }


def _show(proposal: Proposal, present: str, siblings: list[Proposal]) -> Shown:
    display = values.shown(proposal, siblings)
    differs = bool(present) and present != display and present != str(value_of(proposal))
    return Shown(
        id=proposal.id,
        label=field_name(proposal.field),
        display=display,
        quote=proposal.quote,
        second=proposal.second,
        by=values.speaker(proposal),
        confidence=proposal.confidence,
        state=proposal.state,
        value_text=values.value_text(proposal),
        input=values.input_kind(proposal),
        options=values.options(proposal),
        was=present if differs and proposal.state in ("proposed", "kept") else "",
        note=gettext(proposal.note) if proposal.note else "",
    )


def _made(session: Session, actor: Actor, call: Communication, proposals: list[Proposal]) -> list[tuple[str, int, str]]:
    """The records that hold accepted values: (entity, id, title)."""
    targets = {(p.target_type, p.target_id) for p in proposals if p.state in store.ACCEPTED and p.target_type in MADE}
    if call.deal_id and any(kind == "deal" for kind, _number in targets):
        targets.add(("deal", call.deal_id))
    found = []
    for entity, model in MADE.items():
        ids = [number for kind, number in targets if kind == entity]
        if ids:
            rows = session.scalars(select(model).where(reach(actor, model), model.id.in_(ids)).order_by(model.id))
            found += [(entity, row.id, row.search_title()) for row in rows]
    return found
