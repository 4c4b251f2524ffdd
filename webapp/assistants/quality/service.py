"""The board of one period: the gateway's figures and the CRM's own, together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from webapp.ai.gateway import Gateway, ModelUnavailable
from webapp.assistants.quality import queries
from webapp.assistants.quality.figures import VERSION, grouped
from webapp.assistants.quality.forms import Period
from webapp.kit.access import Actor, require_any


@dataclass(frozen=True)
class Board:
    """Rows of the gateway and of the CRM for a period; `away` when the gateway could not be asked."""

    period: Period
    rows: list[dict[str, Any]]
    fields: list[dict[str, Any]]
    modules: list[str]
    opinions: list[dict[str, Any]]
    away: bool = False


def board(session: Session, actor: Actor, gateway: Gateway, period: Period, *, choose: bool = False) -> Board:
    """The board; a gateway that is away leaves the CRM's own figures.

    `choose` takes the first module when none is asked for.
    """
    require_any(actor, "ai", "view")
    try:
        rows, away = gateway.quality(since=period.begin, until=period.end), False
    except ModelUnavailable:
        rows, away = [], True
    fields = queries.by_field(session, period.begin, period.end)
    opinions = queries.opinions(session, period.begin, period.end)
    modules = sorted(
        {row["module"] for row in [*rows, *fields, *opinions]}, key=lambda name: (name != "call_card", name)
    )
    if choose and not period.module and modules:
        period = replace(period, module=modules[0])
    if period.module:
        rows = [row for row in rows if row["module"] == period.module]
        fields = [row for row in fields if row["module"] == period.module]
        opinions = [row for row in opinions if row["module"] == period.module]
    return Board(period, rows, fields, modules, opinions, away)


def as_json(found: Board) -> dict[str, Any]:
    """The board for the API and for export."""
    period = found.period
    return {
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "items": found.rows,
        "totals": [{"module": key[0], **figures.plain()} for key, figures in grouped(found.rows, "module")],
        "versions": [
            {**dict(zip(VERSION, key, strict=True)), **figures.plain()}
            for key, figures in grouped(found.rows, *VERSION)
        ],
        "fields": found.fields,
        "opinions": found.opinions,
    }
