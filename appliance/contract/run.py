"""Runs: what the gateway keeps of each time that a model was asked, the first half of every "why?"."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Decision = Literal["accepted", "edited", "rejected", "undone", "kept"]


class RunSubject(BaseModel):
    """The record that a run was about."""

    type: str
    id: str


class RunFeature(BaseModel):
    """One value that a run found, with the words that it rests on and what spoke for it."""

    model_config = ConfigDict(extra="allow")

    field: str
    value: Any = None
    quote: str | None = None
    segment: int | None = None
    second: float | None = None
    confidence: float | None = None
    contributions: dict[str, float] = Field(default_factory=dict)


class RunVerdict(BaseModel):
    """What a person decided about a value; `edit_distance` is 0 for unchanged and 1 for written anew."""

    model_config = ConfigDict(extra="allow")

    field: str
    value: Any = None
    verdict: Decision
    edit_distance: float | None = None
    at: AwareDatetime
    actor: str | None = None


class RunSummary(BaseModel):
    """A run in a list; times in milliseconds."""

    model_config = ConfigDict(extra="allow")

    id: str
    at: AwareDatetime
    endpoint: str
    module: str | None = None
    module_version: str | None = None
    prompt_version: str | None = None
    prompt_hash: str | None = None
    model: str | None = None
    model_hash: str | None = None
    engine: str | None = None
    policy: str | None = None
    key: str | None = None
    actor: str | None = None
    subject: RunSubject | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    duration_ms: float | None = None
    engine_ms: float | None = None
    queue_ms: float | None = None
    attempts: int | None = None
    verdict: str | None = None
    reason: str | None = None


class Run(RunSummary):
    """A run with its masked prompt and answer (as long as they are kept), its evidence and people's verdicts."""

    masked: bool = False
    prompt: str | None = None
    answer: str | None = None
    features: list[RunFeature] = Field(default_factory=list)
    verdicts: list[RunVerdict] = Field(default_factory=list)
