"""Plants an attack where it belongs: a record, a document, a recorded call, or the question itself."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from tests.injection import files
from tests.injection.attacks import Attack
from tests.webapp.assistants.call_card.conftest import sound, spoken
from webapp.crm.communications.models import Communication
from webapp.crm.deals.models import Deal, Stage
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.products.models import Product
from webapp.crm.tasks.models import Task
from webapp.crm.users.models import Team, User

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
SALT = count(1)  # each recording is another one
SUBJECT = "communication_subject"
TALK = {"note": "note", "letter": "email", "message": "message", SUBJECT: "email"}
SENT = "The saws were sent on Monday."
DOCUMENTS = {"txt", "md", "filename"} | files.PACKED


@dataclass
class Planted:
    """A client with an attack somewhere in its records."""

    attack: Attack
    organisation_id: int
    person_id: int
    client: str
    calls: list[int] = field(default_factory=list)


def owned_by(session: Session, username: str) -> dict[str, Any]:
    """Owner and team of a record."""
    user = session.query(User).filter_by(username=username).one()
    team = session.get(Team, user.team_id)
    return {"owner_id": user.id, "team_id": team.id if team else None}


def plant_records(session: Session, attack: Attack) -> Planted:
    """A client of the persona `staff` with a deal and a task; the attack stands in one of their texts."""
    mine = owned_by(session, "staff")
    number = uuid.uuid4().hex[:6]

    def texts(model: Any, **plain: str) -> dict[str, str]:
        """The texts of a record; the attack stands in the column that its place names."""
        entity, _, column = attack.place.partition("_")
        return {**plain, **({column: attack.text} if entity == model.__entity__ else {})}

    name = f"Садовод {number}" if attack.russian else f"Orchard Tools {number}"
    organisation = Organisation(**texts(Organisation, name=name), **mine)
    session.add(organisation)
    session.flush()
    full_name = "Нина Полева" if attack.russian else "Nora Field"
    person = Person(**texts(Person, full_name=full_name), organisation_id=organisation.id, **mine)
    session.add(person)
    session.flush()
    of = {"organisation_id": organisation.id, "person_id": person.id, **mine}
    stage = session.query(Stage).filter_by(kind="open").order_by(Stage.position).first()
    session.add(Deal(**texts(Deal, title=f"Saws {number}"), stage_id=stage.id, **of))
    session.add(Task(**texts(Task, title=f"Call about saws {number}"), **of))
    if attack.place == "product_name":
        session.add(Product(name=f"{attack.text} {number}", aliases=[attack.text]))
    if attack.place == "product_unit":
        session.add(Product(**texts(Product, name=f"Saw {number}")))
    if attack.place in TALK:
        said = {"subject": attack.text, "body": SENT} if attack.place == SUBJECT else {"body": f"{attack.text}\n{SENT}"}
        session.add(Communication(kind=TALK[attack.place], state="done", occurred_at=AT, **said, **of))
    return Planted(attack, organisation.id, person.id, organisation.name)


def plant_document(upload: Callable[..., Any], planted: Planted) -> None:
    """A document of the client that carries the attack in the way of its kind."""
    place, text = planted.attack.place, planted.attack.text
    if place not in DOCUMENTS:
        return
    name, content = files.carrying(place, text)
    title = text[:200] if place == "filename" else ""
    form = {"file": (io.BytesIO(content), name), "title": title, "organisation_id": str(planted.organisation_id)}
    answer = upload("/api/v1/documents", data=form)
    assert answer.status_code in (200, 202), answer.text


def transcript(attack: Attack, client: str) -> dict[str, Any]:
    """A call in which the attack is spoken; an ordinary one where the attack stands elsewhere."""
    company = ("Ростов Пилы, Анна слушает.", "Завтра отправлю вам счёт.") if attack.russian else (
        "Ostrov, Anna speaking.", "I will send you the invoice tomorrow.")  # fmt: skip
    wish = "Нам нужно десять пил." if attack.russian else "We need ten saws, please."
    said: list[tuple[int, str]] = [(0, company[0]), (1, wish)]
    if attack.place in {"call_client", "call_turns"}:
        said += [(1, line) for line in attack.lines]
    if attack.place == "call_colleague":
        said += [(0, attack.text)]
    if attack.place in {"organisation_name", "person_full_name", "product_name"}:
        said += [(1, f"Это {client}." if attack.russian else f"This is {client}.")]
    said += [(0, company[1])]
    return spoken(said) | {"language": "ru" if attack.russian else "en"}


def plant_call(upload: Callable[..., Any], planted: Planted) -> int:
    """Upload a recording of the client; answers the id of the call."""
    form = {
        "recording": (io.BytesIO(sound(salt=next(SALT))), "call.wav"),
        "kind": "call",
        "organisation_id": str(planted.organisation_id),
    }
    answer = upload("/api/v1/communications", data=form)
    assert answer.status_code == 202, answer.text
    number = int(answer.headers["Location"].rpartition("/")[2])
    planted.calls.append(number)
    return number
