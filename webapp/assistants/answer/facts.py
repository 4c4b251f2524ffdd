"""Records told in sentences, so that a question about a stage, an amount or a date finds words to rest on.

Every statement starts from what the actor may see, and a hidden field is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal
from sqlalchemy import Select, case, or_, select
from sqlalchemy.orm import Session, joinedload, with_loader_criteria

from webapp.assistants.answer.sources import Source
from webapp.crm.communications.models import Communication
from webapp.crm.deals.models import Deal, Stage
from webapp.crm.documents.models import Document
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.tasks.models import Task
from webapp.crm.users.queries import names
from webapp.kit.access import Actor, reach
from webapp.kit.cleaning import show_phone
from webapp.kit.i18n import _, current_locale, current_timezone

RELATED = 6
Client = tuple[str, int]
MODELS: Mapping[str, Any] = {
    "organisation": Organisation,
    "person": Person,
    "deal": Deal,
    "task": Task,
    "communication": Communication,
    "document": Document,
}


def within(client: Client) -> dict[str, Select[Any]]:
    """The ids of everything that belongs to a client, by entity: where questions about the client are answered from."""
    kind, record_id = client
    own = MODELS[kind]
    found = {kind: select(own.id).where(own.id == record_id)}
    for entity, model in MODELS.items():
        column = getattr(model, f"{kind}_id", None)
        if column is not None:
            found[entity] = select(model.id).where(column == record_id)
    return found


def is_visible(session: Session, actor: Actor, client: Client) -> bool:
    """Whether the actor may see the client."""
    model = MODELS[client[0]]
    return session.scalar(select(model.id).where(model.id == client[1], reach(actor, model))) is not None


def told(session: Session, actor: Actor, found: Mapping[str, Collection[int]]) -> dict[tuple[str, int], Source]:
    """The facts of people, organisations, deals and tasks, by entity and id; what may not be seen is left out."""
    facts: dict[tuple[str, int], Source] = {}
    for entity, ids in found.items():
        if entity not in TELLERS or not ids:
            continue
        rows = session.scalars(_visible(actor, entity).where(MODELS[entity].id.in_(ids))).unique().all()
        owners = names(session, [row.owner_id for row in rows]) if entity in ("deal", "task") else {}
        for row in rows:
            facts[entity, row.id] = TELLERS[entity](actor, row, owners)
    return facts


def _visible(actor: Actor, entity: str) -> Select[Any]:
    """Visible rows of an entity with the client's names, where those may be seen too."""
    model = MODELS[entity]
    statement = select(model).where(reach(actor, model))
    for name in ("organisation", "person", "stage"):
        if hasattr(model, name):
            statement = statement.options(joinedload(getattr(model, name)))
    return statement.options(
        with_loader_criteria(Person, reach(actor, Person), include_aliases=True),
        with_loader_criteria(Organisation, reach(actor, Organisation), include_aliases=True),
    )


def related(session: Session, actor: Actor, client: Client) -> dict[str, list[int]]:
    """The deals and tasks of a client that matter most: open deals first, then tasks not done by their date."""
    column = f"{client[0]}_id"
    deals = select(Deal.id).join(Deal.stage).where(reach(actor, Deal), getattr(Deal, column) == client[1])
    kinds = case({"open": 0}, value=Stage.kind, else_=1)
    tasks = select(Task.id).where(reach(actor, Task), getattr(Task, column) == client[1])
    return {
        "deal": list(session.scalars(deals.order_by(kinds, Deal.updated_at.desc()).limit(RELATED))),
        "task": list(session.scalars(tasks.order_by(Task.done_at.isnot(None), Task.due_at).limit(RELATED))),
    }


def conversations(session: Session, actor: Actor, ids: Collection[int]) -> dict[int, Source]:
    """Calls and notes by their subject, with whom and when; their text is the summary and what was written."""
    rows = session.scalars(_visible(actor, "communication").where(Communication.id.in_(ids))).unique()
    return {row.id: _conversation(actor, row) for row in rows}


def _conversation(actor: Actor, row: Communication) -> Source:
    readable = [getattr(row, name) for name in ("summary", "body") if actor.sees("communication", name)]
    return _source(row, _conversation_title(actor, row), readable)


def _conversation_title(actor: Actor, row: Communication) -> str:
    kinds = {"call": _("Call"), "email": _("Letter"), "message": _("Message"), "meeting": _("Meeting")}
    subject = row.subject if actor.sees("communication", "subject") else ""
    parts = (subject or kinds.get(row.kind, _("Note")), *_client_names(actor, row), _day(row.occurred_at))
    return ", ".join(filter(None, parts))


def recent(session: Session, actor: Actor, client: Client) -> list[Source]:
    """The latest calls and notes with a client, as summaries."""
    statement = _visible(actor, "communication").where(getattr(Communication, f"{client[0]}_id") == client[1])
    statement = statement.where(or_(Communication.summary != "", Communication.body != ""))
    rows = session.scalars(statement.order_by(Communication.occurred_at.desc()).limit(RELATED)).unique()
    return [_conversation(actor, row) for row in rows]


