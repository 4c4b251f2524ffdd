"""What administrators decide about AI: which prompt answers, and what is on. Each decision leaves its audit entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from webapp.ai.gateway import Gateway, ModelUnavailable
from webapp.ai.proposals import store
from webapp.ai.switches import switches
from webapp.crm.communications import queries as communications
from webapp.crm.users.queries import names
from webapp.kit import changes
from webapp.kit.access import Actor, require_any
from webapp.kit.errors import Invalid, NotFound
from webapp.kit.i18n import N_

LONGEST_REASON = 200
ENGINES = ("chat", "fast", "embed", "rerank", "speech")


@dataclass(frozen=True)
class Present:
    """How AI stands at the moment; `away` when the gateway could not be asked."""

    engines: Mapping[str, Mapping[str, Any]]
    features: list[dict[str, Any]] = field(default_factory=list)
    prompts: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False


def present(session: Session, actor: Actor, gateway: Gateway) -> Present:
    """Engines, switches and prompts, with the names of who turned them."""
    require_any(actor, "ai", "view")
    engines = gateway.state().get("engines", {})
    ordered = {name: engines[name] for name in (*ENGINES, *sorted(engines)) if name in engines}
    try:
        features, prompts = gateway.features(), gateway.prompts()
    except ModelUnavailable:
        return Present(ordered, away=True)
    people = names(session, [_id(item.get("by")) for item in features])
    for item in features:
        item["by"] = people.get(_id(item.get("by")) or 0, item.get("by") or "")
        item["at"] = _moment(item.get("at"))
    for prompt in prompts:
        for version in prompt["versions"]:
            version["last_used"] = _moment(version.get("last_used"))
    return Present(ordered, features, prompts)


def switch(session: Session, actor: Actor, gateway: Gateway, feature: str, *, on: bool, reason: str) -> None:
    """Switch a feature for everybody. To switch off needs a reason, because people are shown it."""
    require_any(actor, "ai", "edit")
    told = " ".join(reason.replace("\x00", " ").split())
    if len(told) > LONGEST_REASON:
        raise Invalid({"reason": N_("At most 200 characters")})
    if not on and not told:
        raise Invalid({"reason": N_("Say why: people who miss the feature are shown the reason")})
    gateway.switch_feature(feature, on=on, reason=told, actor=actor.id)
    switches(gateway).forget()
    changes.record(session, "ai.feature_on" if on else "ai.feature_off", "feature", feature, feature=feature)


def pin(session: Session, actor: Actor, gateway: Gateway, module: str, version: str | None) -> None:
    """Let one version of a module's prompt answer; None lets the module's own choice answer again."""
    require_any(actor, "ai", "edit")
    known = next((item for item in gateway.prompts() if item["module"] == module), None)
    if known is None:
        raise NotFound
    if version is not None and version not in [item["version"] for item in known["versions"]]:
        raise Invalid({"version": N_("There is no such version of this prompt")})
    gateway.pin_prompt(module, version, actor=actor.id)
    details = {"module": module, "version": version or "", "before": known["active"]}
    changes.record(session, "ai.prompt_pinned" if version else "ai.prompt_unpinned", "prompt", module, **details)


def subject_of(session: Session, actor: Actor, run_id: str) -> tuple[str, int]:
    """What a run was made for, as far as the actor may see it; NotFound otherwise."""
    run = store.run(session, run_id)
    if run is None:
        raise NotFound
    if run.subject_type == "communication":
        communications.one(session, actor, run.subject_id)
    elif run.subject_type != "user" or run.subject_id != actor.id:
        raise NotFound
    return run.subject_type, run.subject_id


def page_of_runs(
    session: Session, actor: Actor, gateway: Gateway, module: str, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of the log of runs, newest first, with the names of who asked."""
    require_any(actor, "run", "view")
    found = gateway.runs(module=module, after=after, limit=50)
    items = list(found.get("items", ()))
    people = names(session, [_id(item.get("actor")) for item in items])
    for item in items:
        item["who"] = people.get(_id(item.get("actor")) or 0, "")
        item["at"] = _moment(item["at"])
    return items, found.get("next")


def log_of_run(session: Session, actor: Actor, gateway: Gateway, run_id: str) -> dict[str, Any]:
    """One run with its masked texts. What its values rest on is told with the record that it was made for."""
    require_any(actor, "run", "view")
    found = gateway.run_record(run_id)
    if found is None:
        raise NotFound
    changes.record(session, "ai.run_read", "run", run_id)
    people = names(session, [_id(found.get("actor")), *(_id(v.get("actor")) for v in found.get("verdicts", ()))])
    verdicts = [
        {**verdict, "who": people.get(_id(verdict.get("actor")) or 0, ""), "at": _moment(verdict.get("at"))}
        for verdict in found.get("verdicts", ())
    ]
    who = people.get(_id(found.get("actor")) or 0, "")
    return found | {"who": who, "at": _moment(found["at"]), "verdicts": verdicts}


def _id(text: Any) -> int | None:
    return int(text) if text is not None and str(text).isdecimal() and len(str(text)) < 10 else None


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
