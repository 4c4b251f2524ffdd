"""What happens to the proposals of a call, and what people are told about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from webapp.ai.proposals.store import RUN_JUDGED
from webapp.crm.communications.messages import OfCommunication
from webapp.kit.i18n import N_

VALUE_KEPT = N_("A colleague has written this field; their value was kept.")
NAME_KEPT = N_("The record has another name already; it was kept.")
ANOTHER_VALUE = N_("Another value of this call was taken for the card.")
WAITS_FOR_CLIENT = N_("Will be written as soon as the client is accepted.")
WAITS_FOR_PRODUCT = N_("Will be written as soon as the product is accepted.")
WAITS_FOR_STEP = N_("Will be written as soon as the next step is accepted.")
WAITS_FOR_DEAL = N_("Will be written as soon as there is a deal.")
NO_DEAL = N_("No deal was made: the client did not ask to buy.")


@dataclass(frozen=True)
class ProposalAccepted(OfCommunication):
    """A person has accepted a proposed value, as it was or edited."""

    type: ClassVar[str] = "proposal.accepted"
    communication_id: int
    proposal_id: int
    field: str
    state: str
    target: str


@dataclass(frozen=True)
class ProposalRejected(OfCommunication):
    """A person has rejected a proposed value."""

    type: ClassVar[str] = "proposal.rejected"
    communication_id: int
    proposal_id: int
    field: str


@dataclass(frozen=True)
class RunUndone(OfCommunication):
    """Everything that was accepted from a run has been taken back, as far as nobody had gone on with it."""

    type: ClassVar[str] = "run.undone"
    communication_id: int
    run_id: str
    reverted: int
    kept: int


@dataclass(frozen=True)
class RunJudged(OfCommunication):
    """What a person decided about values of a run; each verdict is one of `store.verdict_of`."""

    type: ClassVar[str] = RUN_JUDGED
    communication_id: int
    run_id: str
    verdicts: tuple[dict[str, Any], ...]
