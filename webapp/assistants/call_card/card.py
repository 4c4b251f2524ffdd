"""The card under acceptance: the call, its proposals, and who decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.ai.proposals.models import Proposal
from webapp.ai.proposals.store import ACCEPTED
from webapp.crm.communications.models import Communication
from webapp.kit.access import Actor
from webapp.kit.changes import Change

LIVE = ACCEPTED | {"proposed"}


@dataclass
class Card:
    """One acceptance. `made` holds (entity, id) of what this run has created: those may be renamed, others not."""

    session: Session
    actor: Actor
    call: Communication
    proposals: list[Proposal]
    currency: str
    made: set[tuple[str, int]] = field(default_factory=set)

    def accepted(self, *fields: str) -> list[Proposal]:
        """What was accepted for some fields, the most telling first: typed by a person, then the surest."""
        found = [p for p in self.proposals if p.field in fields and p.state in ACCEPTED]
        return sorted(found, key=lambda p: (p.state != "edited", -p.confidence, p.id))

    def live(self, *fields: str) -> list[Proposal]:
        """What may still count for some fields: accepted, or waiting for a decision."""
        return [p for p in self.proposals if p.field in fields and p.state in LIVE]

    def best(self, name: str) -> Proposal | None:
        """The accepted value that counts for a field."""
        found = self.accepted(name)
        return found[0] if found else None

    def remember_made(self) -> None:
        """Read what this run has created so far."""
        statement = select(Change.entity, Change.entity_id).where(Change.cause == self.call.run_id)
        rows = self.session.execute(statement.where(Change.action == "created"))
        self.made = {(row.entity, row.entity_id) for row in rows}


def value_of(proposal: Proposal) -> Any:
    """The value that counts: what a person typed, else what was proposed."""
    return proposal.value if proposal.final_value is None else proposal.final_value


def by_person(proposal: Proposal) -> bool:
    """Whether a person typed the value."""
    return proposal.final_value is not None


def written(proposal: Proposal, entity: str, record_id: int) -> None:
    """The value stands on the card."""
    proposal.target_type, proposal.target_id, proposal.note = entity, record_id, ""
    proposal.state = "edited" if by_person(proposal) else "accepted"


def kept_back(proposal: Proposal, note: str, entity: str = "", record_id: int | None = None) -> None:
    """Another value stands on the card and stays."""
    proposal.target_type, proposal.target_id, proposal.note = entity or None, record_id, note
    proposal.state = "kept"


def waits(proposal: Proposal, note: str) -> None:
    """The value is accepted and waits for another one."""
    proposal.target_type, proposal.target_id, proposal.note = None, None, note
    proposal.state = "edited" if by_person(proposal) else "accepted"
