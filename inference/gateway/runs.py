"""One run of a model: what is remembered of it, in two stages (operation, then evidence and features)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from inference.gateway.policy import ON_PREMISES, Policy

FEATURE_KEYS = ("value", "segment", "second", "confidence", "ref", "contribution", "contributions")
TEXT_MAX_CHARACTERS = 100_000


@dataclass
class Run:
    """A run in the making; `record()` freezes it for the log. Times in milliseconds. `rules` say what it may do.

    `feature` is what an administrator switches off to stop it.
    """

    endpoint: str
    rules: Policy = ON_PREMISES
    feature: str = ""
    actor: str | None = None
    request_id: str | None = None
    subject_type: str | None = None
    subject_id: str | None = None
    module: str | None = None
    module_version: str | None = None
    prompt_version: str | None = None
    prompt_hash: str | None = None
    engine: str | None = None
    model: str | None = None
    model_hash: str | None = None
    key: str | None = None
    batch: bool = False
    masked: bool = False
    queue_ms: float = 0.0
    prompt_file: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    attempts: int = 0
    engine_ms: float = 0.0
    verdict: str = "ok"
    reason: str | None = None
    prompts: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    features: list[dict[str, Any]] = field(default_factory=list)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.perf_counter)
    duration_ms: float | None = None

    def finish(self) -> None:
        """Stop the clock, once."""
        if self.duration_ms is None:
            self.duration_ms = (time.perf_counter() - self.clock) * 1000

    def record(self) -> dict[str, Any]:
        """Return the row of the log, as JSON can carry it."""
        self.finish()
        return {
            "id": self.id,
            "started_at": self.started_at.isoformat(),
            "endpoint": self.endpoint,
            "actor": self.actor,
            "request_id": self.request_id,
            "subject_type": self.subject_type,
            "subject_id": self.subject_id,
            "module": self.module,
            "module_version": self.module_version,
            "prompt_version": self.prompt_version,
            "prompt_hash": self.prompt_hash,
            "engine": self.engine,
            "model": self.model,
            "model_hash": self.model_hash,
            "policy": self.rules.name,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "attempts": self.attempts,
            "engine_ms": round(self.engine_ms),
            "duration_ms": round(self.duration_ms or 0),
            "verdict": self.verdict,
            "reason": self.reason,
            "masked_prompt": _joined(self.prompts),
            "masked_answer": _joined(self.answers),
            "key": self.key,
            "autonomy": self.rules.autonomy,
            "masked": self.masked,
            "queue_ms": round(self.queue_ms),
            "prompt_file": self.prompt_file,
            "features": self.features,
        }


def _joined(texts: list[str]) -> str | None:
    """Join the texts of several attempts; PostgreSQL takes no NUL, and a log entry has a limit."""
    if not texts:
        return None
    return _storable("\n\n".join(texts))[:TEXT_MAX_CHARACTERS]


def _storable(text: str) -> str:
    """Return a text without NUL and without halves of letters, which PostgreSQL does not take."""
    return text.replace("\x00", "\ufffd").encode(errors="replace").decode()


def _without_nul(value: Any) -> Any:
    """Return a JSON value whose texts PostgreSQL can store."""
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return value


def features_of(output: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every piece of evidence in a module's output: each listed object that carries a quote."""
    found: list[dict[str, Any]] = []
    for name, items in output.items():
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and item.get("quote"):
                kept = {key: item[key] for key in FEATURE_KEYS if item.get(key) is not None}
                found.append(_without_nul({"feature": str(item.get("field", name)), "quote": item["quote"], **kept}))
    return found
