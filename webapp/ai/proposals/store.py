"""Keeping what modules suggest: runs, proposals, and what was decided about them. No CRM words here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rapidfuzz.distance import Levenshtein
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from webapp.ai.proposals.models import Proposal, Run
from webapp.kit.errors import NotFound

Subject = tuple[str, int]
ACCEPTED = frozenset({"accepted", "edited", "kept"})
OPEN = frozenset({"proposed", "undone"})
RUN_JUDGED = "run.judged"  # the type of the event that tells what people decided about the values of a run
KEYS = ("field", "value", "display", "quote", "segment", "second", "speaker", "confidence", "group", "known_id")


def keep_run(session: Session, subject: Subject, run: dict[str, Any], asked_by: int | None) -> Run:
    """Keep the run of a module as the gateway reports it."""
    known = (
        "id", "module", "module_version", "prompt_version", "prompt_hash", "model", "duration_ms", "prompt_tokens",
        "completion_tokens",
    )  # fmt: skip
    values = {name: run[name] for name in known if run.get(name) is not None}
    kept = Run(subject_type=subject[0], subject_id=subject[1], asked_by=asked_by, **values)
    session.add(kept)
    session.flush()
    return kept


def keep_proposals(session: Session, run: Run, given: Iterable[dict[str, Any]]) -> list[Proposal]:
    """Keep the proposals of a run in place of those of earlier runs that nobody has accepted or rejected.

    What has no evidence or repeats what was decided already is left out; the table's constraints say the first again.
    """
    subject = (run.subject_type, run.subject_id)
    stale = delete(Proposal).where(Proposal.subject_type == subject[0], Proposal.subject_id == subject[1])
    session.execute(stale.where(Proposal.state.in_(OPEN)))
    decided = [(p.field, p.value) for p in of(session, subject)]
    kept = []
    for item in given:
        if not has_evidence(item) or (item["field"], item["value"]) in decided:
            continue
        values = {name: item.get(name) for name in KEYS}
        values["known_id"] = _number(values["known_id"])
        origin = {"module": run.module, "module_version": run.module_version, "model": run.model}
        kept.append(Proposal(run_id=run.id, subject_type=subject[0], subject_id=subject[1], **(values | origin)))
    session.add_all(kept)
    session.flush()
    return kept


def measure(proposal: Proposal) -> None:
    """Note how far the decided value is from the proposed one; nothing is noted for what was not taken."""
    if proposal.state == "accepted":
        proposal.edit_distance = 0.0
    elif proposal.state == "edited":
        pair = [str(value).casefold().strip() for value in (proposal.value, proposal.final_value)]
        proposal.edit_distance = round(Levenshtein.normalized_distance(*pair), 4)
    else:
        proposal.edit_distance = None


def verdict_of(proposal: Proposal) -> dict[str, Any]:
    """What was decided about a proposal, as the event tells it: ids and a number, nobody's words."""
    told = {"proposal_id": proposal.id, "field": proposal.field, "verdict": proposal.state}
    return told | {"edit_distance": proposal.edit_distance}


def by_ids(session: Session, ids: Iterable[int]) -> dict[int, Proposal]:
    """Proposals by their ids, as far as they are still there."""
    return {p.id: p for p in session.scalars(select(Proposal).where(Proposal.id.in_(list(ids))))}


def has_evidence(item: dict[str, Any]) -> bool:
    """Whether a value stands on words: what does not is not proposed."""
    return (
        bool(str(item.get("quote") or "").strip())
        and item.get("value") not in (None, "")
        and item.get("second", -1) >= 0
    )


def _number(text: Any) -> int | None:
    return int(text) if text is not None and str(text).isdecimal() else None


def of(session: Session, subject: Subject, *, lock: bool = False) -> list[Proposal]:
    """The proposals of a subject, in the order in which they were made; `lock` holds them for a decision."""
    statement = select(Proposal).where(Proposal.subject_type == subject[0], Proposal.subject_id == subject[1])
    statement = statement.order_by(Proposal.id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(statement))


def subject_of(session: Session, proposal_id: int) -> Subject:
    """What a proposal is about; NotFound when there is no such proposal."""
    statement = select(Proposal.subject_type, Proposal.subject_id).where(Proposal.id == proposal_id)
    row = session.execute(statement).first()
    if row is None:
        raise NotFound
    return row.subject_type, row.subject_id


def run(session: Session, run_id: str | None) -> Run | None:
    """A run by its id."""
    return session.get(Run, run_id) if run_id else None


def still_open(proposals: Sequence[Proposal]) -> int:
    """How many proposals wait for a decision."""
    return sum(p.state == "proposed" for p in proposals)


def forget(session: Session, subject: Subject) -> None:
    """Remove runs and proposals of a subject that is gone."""
    for table in (Proposal, Run):
        session.execute(delete(table).where(table.subject_type == subject[0], table.subject_id == subject[1]))


def count_open(session: Session, subject: Subject) -> int:
    """How many proposals of a subject wait for a decision, counted in the database."""
    statement = select(func.count()).select_from(Proposal).where(Proposal.state == "proposed")
    return session.scalar(statement.where(Proposal.subject_type == subject[0], Proposal.subject_id == subject[1])) or 0
