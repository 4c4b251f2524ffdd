"""What the CRM itself knows of the proposals: field by field."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.ai.proposals.models import STATES, Opinion, Proposal, Run


def by_field(session: Session, begin: datetime, end: datetime) -> list[dict[str, Any]]:
    """Counts of proposals by module and field with their states, mean edit distance and mean confidence."""
    states = [func.count().filter(Proposal.state == state).label(state) for state in STATES]
    statement = (
        select(
            Proposal.module,
            Proposal.field,
            func.count().label("proposals"),
            *states,
            func.avg(Proposal.edit_distance).filter(Proposal.state == "edited").label("edit_distance"),
            func.avg(Proposal.confidence).label("confidence"),
        )
        .where(Proposal.created_at >= begin, Proposal.created_at < end)
        .group_by(Proposal.module, Proposal.field)
        .order_by(func.count().desc(), Proposal.field)
    )
    return [_with_rates(dict(row)) for row in session.execute(statement).mappings()]


def opinions(session: Session, begin: datetime, end: datetime) -> list[dict[str, Any]]:
    """What people think of the answers of each module: how many were useful, how many not, and why, most first."""
    statement = (
        select(Run.module, Opinion.useful, Opinion.reason, func.count().label("answers"))
        .join(Run, Run.id == Opinion.run_id)
        .where(Opinion.at >= begin, Opinion.at < end)
        .group_by(Run.module, Opinion.useful, Opinion.reason)
        .order_by(Opinion.useful.desc(), func.count().desc(), Opinion.reason)
    )
    return [dict(row) for row in session.execute(statement).mappings()]


def _with_rates(row: dict[str, Any]) -> dict[str, Any]:
    decided = row["proposals"] - row["proposed"]
    taken = row["accepted"] + row["edited"]
    return row | {
        "decided": decided,
        "acceptance": taken / decided if decided else None,
        "reject_rate": row["rejected"] / decided if decided else None,
    }
