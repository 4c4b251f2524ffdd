"""Proposals as the API shows them: a value, its evidence, where it comes from, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from appliance.contract.modules import ProposalField

ProposalState = Literal["proposed", "accepted", "edited", "rejected", "undone", "kept"]


class Proposal(BaseModel):
    """A value that a module suggests, with the words of the call that it rests on.

    `second` is where the quote starts in the recording, `confidence` is between 0 and 1, `group` pairs a product with
    its quantity and a next step with its date. `kept` says that a person's own value stood in the field and stayed.
    """

    model_config = ConfigDict(from_attributes=True)

    id: int
    communication_id: int
    field: ProposalField
    value: Any
    final_value: Any | None = Field(default=None, description="What a person accepted instead of `value`")
    display: str
    quote: str
    second: float
    speaker: str
    confidence: float
    group: int | None = None
    module: str
    module_version: str
    model: str
    run_id: str
    state: ProposalState
    note: str = ""
    target: str | None = Field(default=None, description="The record that the acceptance wrote, such as deal/12")
    decided_at: datetime | None = None


class Decision(BaseModel):
    """What a person decides about a proposal; `value` replaces the proposed one."""

    model_config = ConfigDict(extra="forbid")

    value: Any | None = None

    @model_validator(mode="before")
    @classmethod
    def _nothing_said(cls, given: Any) -> Any:
        """A request without a body decides without another value."""
        return {} if given is None else given


class UndoResult(BaseModel):
    """What taking back a run has done: changes taken back, records removed, and what was kept, in sentences."""

    reverted: int
    removed: list[str]
    kept: list[str]
