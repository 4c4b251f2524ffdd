"""Records of other systems: the same key is the same record, and people's own words stay."""

from __future__ import annotations

import threading

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import text

from appliance.contract import schemas


def send(api, *items, source="erp", **more):
    answer = api.post(f"/api/v1/exchange/{source}", json={"items": list(items), **more})
    assert answer.status_code == 200, answer.text
    Draft202012Validator(schemas.schema("exchanged")).validate(answer.json)
    return answer.json["items"]


def organisation(key, name, links=None, **values):
    return {"entity": "organisation", "key": key, "values": {"name": name, **values}}


def test_records_are_made_with_their_links_and_sending_them_again_changes_nothing(api_as):
    api = api_as("head")
    batch = [
        organisation("O-1", "ООО «Ромашка»", tax_number="7707083893", city="Москва"),
        {"entity": "person", "key": "P-1", "values": {"full_name": "Иван Ключев"}, "links": {"organisation": "O-1"}},
        {
            "entity": "deal", "key": "D-1", "links": {"organisation": "O-1", "person": "P-1"},
            "values": {"title": "Заказ", "amount": "1234567.89", "items": [{"product_name": "Труба", "quantity": 2}]},
        },
        {"entity": "task", "key": "T-1", "values": {"title": "Позвонить"}, "links": {"deal": "D-1"}},
        {"entity": "communication", "key": "C-1", "values": {"body": "Договорились"}, "links": {"person": "P-1"}},
        {"entity": "product", "key": "N-1", "values": {"name": "Труба 57", "price": 100}},
    ]  # fmt: skip
    first = send(api, *batch)
    assert [one["outcome"] for one in first] == ["created"] * 6
    deal = api.get(f"/api/v1/deals/{first[2]['id']}").json
    assert (deal["organisation_id"], deal["person_id"]) == (first[0]["id"], first[1]["id"])
    assert (deal["amount"], deal["items"][0]["product_name"]) == (1234567.89, "Труба")
    again = send(api, *batch)
    assert [(one["outcome"], one["id"]) for one in again] == [("unchanged", one["id"]) for one in first]


def test_what_people_wrote_here_stays_until_the_other_system_changes_that_field(api_as):
    api = api_as("head")
    (made,) = send(api, organisation("O-2", "Vega", city="Omsk", industry="steel"))
    api.patch(f"/api/v1/organisations/{made['id']}", json={"city": "Tomsk"})
    (same,) = send(api, organisation("O-2", "Vega", city="Omsk", industry="steel"))
    assert same["outcome"] == "unchanged"
    (other,) = send(api, organisation("O-2", "Vega", city="Omsk", industry="iron"))
    assert other["outcome"] == "updated"
    stored = api.get(f"/api/v1/organisations/{made['id']}").json
    assert (stored["city"], stored["industry"]) == ("Tomsk", "iron")
    send(api, organisation("O-2", "Vega", city="Perm", industry="iron"))
    assert api.get(f"/api/v1/organisations/{made['id']}").json["city"] == "Perm"


def test_a_client_that_is_here_already_is_met_and_only_filled_in(api_as):
    api = api_as("head")
    here = api.post("/api/v1/organisations", json={"name": "Свой", "tax_number": "7728168971", "city": "Уфа"}).json
    (met,) = send(api, organisation("O-3", "Чужое имя", tax_number="7728 168971", city="Казань", industry="лес"))
    assert (met["outcome"], met["id"]) == ("updated", here["id"])
    stored = api.get(f"/api/v1/organisations/{here['id']}").json
    assert (stored["name"], stored["city"], stored["industry"]) == ("Свой", "Уфа", "лес")
    person = api.post("/api/v1/people", json={"full_name": "Ann", "email": "ann@here.example"}).json
    item = {"entity": "person", "key": "P-3", "values": {"full_name": "Anna", "email": "ANN@here.example"}}
    assert send(api, item)[0]["id"] == person["id"]


def test_two_keys_are_two_records_also_when_they_look_alike(api_as):
    api = api_as("head")
    same = {"tax_number": "5007001007"}
    first, second = send(api, organisation("O-4", "A", **same), organisation("O-5", "B", **same))
    assert first["id"] != second["id"]
    elsewhere = send(api, organisation("O-4", "Another base"), source="base2")[0]
    assert elsewhere["id"] != first["id"]


