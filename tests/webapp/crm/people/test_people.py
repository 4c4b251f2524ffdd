"""People: pages, API and rights."""

from __future__ import annotations

import pytest

from webapp.crm.organisations.models import Organisation
from webapp.crm.people.models import Person


@pytest.fixture
def firm(client_as):
    made = client_as("staff").post("/organisations", data={"name": "Вектор"})
    return int(made.headers["Location"].rsplit("/", 1)[1])


def add(client, **fields):
    response = client.post("/people", data={"full_name": "Анна Белова", **fields})
    assert response.status_code == 303, response.get_data(as_text=True)[:800]
    return int(response.headers["Location"].rsplit("/", 1)[1])


def test_a_person_is_added_to_an_organisation_by_its_name(client_as, session, firm):
    made = add(client_as("staff"), organisation=f"Вектор #{firm}", phone="8 916 123-45-67")
    stored = session.get(Person, made)
    assert (stored.organisation_id, stored.phone) == (firm, "+79161234567")
    card = client_as("staff").get(f"/people/{made}").get_data(as_text=True)
    assert "Вектор" in card
    assert "Анна Белова" in client_as("staff").get(f"/organisations/{firm}/people").get_data(as_text=True)


def test_an_unknown_or_doubtful_name_of_an_organisation_is_asked_about(client_as, session, firm):
    client = client_as("staff")
    unknown = client.post("/people", data={"full_name": "Б", "organisation": "Нет такой"})
    assert unknown.status_code == 422
    session.add_all([Organisation(name="Двойник", owner_id=None, team_id=1), Organisation(name="Двойник", team_id=1)])
    session.commit()
    assert client.post("/people", data={"full_name": "Б", "organisation": "двойник"}).status_code == 422
    offered = client.get("/organisations/offers?organisation=двойник").get_data(as_text=True)
    assert offered.count("Двойник #") == 2


def test_an_organisation_that_the_person_may_not_see_cannot_be_named(client_as, api_as, firm):
    assert (
        client_as("stranger").post("/people", data={"full_name": "Б", "organisation": f"Вектор #{firm}"}).status_code
        == 422
    )
    wrong = api_as("stranger").post("/api/v1/people", json={"full_name": "Б", "organisation_id": firm})
    assert (wrong.status_code, wrong.json["field"]) == (422, "organisation_id")


def test_a_link_to_an_unseen_organisation_neither_shows_nor_gets_lost(client_as, session, actor, firm):
    person = Person(
        full_name="Общий", organisation_id=firm, owner_id=actor("stranger").id, team_id=actor("stranger").team_id
    )
    session.add(person)
    session.commit()
    stranger = client_as("stranger")
    for address in (f"/people/{person.id}", "/people?q=общий", f"/people/{person.id}/edit"):
        assert "Вектор" not in stranger.get(address).get_data(as_text=True)
    form = {"full_name": "Общий знакомый", "organisation": "", "organisation_id_unseen": str(firm), "version": "1"}
    assert stranger.post(f"/people/{person.id}", data=form).status_code == 303
    session.expire_all()
    assert session.get(Person, person.id).organisation_id == firm


def test_a_stranger_has_no_way_to_the_person(client_as, api_as):
    made = add(client_as("staff"), full_name="Секретный Человек")
    stranger = client_as("stranger")
    for address in (
        f"/people/{made}",
        f"/people/{made}/edit",
        f"/people/{made}/fields/phone",
        f"/people/{made}/history",
    ):
        assert stranger.get(address).status_code == 404
    assert "Секретный" not in stranger.get("/people?q=секретный").get_data(as_text=True)
    assert api_as("stranger").get(f"/api/v1/people/{made}").status_code == 404


def test_a_duplicate_is_hinted_at_by_phone_in_any_writing(client_as):
    made = add(client_as("staff"), full_name="Дубль", phone="+7 916 000-11-22")
    hint = client_as("colleague").get("/people/alike", query_string={"phone": "8 (916) 0001122"}).get_data(as_text=True)
    assert f"/people/{made}" in hint
    assert "Дубль" in hint


def test_the_api_makes_changes_and_deletes_a_person(api_as):
    api = api_as("staff")
    made = api.post("/api/v1/people", json={"full_name": "Ann", "email": "ANN@X.example"})
    assert (made.status_code, made.json["email"]) == (201, "ann@x.example")
    address = made.headers["Location"]
    assert api.patch(address, json={"position": "Buyer"}).json["position"] == "Buyer"
    assert api.get("/api/v1/people?q=ann@x").json["items"][0]["id"] == made.json["id"]
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404


def test_the_list_stays_within_its_budget_of_statements(client_as, statements):
    client = client_as("staff")
    with statements() as seen:
        assert client.get("/people").status_code == 200
    assert len(seen) <= 9, seen
