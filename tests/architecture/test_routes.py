"""No address is open by oversight."""

from __future__ import annotations

import re

import pytest

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Each address that answers to nobody in particular, with the reason.
PUBLIC = {
    "web.static": "styles and scripts",
    "health.healthz": "asked by the supervisor",
    "health.readyz": "asked by the supervisor",
    "health.metrics": "asked by Prometheus",
    "openapi.doc_url": "the description of the API",
    "users.sign_in": "the way in",
    "users.begin_session": "the way in",
    "users.preferences": "language and theme on the way in",
    "users.locale": "language on the way in",
    "users.theme": "theme on the way in",
    "contract.index": "the published contract",
    "contract.show": "the published contract",
}


def address(rule) -> str:
    """An address of the rule, with something in place of each variable."""
    path = rule.rule
    for argument in rule.arguments:
        kind = type(rule._converters[argument]).__name__
        value = next(iter(rule._converters[argument].items), "x") if kind == "AnyConverter" else "1"
        path = re.sub(rf"<(?:[^<>]*:)?{argument}>", str(value), path)
    return path


def test_every_route_asks_for_an_actor(app):
    client = app.test_client()
    open_to_all = []
    for rule in app.url_map.iter_rules():
        for method in sorted(set(METHODS) & rule.methods):
            if rule.endpoint in PUBLIC:
                continue
            answer = client.open(address(rule), method=method)
            if answer.status_code == 401 or (answer.status_code == 302 and answer.location.startswith("/sign-in")):
                continue
            open_to_all.append(f"{method} {rule.rule} ({rule.endpoint}): {answer.status_code}")
    assert not open_to_all


def test_what_is_public_is_on_the_list_with_its_reason(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert app.public_endpoints & endpoints <= set(PUBLIC)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic YTpi"}])
def test_the_api_refuses_what_is_no_token_with_problem_details(app, header):
    answer = app.test_client().post("/api/v1/organisations", headers=header, json={})
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_address_of_the_api_is_described(app):
    described = set(app.test_client().get("/api/v1/openapi.json").json["paths"])
    served = {
        re.sub(r"<(?:[^<>:]*:)?([^<>]+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and not rule.endpoint.startswith(("openapi.", "contract."))
    }
    assert served <= described


def test_every_answer_carries_the_security_headers(app):
    answer = app.test_client().get("/sign-in")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
