"""From an upload to an accepted card, through the API, with a twin for the models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.ai.proposals.models import Proposal
from webapp.crm.communications.models import Communication
from webapp.crm.deals.models import Deal, DealItem
from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person
from webapp.crm.tasks.models import Task
from webapp.kit.outbox import OutboxEvent

from .conftest import PROPOSALS, TwinGateway, bearer, proposal

Fixture = Callable[..., Any]


@pytest.fixture
def api(client_as: Fixture) -> Any:
    return bearer(client_as, "staff")


@pytest.fixture
def understood(twin: TwinGateway, upload: Fixture, work: Fixture, api: Any) -> dict[str, Any]:
    """A call that has been understood, as the API shows it."""
    answer = upload()
    assert answer.status_code == 202, answer.text
    work()
    return api.get(answer.headers["Location"]).json


def by_field(call: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {p["field"]: p for p in call["proposals"]}


def test_an_upload_is_received_transcribed_and_understood(
    twin: TwinGateway, upload: Fixture, work: Fixture, api: Any
) -> None:
    answer = upload()
    where = answer.headers["Location"]
    assert answer.json["state"] == "received"
    assert answer.json["detail"]
    work("call_card.transcribe")
    call = api.get(where).json
    assert call["state"] == "transcribed"
    assert [s["channel"] for s in call["transcript"]["segments"]] == [0, 1, 1, 0, 1]
    work()
    call = api.get(where).json
    assert call["state"] == "understood"
    assert call["summary"] == "Maria wants twenty pumps."
    assert [s["speaker"] for s in call["transcript"]["segments"]][:2] == ["colleague", "client"]
    assert {p["field"] for p in call["proposals"]} == {p["field"] for p in PROPOSALS}
    first = by_field(call)["budget"]
    assert (first["quote"], first["second"], first["module"], first["model"], first["state"]) == (
        "our budget is ninety thousand euros", 10.0, "call_card", "twin", "proposed",
    )  # fmt: skip


def test_accepting_all_makes_person_organisation_deal_and_task(
    understood: dict[str, Any], api: Any, session: Session
) -> None:
    answer = api.post(f"/api/v1/communications/{understood['id']}/accept")
    assert answer.status_code == 200, answer.text
    assert {p["state"] for p in answer.json["proposals"]} == {"accepted"}
    call = session.get(Communication, understood["id"])
    person, organisation = session.get(Person, call.person_id), session.get(Organisation, call.organisation_id)
    assert (person.full_name, person.phone, person.organisation_id) == (
        "Maria Lindqvist",
        "+46711234567",
        organisation.id,
    )
    deal = session.get(Deal, call.deal_id)
    assert deal.title == "PX-200 × 20 — Nordwind Shipping"
    assert (deal.amount, deal.currency, deal.organisation_id) == (90000, "EUR", organisation.id)
    items = session.query(DealItem).filter_by(deal_id=deal.id).all()
    assert [(item.product_name, item.quantity) for item in items] == [("PX-200", 20)]
    task = session.query(Task).filter_by(deal_id=deal.id).one()
    assert task.title == "Send the offer"
    assert task.due_at.date().isoformat() in ("2026-11-26", "2026-11-27")
    assert (call.intent, call.sentiment, call.to_review) == ("purchase", "positive", 0)
    events = session.query(OutboxEvent).filter_by(type="proposal.accepted", subject=f"communication/{call.id}")
    assert events.count() == len(PROPOSALS)
    audit = session.execute(text("SELECT count(*) FROM audit.entries WHERE action = 'proposal.accepted'")).scalar()
    assert audit >= len(PROPOSALS)


@pytest.mark.parametrize("order", [1, -1])
def test_accepting_one_by_one_in_any_order_gives_the_same_records(
    understood: dict[str, Any], api: Any, session: Session, order: int
) -> None:
    for p in understood["proposals"][::order]:
        answer = api.post(f"/api/v1/proposals/{p['id']}/accept")
        assert answer.status_code == 200, answer.text
    call = session.get(Communication, understood["id"])
    deal, person = session.get(Deal, call.deal_id), session.get(Person, call.person_id)
    organisation = session.get(Organisation, call.organisation_id)
    assert organisation.name == "Nordwind Shipping"
    assert (organisation.phone, person.phone, person.organisation_id) == ("", "+46711234567", organisation.id)
    assert (deal.title, deal.amount, deal.currency) == ("PX-200 × 20 — Nordwind Shipping", 90000, "EUR")
    assert (deal.organisation_id, deal.person_id) == (organisation.id, person.id)
    assert session.query(DealItem).filter_by(deal_id=deal.id).count() == 1
    task = session.query(Task).filter_by(deal_id=deal.id).one()
    assert (task.person_id, task.title) == (person.id, "Send the offer")
    assert {p.state for p in session.query(Proposal).filter_by(subject_id=call.id)} == {"accepted"}


def test_an_edited_value_is_written_and_counts_as_typed_by_a_person(
    understood: dict[str, Any], api: Any, session: Session
) -> None:
    fields = by_field(understood)
    answer = api.post(f"/api/v1/proposals/{fields['quantity']['id']}/accept", json={"value": "25"})
    assert (answer.json["state"], answer.json["final_value"]) == ("edited", 25)
    api.post(f"/api/v1/communications/{understood['id']}/accept")
    deal = session.get(Deal, session.get(Communication, understood["id"]).deal_id)
    assert deal.title.startswith("PX-200 × 25")
    assert "items" in deal.human_fields


def test_a_value_that_does_not_fit_is_refused_by_name(understood: dict[str, Any], api: Any) -> None:
    fields = by_field(understood)
    for name, value in (("quantity", "many"), ("phone", "12"), ("due", "soon"), ("intent", "party"), ("email", "x")):
        if name in fields:
            answer = api.post(f"/api/v1/proposals/{fields[name]['id']}/accept", json={"value": value})
            assert (answer.status_code, answer.json["field"]) == (422, "value")
    answer = api.post(
        f"/api/v1/proposals/{fields['quantity']['id']}/accept", data="{broken", content_type="application/json"
    )
    assert answer.status_code == 422
    assert api.get(f"/api/v1/communications/{understood['id']}").json["to_review"] == len(PROPOSALS)


def test_what_a_person_has_written_is_never_overwritten(
    twin: TwinGateway, upload: Fixture, work: Fixture, api: Any, session: Session
) -> None:
    answer = api.post("/api/v1/people", json={"full_name": "Maria Lindqvist", "phone": "+46700000001"})
    assert answer.status_code == 201, answer.text
    person_id = answer.json["id"]
    where = upload(client_id=f"person:{person_id}").headers["Location"]
    work()
    call = api.get(where).json
    phone = by_field(call)["phone"]
    answer = api.post(f"/api/v1/proposals/{phone['id']}/accept").json
    assert (answer["state"], answer["target"]) == ("kept", f"person/{person_id}")
    assert answer["note"]
    assert session.get(Person, person_id).phone == "+46700000001"
    answer = api.post(f"/api/v1/proposals/{phone['id']}/accept", json={"value": phone["value"]}).json
    assert answer["state"] == "edited"  # said again, it is a person's own choice
    session.expire_all()
    assert session.get(Person, person_id).phone == phone["value"]
    answer = api.post(f"/api/v1/proposals/{phone['id']}/accept", json={"value": "+46700000002"}).json
    session.expire_all()
    assert session.get(Person, person_id).phone == "+46700000002"


def test_undo_takes_everything_back_and_accepting_again_works(
    understood: dict[str, Any], api: Any, session: Session
) -> None:
    before = [session.query(model).count() for model in (Person, Organisation, Deal, Task, DealItem)]
    api.post(f"/api/v1/communications/{understood['id']}/accept")
    answer = api.post(f"/api/v1/communications/{understood['id']}/undo")
    assert answer.status_code == 200, answer.text
    assert answer.json["undone"]["kept"] == []
    session.expire_all()
    assert [session.query(model).count() for model in (Person, Organisation, Deal, Task, DealItem)] == before
    call = session.get(Communication, understood["id"])
    assert (call.person_id, call.organisation_id, call.deal_id, call.sentiment) == (None, None, None, None)
    assert {p["state"] for p in answer.json["proposals"]} == {"undone"}
    for p in understood["proposals"]:
        assert api.post(f"/api/v1/proposals/{p['id']}/accept").status_code == 200
    assert api.post(f"/api/v1/communications/{understood['id']}/undo").status_code == 200
    session.expire_all()
    assert [session.query(model).count() for model in (Person, Organisation, Deal, Task, DealItem)] == before
    assert api.post(f"/api/v1/communications/{understood['id']}/undo").status_code == 409


def test_undo_keeps_what_people_changed_since(understood: dict[str, Any], api: Any, session: Session) -> None:
    api.post(f"/api/v1/communications/{understood['id']}/accept")
    call = session.get(Communication, understood["id"])
    deal_id, person_id = call.deal_id, call.person_id
    assert api.patch(f"/api/v1/deals/{deal_id}", json={"title": "Pumps for the north"}).status_code == 200
    answer = api.post(f"/api/v1/communications/{understood['id']}/undo").json["undone"]
    assert any("Pumps for the north" in sentence for sentence in answer["kept"])
    session.expire_all()
    assert session.get(Deal, deal_id) is not None
    assert session.get(Person, person_id) is not None  # the deal still belongs to the person


def test_undo_gives_a_changed_field_its_former_value(
    twin: TwinGateway, upload: Fixture, work: Fixture, api: Any, session: Session
) -> None:
    person = Person(full_name="Maria Lindqvist", phone="+46700000009")
    owner = session.execute(text("SELECT id, team_id FROM users WHERE username = 'staff'")).one()
    person.owner_id, person.team_id = owner.id, owner.team_id
    session.add(person)
    session.commit()
    where = upload(client_id=str(person.id)).headers["Location"]
    work()
    call = api.get(where).json
    api.post(f"/api/v1/proposals/{by_field(call)['phone']['id']}/accept")
    session.expire_all()
    assert session.get(Person, person.id).phone == "+46711234567"
    api.post(f"/api/v1/communications/{call['id']}/undo")
    session.expire_all()
    assert session.get(Person, person.id).phone == "+46700000009"


def test_a_rejected_value_is_not_written_and_an_accepted_one_cannot_be_rejected(
    understood: dict[str, Any], api: Any, session: Session
) -> None:
    fields = by_field(understood)
    assert api.post(f"/api/v1/proposals/{fields['budget']['id']}/reject").json["state"] == "rejected"
    api.post(f"/api/v1/communications/{understood['id']}/accept")
    assert api.post(f"/api/v1/proposals/{fields['phone']['id']}/reject").status_code == 409
    deal = session.get(Deal, session.get(Communication, understood["id"]).deal_id)
    assert deal.amount is None


def test_a_complaint_makes_no_deal(
    twin: TwinGateway, upload: Fixture, work: Fixture, api: Any, session: Session
) -> None:
    twin.proposals = [
        proposal("product", "PX-200", 2, "pumps PX-200"),
        proposal("intent", "complaint", 2, "We need twenty pumps"),
    ]
    where = upload().headers["Location"]
    work()
    call = api.get(where).json
    answer = api.post(f"/api/v1/communications/{call['id']}/accept").json
    assert session.get(Communication, call["id"]).deal_id is None
    assert any(p["note"] for p in answer["proposals"] if p["field"] == "product")


def test_a_value_without_evidence_is_not_proposed(twin: TwinGateway, upload: Fixture, work: Fixture, api: Any) -> None:
    twin.proposals = [proposal("budget", 5, 1, "  "), proposal("person", "", 1, "this is Maria"), PROPOSALS[3]]
    where = upload().headers["Location"]
    work()
    assert [p["field"] for p in api.get(where).json["proposals"]] == ["intent"]


def test_the_database_itself_refuses_a_proposal_without_evidence(session: Session) -> None:
    origin = {"run_id": "r", "subject_type": "communication", "subject_id": 1, "module": "m", "module_version": "1"}
    session.add(Proposal(**origin, model="m", field="budget", value=1, display="1", quote=" ", second=0, confidence=1))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_hot_words_and_facts_come_from_what_the_uploader_may_see(
    twin: TwinGateway, upload: Fixture, work: Fixture, api: Any, client_as: Fixture
) -> None:
    mine = api.post("/api/v1/organisations", json={"name": "Nordwind Shipping"}).json["id"]
    api.post("/api/v1/people", json={"full_name": "Maria Lindqvist", "organisation_id": mine})
    hidden = bearer(client_as, "stranger").post("/api/v1/organisations", json={"name": "Nordwind Holding"})
    assert hidden.status_code == 201
    upload(client_id=f"organisation:{mine}")
    work()
    asked = dict(twin.asked)
    assert "Nordwind Shipping" in asked["transcribe"]["hotwords"]
    assert "Maria Lindqvist" in asked["transcribe"]["hotwords"]
    facts = asked["call_card"]
    assert facts["client"]["organisation"]["name"] == "Nordwind Shipping"
    names = [o["name"] for o in facts["organisations"]]
    assert "Nordwind Shipping" in names
    assert "Nordwind Holding" not in names


def test_a_stranger_sees_neither_the_call_nor_its_proposals(understood: dict[str, Any], client_as: Fixture) -> None:
    stranger = bearer(client_as, "stranger")
    proposal_id = understood["proposals"][0]["id"]
    paths = (
        ("get", f"/api/v1/communications/{understood['id']}"),
        ("post", f"/api/v1/proposals/{proposal_id}/accept"),
        ("post", f"/api/v1/proposals/{proposal_id}/reject"),
        ("post", f"/api/v1/communications/{understood['id']}/accept"),
        ("post", f"/api/v1/communications/{understood['id']}/undo"),
        ("get", f"/communications/{understood['id']}/recording"),
        ("get", f"/communications/{understood['id']}/proposals"),
    )
    for method, path in paths:
        assert getattr(stranger, method)(path).status_code == 404, path
    assert all(c["id"] != understood["id"] for c in stranger.get("/api/v1/communications").json["items"])