def _client_names(actor: Actor, row: Any) -> list[str]:
    found = []
    if row.organisation is not None and actor.sees("organisation", "name"):
        found.append(row.organisation.name)
    if getattr(row, "person", None) is not None and actor.sees("person", "full_name"):
        found.append(row.person.full_name)
    return found


def _source(row: Any, title: str, sentences: Sequence[str]) -> Source:
    return Source(row.__entity__, row.id, title, "\n".join(filter(None, sentences)))


def _say(actor: Actor, row: Any, name: str, sentence: str, value: Any) -> str:
    """A sentence about a field, empty when the field is empty or hidden."""
    if not value or not actor.sees(row.__entity__, name):
        return ""
    return sentence % {"value": value}


def _organisation(actor: Actor, row: Organisation, _owners: Mapping[int, str]) -> Source:
    name = row.name if actor.sees("organisation", "name") else ""
    lines = [
        _say(actor, row, "industry", _("The industry is %(value)s."), row.industry),
        _say(actor, row, "city", _("The city is %(value)s."), row.city),
        _say(actor, row, "phone", _("The phone number is %(value)s."), show_phone(row.phone)),
        _say(actor, row, "email", _("The e-mail address is %(value)s."), row.email),
        _say(actor, row, "website", _("The web site is %(value)s."), row.website),
        _say(actor, row, "tax_number", _("The tax number is %(value)s."), row.tax_number),
        _say(actor, row, "notes", "%(value)s", row.notes),
    ]
    return _source(row, name, lines)


def _person(actor: Actor, row: Person, _owners: Mapping[int, str]) -> Source:
    name = row.full_name if actor.sees("person", "full_name") else ""
    company = row.organisation.name if row.organisation and actor.sees("organisation", "name") else ""
    lines = [
        _say(actor, row, "organisation_id", _("The organisation is %(value)s."), company),
        _say(actor, row, "position", _("The position is %(value)s."), row.position),
        _say(actor, row, "phone", _("The phone number is %(value)s."), show_phone(row.phone)),
        _say(actor, row, "email", _("The e-mail address is %(value)s."), row.email),
        _say(actor, row, "notes", "%(value)s", row.notes),
    ]
    return _source(row, ", ".join(filter(None, (name, company))), lines)


def _deal(actor: Actor, row: Deal, owners: Mapping[int, str]) -> Source:
    title = row.title if actor.sees("deal", "title") else ""
    stage = row.stage.name_ru if current_locale() == "ru" else row.stage.name_en
    lines = [
        _say(actor, row, "stage_id", _("The deal is at the stage “%(value)s”."), stage),
        _say(actor, row, "amount", _("The amount of the deal is %(value)s."), _money(row.amount, row.currency)),
        _say(actor, row, "expected_close", _("The deal is expected to close on %(value)s."), _day(row.expected_close)),
        _say(actor, row, "owner_id", _("The owner of the deal is %(value)s."), owners.get(row.owner_id or 0)),
        _say(actor, row, "notes", "%(value)s", row.notes),
    ]
    return _source(row, ", ".join(filter(None, (_("Deal"), title, *_client_names(actor, row)))), lines)


def _task(actor: Actor, row: Task, owners: Mapping[int, str]) -> Source:
    title = row.title if actor.sees("task", "title") else ""
    done = (
        _("The task was done on %(value)s.") % {"value": _day(row.done_at)} if row.done_at else _("The task is open.")
    )
    lines = [
        _say(actor, row, "title", _("The task is: %(value)s."), title.rstrip(".")),
        _say(actor, row, "due_at", _("The task is due on %(value)s."), _day(row.due_at)),
        _say(actor, row, "done_at", done, _day(row.done_at) or "-"),
        _say(actor, row, "owner_id", _("The task is in the hands of %(value)s."), owners.get(row.owner_id or 0)),
    ]
    return _source(row, ", ".join(filter(None, (_("Task"), title, *_client_names(actor, row)))), lines)


def _day(value: date | datetime | None) -> str:
    """A date in words, without the "г." that would end a sentence in Russian."""
    if value is None:
        return ""
    day = value.astimezone(current_timezone()) if isinstance(value, datetime) else value
    return str(format_date(day, "d MMMM y", locale=current_locale()))


def _money(amount: Decimal | None, currency: str) -> str:
    if amount is None:
        return ""
    return f"{format_decimal(amount, locale=current_locale())} {currency}".replace("\xa0", " ").replace("\u202f", " ")


Teller = Callable[[Actor, Any, Mapping[int, str]], Source]
TELLERS: Mapping[str, Teller] = {"organisation": _organisation, "person": _person, "deal": _deal, "task": _task}
