"""The forms of a task."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from webapp.crm.tasks.messages import CreateTask
from webapp.kit.clock import now
from webapp.kit.forms import Field
from webapp.kit.i18n import N_, current_timezone

FIELDS = (
    Field("title", N_("Title"), required=True, half=False),
    Field("due_at", N_("Due"), "moment"),
    Field("all_day", N_("The whole day"), "flag", hint=N_("Only the day counts, not the hour")),
    Field("owner_id", N_("Who does it"), "choice"),
    Field("team_id", N_("Team"), "choice", hint=N_("The owner's team unless you choose another")),
    Field("organisation_id", N_("Organisation"), "reference", relation="organisation",
          offers="organisations.offer", shows="organisations.show"),
    Field("person_id", N_("Person"), "reference", relation="person", title="full_name",
          offers="people.offer", shows="people.show"),
    Field("deal_id", N_("Deal"), "reference", relation="deal", title="title", offers="deals.offer", shows="deals.show",
          half=False),
    Field("notes", N_("Notes"), "note"),
)  # fmt: skip
FACTS = ("due_at", "owner_id", "organisation_id", "person_id", "deal_id", "team_id")
SOON = {"today": 0, "tomorrow": 1, "week": 7}


def read_quick(form: Mapping[str, str]) -> CreateTask:
    """The task of a quick form: a title, a day (or a word for it), and what the task is about."""
    about: dict[str, Any] = {name: form.get(name) or None for name in ("organisation_id", "person_id", "deal_id")}
    due = form.get("due_at") or None
    if form.get("soon") in SOON:
        today = now().astimezone(current_timezone()).date()
        due = (today + timedelta(days=SOON[form["soon"]])).isoformat()
    return CreateTask(title=form.get("title", ""), due_at=due, all_day=True, **about)
