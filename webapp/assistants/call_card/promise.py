"""What was promised: each accepted next step becomes a task, with its date."""

from __future__ import annotations

from typing import Any

from webapp.ai.proposals.models import Proposal
from webapp.assistants.call_card import matching
from webapp.assistants.call_card.card import Card, by_person, kept_back, value_of, waits, written
from webapp.assistants.call_card.messages import ANOTHER_VALUE, VALUE_KEPT, WAITS_FOR_STEP
from webapp.crm.deals.models import Deal
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.tasks import service as tasks
from webapp.crm.tasks.messages import CreateTask
from webapp.crm.tasks.models import Task
from webapp.kit.i18n import gettext

LONGEST_TITLE = 300


def settle(card: Card, deal: Deal | None) -> None:
    """Bring the call's tasks to what is accepted by now."""
    used: set[int] = set()
    for step in sorted(card.accepted("next_step"), key=lambda p: p.id):
        due = _due(card, step)
        _write(card, step, due, deal, _title(step))
        used |= {due.id} if due else set()
    for due in card.accepted("due"):
        if due.id in used:
            continue
        if card.live("next_step"):
            waits(due, ANOTHER_VALUE if used else WAITS_FOR_STEP)
        else:
            _write(card, due, due, deal, _follow_up(card))


def _due(card: Card, step: Proposal) -> Proposal | None:
    """The accepted date of a step: of the same group, or the only one of the call."""
    accepted = card.accepted("due")
    paired = [due for due in accepted if due.group is not None and due.group == step.group]
    if paired:
        return paired[0]
    alone = len(card.live("next_step")) == 1 and len(card.live("due")) == 1
    return accepted[0] if accepted and alone else None


def _title(step: Proposal) -> str:
    text = str(value_of(step)).strip()
    return (text[:1].upper() + text[1:])[:LONGEST_TITLE]


def _follow_up(card: Card) -> str:
    person = matching.record(card.session, card.actor, Person, card.call.person_id)
    organisation = matching.record(card.session, card.actor, Organisation, card.call.organisation_id)
    name = person.full_name if person else organisation.name if organisation else ""
    return gettext("Get back to the client: %(name)s", name=name) if name else gettext("Get back to the client")


def _write(card: Card, step: Proposal, due: Proposal | None, deal: Deal | None, title: str) -> None:
    """Make or complete the task of one step; `step` remembers it."""
    task = _task_of(card, step, due)
    links: dict[str, Any] = {
        "organisation_id": card.call.organisation_id,
        "person_id": card.call.person_id,
        "deal_id": deal.id if deal else None,
    }
    if task is None:
        command = CreateTask(title=title, notes=f"“{step.quote}”", **_moment(due), **links)
        task = tasks.create(card.session, card.actor, command, by_person=False)
        card.made.add(("task", task.id))
    elif ("task", task.id) in card.made:
        fitting = {name: value for name, value in links.items() if value is not None}
        tasks.apply(card.session, card.actor, task, fitting, by_person=False)
    _set(card, task, step, {"title": title})
    if due is not None:
        _set(card, task, due, _moment(due))


def _task_of(card: Card, step: Proposal, due: Proposal | None) -> Task | None:
    for proposal in (step, due):
        if proposal is not None and proposal.target_type == "task":
            return matching.record(card.session, card.actor, Task, proposal.target_id)
    return None


def _moment(due: Proposal | None) -> dict[str, Any]:
    if due is None:
        return {}
    text = str(value_of(due))
    return {"due_at": text, "all_day": "T" not in text and " " not in text.strip()}


def _set(card: Card, task: Task, proposal: Proposal, values: dict[str, Any]) -> None:
    applied = tasks.apply(card.session, card.actor, task, values, by_person=by_person(proposal))
    if applied.kept:
        kept_back(proposal, VALUE_KEPT, "task", task.id)
    else:
        written(proposal, "task", task.id)
