"""Organisations in the API, and the published contract."""

from __future__ import annotations

from jsonschema import Draft202012Validator


def test_an_organisation_is_made_read_changed_listed_and_deleted(api_as):
    api = api_as("staff")
    made = api.post("/api/v1/organisations", json={"name": "Acme", "phone": "+44 20 7946 0000"})
    assert made.status_code == 201
    address = made.headers["Location"]
    assert made.json["phone"] == "+442079460000"
    assert api.get(address).json == made.json
    changed = api.patch(address, json={"city": "London", "version": made.json["version"]})
    assert (changed.status_code, changed.json["city"], changed.json["version"]) == (200, "London", 2)
    assert api.patch(address, json={"city": "Leeds", "version": 1}).status_code == 409
    assert [item["id"] for item in api.get("/api/v1/organisations?q=acme").json["items"]] == [made.json["id"]]
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404


def test_problems_name_the_field(api_as):
    api = api_as("staff")
    wrong = api.post("/api/v1/organisations", json={"name": "A", "email": "no"})
    assert (wrong.status_code, wrong.json["field"], wrong.content_type) == (422, "email", "application/problem+json")
    unknown = api.post("/api/v1/organisations", json={"name": "A", "colour": "red"})
    assert (unknown.status_code, unknown.json["field"]) == (422, "colour")
    missing = api.post("/api/v1/organisations", json={})
    assert (missing.status_code, missing.json["field"]) == (422, "name")
    read_only = api.post("/api/v1/organisations", json={"name": "A", "tax_number": "7700000000"})
    assert (read_only.status_code, read_only.json["field"]) == (403, "tax_number")
    assert api.get("/api/v1/organisations?limit=1000").status_code == 422
    assert api.get("/api/v1/organisations?after=nonsense").status_code == 422


def test_the_body_must_be_json(api_as):
    api = api_as("staff")
    assert api.post("/api/v1/organisations", data="name=A", content_type="text/plain").status_code in (415, 422)
    assert api.post("/api/v1/organisations", data="{", content_type="application/json").status_code in (400, 422)


def test_nobody_gets_in_without_a_token_and_a_stranger_sees_nothing(api_as, app):
    made = api_as("staff").post("/api/v1/organisations", json={"name": "Closed"}).json["id"]
    assert app.test_client().get(f"/api/v1/organisations/{made}").status_code == 401
    stranger = api_as("stranger")
    assert stranger.get(f"/api/v1/organisations/{made}").status_code == 404
    assert stranger.patch(f"/api/v1/organisations/{made}", json={"name": "X"}).status_code == 404
    assert stranger.delete(f"/api/v1/organisations/{made}").status_code == 404
    assert made not in [item["id"] for item in stranger.get("/api/v1/organisations").json["items"]]


def test_hidden_fields_are_left_out_and_cannot_be_guessed_by_writing(api_as):
    made = api_as("staff").post("/api/v1/organisations", json={"name": "Quiet", "phone": "+74950001122"}).json["id"]
    officer = api_as("officer")
    body = officer.get(f"/api/v1/organisations/{made}").json
    assert not {"phone", "email", "notes"} & set(body)
    for guess in ("+74950001122", "+74950001123"):
        assert officer.patch(f"/api/v1/organisations/{made}", json={"phone": guess}).status_code == 403


def test_a_list_of_the_api_goes_on_from_its_cursor(api_as):
    api = api_as("staff")
    made = {api.post("/api/v1/organisations", json={"name": f"Paged {i}"}).json["id"] for i in range(5)}
    seen, after = [], None
    while True:
        page = api.get(
            "/api/v1/organisations",
            query_string={"q": "paged", "limit": 2, "after": after} if after else {"q": "paged", "limit": 2},
        ).json
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == 5
    assert set(seen) == made


def test_the_published_schemas_fit_what_the_api_answers(api_as, app):
    api = api_as("staff")
    listed = {item["name"] for item in app.test_client().get("/api/v1/contract/").json["items"]}
    assert {"client", "deal", "communication"} <= listed
    schema = app.test_client().get("/api/v1/contract/client.json").get_json(force=True)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    validator.validate(api.post("/api/v1/organisations", json={"name": "Acme"}).json)
    validator.validate(api.post("/api/v1/people", json={"full_name": "Ann"}).json)
    assert app.test_client().get("/api/v1/contract/nothing.json").status_code in (401, 404)
