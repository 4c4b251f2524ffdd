"""What happens to the proposals of a call, and what people are told about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from webapp.ai.proposals.store import RUN_JUDGED
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
class ProposalAccepted:
    """A person has accepted a proposed value, as it was or edited."""

    type: ClassVar[str] = "proposal.accepted"
    subject_type: ClassVar[str] = "communication"
    communication_id: int
    proposal_id: int
    field: str
    state: str
    target: str

    @property
    def subject_id(self) -> int:
        """The communication."""
        return self.communication_id


@dataclass(frozen=True)
class ProposalRejected:
    """A person has rejected a proposed value."""

    type: ClassVar[str] = "proposal.rejected"
    subject_type: ClassVar[str] = "communication"
    communication_id: int
    proposal_id: int
    field: str

    @property
    def subject_id(self) -> int:
        """The communication."""
        return self.communication_id


@dataclass(frozen=True)
class RunUndone:
    """Everything that was accepted from a run has been taken back, as far as nobody had gone on with it."""

    type: ClassVar[str] = "run.undone"
    subject_type: ClassVar[str] = "communication"
    communication_id: int
    run_id: str
    reverted: int
    kept: int

    @property
    def subject_id(self) -> int:
        """The communication."""
        return self.communication_id


@dataclass(frozen=True)
class RunJudged:
    """What a person decided about values of a run; each verdict is one of `store.verdict_of`."""

    type: ClassVar[str] = RUN_JUDGED
    subject_type: ClassVar[str] = "communication"
    communication_id: int
    run_id: str
    verdicts: tuple[dict[str, Any], ...]

    @property
    def subject_id(self) -> int:
        """The communication."""
        return self.communication_id
