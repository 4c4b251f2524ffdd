"""Which proposals an actor may see: those for fields that are hidden from the actor stay hidden too."""

from __future__ import annotations

from webapp.ai.proposals.models import Proposal
from webapp.kit.access import Actor

# proposal field -> the fields of records into which it would be written
FIELDS = {
    "person": (("person", "full_name"),),
    "organisation": (("organisation", "name"),),
    "phone": (("person", "phone"), ("organisation", "phone")),
    "email": (("person", "email"), ("organisation", "email")),
    "budget": (("deal", "amount"),),
    "currency": (("deal", "currency"),),
    "product": (("deal", "items"),),
    "quantity": (("deal", "items"),),
    "next_step": (("task", "title"),),
    "due": (("task", "due_at"),),
    "intent": (("communication", "intent"),),
    "sentiment": (("communication", "sentiment"),),
}


def may_see(actor: Actor, proposal: Proposal) -> bool:
    """Whether the actor may see a proposal."""
    return all(actor.sees(entity, field) for entity, field in FIELDS.get(proposal.field, ()))
