"""The edge of the API: versions of the contract, and requests that arrive twice."""

from __future__ import annotations

import threading

import pytest


@pytest.mark.parametrize("path", ["/api/v1/contract/", "/api/v1/people", "/api/v1/nothing"])
def test_every_answer_of_the_api_names_the_version(api_as, path):
    assert api_as("staff").get(path).headers["Ostrov-Contract"] == "1.0.0"


@pytest.mark.parametrize("version", ["2.0.0", "99", "0.9.0", "two"])
def test_a_request_of_another_major_version_is_refused_with_a_remedy(api_as, version):
    answer = api_as("staff").post("/api/v1/people", json={"full_name": "A"}, headers={"Ostrov-Contract": version})
    assert (answer.status_code, answer.json["field"]) == (422, "Ostrov-Contract")
    assert version in answer.json["detail"]
    assert "1.0.0" in answer.json["detail"]


def test_of_a_newer_minor_version_unknown_fields_are_ignored_and_else_they_are_an_error(api_as):
    api = api_as("staff")
    body = {"full_name": "Newer", "shoe_size": 42}
    assert api.post("/api/v1/people", json=body).json["field"] == "shoe_size"
    assert api.post("/api/v1/people", json=body, headers={"Ostrov-Contract": "1.0.0"}).status_code == 422
    assert api.post("/api/v1/people", json=body, headers={"Ostrov-Contract": "1.7.0"}).status_code == 201
    assert api.post("/api/v1/people", json=body).status_code == 422


def test_the_same_key_makes_one_record_however_often_it_is_sent(api_as):
    api = api_as("staff")
    key = {"Idempotency-Key": "order-17"}
    first = api.post("/api/v1/deals", json={"title": "Once"}, headers=key)
    second = api.post("/api/v1/deals", json={"title": "Once"}, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json == first.json
    assert second.headers["Location"] == first.headers["Location"]
    assert (first.headers.get("Idempotency-Replayed"), second.headers["Idempotency-Replayed"]) == (None, "true")
    assert len(api.get("/api/v1/deals?q=once").json["items"]) == 1
    other = api_as("head").post("/api/v1/deals", json={"title": "Once"}, headers=key)
    assert other.json["id"] != first.json["id"]


def test_a_key_stands_for_one_request_alone(api_as):
    api = api_as("staff")
    key = {"Idempotency-Key": "used"}
    assert api.post("/api/v1/deals", json={"title": "One"}, headers=key).status_code == 201
    for answer in (
        api.post("/api/v1/deals", json={"title": "Two"}, headers=key),
        api.post("/api/v1/tasks", json={"title": "One"}, headers=key),
    ):
        assert (answer.status_code, answer.json["field"]) == (422, "Idempotency-Key")
    assert api.post("/api/v1/deals", json={"title": "A"}, headers={"Idempotency-Key": "x" * 201}).status_code == 422


def test_a_request_that_failed_may_be_sent_again_with_its_key(api_as):
    api = api_as("staff")
    key = {"Idempotency-Key": "second try"}
    assert api.post("/api/v1/deals", json={"title": ""}, headers=key).status_code == 422
    assert api.post("/api/v1/deals", json={"title": "Mended"}, headers=key).status_code == 201


def test_a_key_shows_nothing_to_who_may_no_longer_see(api_as):
    api = api_as("staff")
    key = {"Idempotency-Key": "gone"}
    made = api.post("/api/v1/deals", json={"title": "Gone"}, headers=key)
    assert api.delete(made.headers["Location"]).status_code == 204
    assert api.post("/api/v1/deals", json={"title": "Gone"}, headers=key).status_code == 404


def test_two_requests_at_once_with_one_key_make_one_record(api_as):
    clients = [api_as("staff") for _ in range(4)]
    answers = []

    def post(api):
        answers.append(
            api.post("/api/v1/people", json={"full_name": "Raced"}, headers={"Idempotency-Key": "race"}).json["id"]
        )

    threads = [threading.Thread(target=post, args=(api,)) for api in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert len(set(answers)) == 1
