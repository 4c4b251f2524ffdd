"""Why an AI value is what it is: the gateway's log of the run, what the CRM keeps, and what people decided.

Words for people come first; versions, hashes and times are details. The caller has checked the rights: it gives only
the grounds that the asking actor may see. The masked texts are for those who may read the log of runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol

from webapp.ai.gateway import ModelUnavailable
from webapp.ai.proposals.models import Proposal, Run
from webapp.kit.access import Actor, Level
from webapp.web.names import contribution_name, feature_name

THERE, GONE, AWAY = "there", "gone", "away"
PLAIN = (
    "module_version", "prompt_version", "prompt_hash", "model", "model_hash", "engine", "policy", "prompt_tokens",
    "completion_tokens", "queue_ms", "engine_ms", "duration_ms", "attempts", "verdict", "reason", "masked",
)  # fmt: skip


class RunLog(Protocol):
    """The part of the gateway's client that tells a run."""

    def run_record(self, run_id: str) -> dict[str, Any] | None:
        """The whole log of a run; None when it is gone."""


@dataclass(frozen=True)
class Part:
    """One thing that made a value more (or, below zero, less) sure; `width` is its bar's, 0 to 100."""

    name: str
    label: str
    share: float
    width: float


@dataclass(frozen=True)
class Ground:
    """One value, the words that it rests on, how sure the module was, and what a person made of it."""

    label: str
    display: str = ""
    quote: str = ""
    second: float | None = None
    url: str | None = None
    by: str = ""
    confidence: float | None = None
    parts: tuple[Part, ...] = ()
    state: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    proposed: str = ""
    edit_distance: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Why:
    """Everything that is told about a run. `log`: there; gone (past its retention); away (the gateway is down)."""

    run_id: str
    module: str
    title: str
    asked_by: str
    at: datetime
    log: str
    facts: Mapping[str, Any]
    grounds: Sequence[Ground] = ()
    prompt: str | None = None
    answer: str | None = None
    url: str = ""
    subject: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The same for the API."""
        told = asdict(self)
        told["at"] = self.at.isoformat()
        for ground in told["grounds"]:
            ground["decided_at"] = ground["decided_at"] and ground["decided_at"].isoformat()
        return told


@dataclass(frozen=True)
class Log:
    """What the gateway's log says of a run, and whether it could be read."""

    state: str
    record: Mapping[str, Any]

    def feature(self, position: int) -> Mapping[str, Any]:
        """A piece of evidence by its place; {} when there is none."""
        features = self.record.get("features") or []
        return features[position] if 0 <= position < len(features) else {}

    def parts_of(self, proposal: Proposal) -> tuple[Part, ...]:
        """What made a proposed value sure."""
        candidates = [f for f in self.record.get("features") or () if f.get("field") == proposal.field]
        same = [f for f in candidates if f.get("value") == proposal.value] or [
            f
            for f in candidates
            if f.get("segment") == proposal.segment and _close(f.get("confidence"), proposal.confidence)
        ]
        return parts(same[0].get("contributions") or {}) if same else ()


def _close(one: Any, other: float) -> bool:
    return isinstance(one, int | float) and abs(one - other) < 0.005  # the log keeps two decimals


def parts(contributions: Mapping[str, Any]) -> tuple[Part, ...]:
    """Contributions as bars, the largest first; what is no number is left out."""
    shares = {name: float(share) for name, share in contributions.items() if isinstance(share, int | float)}
    largest = max((abs(share) for share in shares.values()), default=0.0) or 1.0
    ordered = sorted(shares.items(), key=lambda pair: -abs(pair[1]))
    return tuple(Part(n, contribution_name(n), share, round(abs(share) / largest * 100, 1)) for n, share in ordered)


def read_log(gateway: RunLog, run_id: str) -> Log:
    """What the gateway knows of a run; never raises for a gateway that is away."""
    try:
        record = gateway.run_record(run_id)
    except ModelUnavailable:
        return Log(AWAY, {})
    return Log(GONE, {}) if record is None else Log(THERE, record)


def _may_read_texts(actor: Actor, *, masked: bool) -> bool:
    """Whether the actor may read prompt and answer: with personal data in them, only who sees every field."""
    return actor.may("run") and (masked or Level.HIDDEN not in actor.fields.values())


def tell(actor: Actor, run: Run, log: Log, grounds: Sequence[Ground], *, asked_by: str, **more: Any) -> Why:
    """All about a run of which the CRM keeps a row. The masked texts are for those who may read the log of runs."""
    kept = {name: getattr(run, name) for name in PLAIN if getattr(run, name, None) not in (None, "")}
    logged = {name: log.record[name] for name in PLAIN if log.record.get(name) not in (None, "")}
    reads = _may_read_texts(actor, masked=bool(log.record.get("masked")))
    return Why(
        run_id=run.id,
        module=run.module,
        title=feature_name(run.module),
        asked_by=asked_by,
        at=run.created_at,
        log=log.state,
        facts=kept | logged,
        grounds=tuple(grounds),
        prompt=log.record.get("prompt") if reads else None,
        answer=log.record.get("answer") if reads else None,
        **more,
    )
