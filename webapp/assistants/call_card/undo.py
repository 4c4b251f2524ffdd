"""Taking back a run: every field that still holds what the run wrote gets its former value, what the run made goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from webapp.ai.proposals import store
from webapp.assistants.call_card.accept import tell_verdicts
from webapp.assistants.call_card.messages import RunUndone
from webapp.crm.communications import queries as communications
from webapp.crm.communications.models import Communication
from webapp.crm.deals import service as deals
from webapp.crm.deals.models import Deal, DealItem
from webapp.crm.organisations import service as organisations
from webapp.crm.organisations.models import Organisation
from webapp.crm.people import service as people
from webapp.crm.people.models import Person
from webapp.crm.tasks import service as tasks
from webapp.crm.tasks.models import Task
from webapp.kit import changes
from webapp.kit.access import Actor, allows, require
from webapp.kit.changes import Change, plain
from webapp.kit.clock import now
from webapp.kit.errors import Conflict
from webapp.kit.i18n import N_, gettext
from webapp.kit.outbox import emit

# In this order: what points to others goes before what it points to.
MODELS: dict[str, type[Any]] = {
    "communication": Communication,
    "task": Task,
    "deal_item": DealItem,
    "deal": Deal,
    "person": Person,
    "organisation": Organisation,
}
APPLY: dict[str, Callable[..., Any]] = {
    "task": tasks.apply,
    "deal": deals.apply,
    "person": people.apply,
    "organisation": organisations.apply,
}
DELETE: dict[str, Callable[..., None]] = {
    "task": tasks.delete,
    "deal": deals.delete,
    "person": people.delete,
    "organisation": organisations.delete,
}
USERS: dict[str, tuple[Any, ...]] = {
    "organisation": (Person.organisation_id, Deal.organisation_id, Task.organisation_id, Communication.organisation_id),
    "person": (Deal.person_id, Task.person_id, Communication.person_id),
    "deal": (Task.deal_id, Communication.deal_id),
}
CHANGED_SINCE = N_("%(what)s was changed since, so it stays as it is.")
STILL_USED = N_("%(what)s stays: other records belong to it by now.")
NO_RIGHT = N_("%(what)s stays: you may not change it.")


@dataclass
class Undone:
    """What an undo has done: fields taken back, records removed (as entity/id), and sentences about what was kept."""

    reverted: int = 0
    removed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def undo(session: Session, actor: Actor, communication_id: int) -> tuple[Communication, Undone]:
    """Take back what was accepted from the last run of a call."""
    call = communications.one(session, actor, communication_id, lock=True)
    require(actor, call, "edit")
    proposals = [p for p in store.of(session, ("communication", call.id), lock=True) if p.run_id == call.run_id]
    accepted = [p for p in proposals if p.state in store.ACCEPTED]
    run = store.run(session, call.run_id)
    if run is None or not accepted:
        raise Conflict(N_("Nothing was accepted from this call that could be taken back"))
    result = Undone()
    session.info["cause"] = f"undo:{run.id}"
    try:
        _take_back(session, actor, _written(session, run.id), result)
        for proposal in accepted:
            proposal.state, proposal.note = "undone", ""
            proposal.target_type = proposal.target_id = proposal.final_value = None
            proposal.decided_by, proposal.decided_at = actor.id, now()
            store.measure(proposal)
        run.undone_at = now()
        session.flush()
    finally:
        session.info["cause"] = None
    counts = {"reverted": result.reverted, "kept": len(result.kept)}
    changes.record(session, "run.undone", "communication", call.id, run=run.id, removed=len(result.removed), **counts)
    emit(session, RunUndone(call.id, run.id, **counts))
    tell_verdicts(session, call.id, accepted)
    return call, result


def _written(session: Session, run_id: str) -> list[Change]:
    """What the run wrote since it was last undone, oldest first."""
    last = select(func.coalesce(func.max(Change.id), 0)).where(Change.cause == f"undo:{run_id}").scalar_subquery()
    statement = select(Change).where(Change.cause == run_id, Change.id > last).order_by(Change.id)
    return list(session.scalars(statement))


def _take_back(session: Session, actor: Actor, written: Sequence[Change], result: Undone) -> None:
    by_record: dict[tuple[str, int], list[Change]] = {}
    for change in written:
        by_record.setdefault((change.entity, change.entity_id), []).append(change)
    for entity, model in MODELS.items():
        for record_id in [key[1] for key in by_record if key[0] == entity]:
            history = by_record[entity, record_id]
            record = session.get(model, record_id, with_for_update=True, populate_existing=True)
            if history[-1].action == "deleted":
                _bring_back(session, entity, history, result)
            elif record is not None and history[0].action == "created":
                _remove(session, actor, record, history, result)
            elif record is not None:
                _revert(session, actor, record, history, result)


def _remove(session: Session, actor: Actor, record: Any, history: list[Change], result: Undone) -> None:
    """Delete what the run made, unless somebody has gone on with it."""
    entity, name = record.__entity__, _name(record)
    if entity == "deal_item":
        if not _touched(session, history):
            session.delete(record)
            session.flush()
        return
    if _touched(session, history):
        result.kept.append(gettext(CHANGED_SINCE, what=name))
    elif _used(session, entity, record.id):
        result.kept.append(gettext(STILL_USED, what=name))
    elif not allows(actor, record, "delete"):
        result.kept.append(gettext(NO_RIGHT, what=name))
    else:
        DELETE[entity](session, actor, record.id)
        result.removed.append(f"{entity}/{record.id}")


def _touched(session: Session, history: list[Change]) -> bool:
    """Whether anybody else has changed the record since the run made it."""
    first = history[0]
    statement = select(Change.id).where(
        Change.entity == first.entity,
        Change.entity_id == first.entity_id,
        Change.id > first.id,
        Change.cause.is_distinct_from(first.cause),
        _not_undo(first.cause),
    )
    return session.scalar(statement.limit(1)) is not None


def _not_undo(cause: str | None) -> ColumnElement[bool]:
    return Change.cause.is_distinct_from(f"undo:{cause}")


def _used(session: Session, entity: str, record_id: int) -> bool:
    """Whether other records belong to this one."""
    columns = USERS.get(entity, ())
    return any(session.scalar(select(column).where(column == record_id).limit(1)) is not None for column in columns)


def _revert(session: Session, actor: Actor, record: Any, history: list[Change], result: Undone) -> None:
    """Give each field its former value, where it still holds what the run wrote."""
    former: dict[str, Any] = {}
    for name in dict.fromkeys(change.field for change in history):
        steps = [change for change in history if change.field == name]
        if plain(getattr(record, name)) == steps[-1].new:
            former[name] = steps[0].old
        else:
            result.kept.append(gettext(CHANGED_SINCE, what=f"{_name(record)} · {name}"))
    if not former:
        return
    if record.__entity__ not in APPLY:
        for name, value in former.items():
            setattr(record, name, value)
    elif not allows(actor, record, "edit"):
        result.kept.append(gettext(NO_RIGHT, what=_name(record)))
        return
    else:
        _apply(session, actor, record, former)
    session.flush()
    result.reverted += len(former)


def _apply(session: Session, actor: Actor, record: Any, former: dict[str, Any]) -> None:
    """Write former values. What a person typed while accepting goes with the run; older marks of people stay."""
    marks = [name for name in record.human_fields if name not in former or former[name]]
    record.human_fields = [name for name in record.human_fields if name not in former]
    APPLY[record.__entity__](session, actor, record, former, by_person=False)
    record.human_fields = marks


def _bring_back(session: Session, entity: str, history: list[Change], result: Undone) -> None:
    """Make again what the run deleted: a product that it took out of a deal."""
    if entity != "deal_item" or history[0].action == "created":
        return
    values = {change.field: change.old for change in history if change.action == "deleted"}
    if session.get(Deal, values.get("deal_id")) is not None:
        session.add(DealItem(**values))
        session.flush()
        result.reverted += 1


def _name(record: Any) -> str:
    return str(record.search_title()) if hasattr(record, "search_title") else str(record.__entity__)
