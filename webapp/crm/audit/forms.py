"""The filter of the audit room, from the address of the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from webapp.crm.audit.messages import Filter
from webapp.kit.i18n import N_, current_timezone

LONGEST = 80


def read_filter(arguments: Mapping[str, str]) -> tuple[Filter, dict[str, str]]:
    """The filter, and what is wrong with it field by field. `until` is a day that still counts."""
    errors: dict[str, str] = {}
    moments: dict[str, datetime | None] = {}
    for name in ("since", "until"):
        try:
            moments[name] = _midnight(arguments.get(name, ""), days=1 if name == "until" else 0)
        except (ValueError, OverflowError):
            moments[name], errors[name] = None, N_("This is not a date")
    plain: dict[str, Any] = {
        name: arguments.get(name, "").replace("\x00", "").strip()[:LONGEST]
        for name in ("actor", "action", "entity", "entity_id", "client")
    }
    return Filter(**plain, since=moments["since"], until=moments["until"]), errors


def _midnight(text: str, *, days: int) -> datetime | None:
    if not text.strip():
        return None
    day = datetime.fromisoformat(text.strip()).date() + timedelta(days=days)
    return datetime.combine(day, time(), current_timezone())