def test_a_bad_record_is_refused_by_field_and_the_good_ones_are_kept(api_as, session):
    api = api_as("head")
    results = send(
        api,
        organisation("G-1", "Good"),
        organisation("B-1", "Bad", email="no at sign"),
        organisation("B-2", "Unknown", colour="red"),
        {"entity": "person", "key": "B-3", "values": {"full_name": "X"}, "links": {"organisation": "none"}},
        {"entity": "product", "key": "B-4", "values": {"name": "X"}, "links": {"person": "B-3"}},
        {"entity": "deal", "key": "B-5", "values": {"title": "D", "stage": "nowhere"}},
        {"entity": "deal", "key": "B-6", "values": {"title": "D", "items": [{"product_name": ""}]}},
        {"entity": "deal", "key": "B-7", "values": {"title": "D", "amount": "a lot"}},
        organisation("G-2", "Also good"),
    )
    refused = {one["key"]: one["field"] for one in results if one["outcome"] == "refused"}
    assert refused == {
        "B-1": "email", "B-2": "colour", "B-3": "links.organisation", "B-4": "links.person", "B-5": "stage",
        "B-6": "items.0", "B-7": "amount",
    }  # fmt: skip
    assert all(one["detail"] for one in results if one["outcome"] == "refused")
    assert [one["key"] for one in results if one["outcome"] == "created"] == ["G-1", "G-2"]
    good = results[0]["id"]
    audited = "SELECT count(*) FROM audit.entries WHERE action = 'organisation.created' AND entity_id = :id"
    assert session.execute(text(audited), {"id": str(good)}).scalar() == 1


def test_a_check_tells_what_would_happen_and_leaves_nothing(api_as):
    api = api_as("head")
    (told,) = send(api, organisation("K-1", "Checked"), check=True)
    assert (told["outcome"], told["id"]) == ("created", None)
    assert api.get("/api/v1/exchange/erp/organisation/K-1").status_code == 404
    assert api.get("/api/v1/organisations?q=checked").json["items"] == []


def test_a_record_that_was_deleted_here_does_not_come_back(api_as):
    api = api_as("head")
    (made,) = send(api, organisation("Z-1", "Gone"))
    assert api.delete(f"/api/v1/organisations/{made['id']}").status_code == 204
    (told,) = send(api, organisation("Z-1", "Gone again"))
    assert told["outcome"] == "refused"
    assert api.get("/api/v1/organisations?q=gone").json["items"] == []


def test_a_key_leads_to_its_record_for_who_may_see_it(api_as):
    (made,) = send(api_as("staff"), organisation("Q-2 №7", "Mine"))
    address = "/api/v1/exchange/erp/organisation/Q-2%20%E2%84%967"
    assert api_as("staff").get(address).json["id"] == made["id"]
    assert api_as("stranger").get(address).status_code == 404
    (told,) = send(api_as("stranger"), organisation("Q-2 №7", "Taken over"))
    assert told["outcome"] == "refused"


def test_nobody_makes_more_by_exchange_than_by_hand(api_as):
    results = send(api_as("officer"), organisation("R-1", "X"))
    assert results[0]["outcome"] == "refused"
    (told,) = send(api_as("staff"), organisation("R-2", "X", tax_number="7707083893"))
    assert (told["outcome"], told["field"]) == ("refused", "tax_number")


@pytest.mark.parametrize(
    "body",
    [
        {"contract": "2.0.0", "items": [], "shape": "new"},
        {"contract": "2", "everything": "else"},
        {"contract": "later", "items": []},
    ],
)
def test_a_batch_of_a_version_that_is_not_read_is_refused_whole(api_as, body):
    answer = api_as("head").post("/api/v1/exchange/erp", json=body)
    assert answer.status_code == 422
    assert body["contract"] in answer.json["detail"] or "1.0.0" in answer.json["detail"]
    assert "1.0.0" in answer.json["detail"]


def test_of_a_newer_minor_version_what_is_known_is_taken(api_as):
    item = organisation("M-1", "Newer", mood="new in 1.4") | {"weight": 3}
    (told,) = send(api_as("head"), item, contract="1.4.0", speed=1)
    assert told["outcome"] == "created"


def test_two_senders_of_one_key_at_once_make_one_record(api_as):
    clients, results = [api_as("head") for _ in range(4)], []
    threads = [
        threading.Thread(target=lambda api=api: results.extend(send(api, organisation("RACE", "Raced"))))
        for api in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one["outcome"] for one in results) == ["created", "unchanged", "unchanged", "unchanged"]
    assert len({one["id"] for one in results}) == 1
