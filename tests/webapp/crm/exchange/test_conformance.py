"""The conformance suite passes against the CRM, and every check of it fails where its promise is broken."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager

import broken_twin as twin
import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

from appliance.contract.commands import check, contract
from appliance.contract.conformance import suite
from appliance.contract.conformance.checks import CHECKS


def drop(*names):
    return lambda found: [found.pop(name, None) for name in names] and None


def keep_unknown(body):
    return {name: value for name, value in body.items() if name != "shoe_size"}


def fields_of(*names):
    return lambda body: {name: value for name, value in body.items() if name not in names}


def first_item_again(page):
    if isinstance(page, dict) and page.get("items") and page.get("next"):
        page["items"] = page["items"][:1] * 2
    return page


def no_city(schema):
    text = json.dumps(schema).replace('"city"', '"town"')
    return json.loads(text)


def unpublish(index):
    index["items"] = [item for item in index["items"] if item["name"] != "deal"]
    return index


def renamed(record):
    for name in ("name", "full_name", "title", "body"):
        if name in record:
            record[name] = "other"


def twice(outcome):
    for item in outcome.get("items", []):
        if item.get("outcome") == "unchanged":
            item["outcome"] = "created"
    return outcome


def reversed_events(page):
    page["items"] = page["items"][::-1]
    return page


LISTS = "^/(organisations|people|deals|tasks|communications)$"
ONES = r"^/(organisations|people|deals|tasks|communications)/\d+$"


def ascii_notes(record):
    record["notes"] = record["notes"].encode("ascii", "replace").decode()


def coarse(deal):
    deal["amount"] = round(float(deal.get("amount") or 0), 1)


# Each check with a fault that it must see: (before the request, after the answer).
FAULTS = {
    "contract.version": (None, twin.of_answer("^/contract/$", lambda index: index | {"version": "2.0.0"})),
    "contract.header": (None, twin.without("Ostrov-Contract")),
    "contract.schemas": (None, twin.of_answer("^/contract/$", unpublish)),
    "contract.compatible": (None, twin.of_answer("^/contract/client.json$", no_city)),
    "access.closed": (None, twin.status(LISTS, 401, 200)),
    "organisations.create": (None, twin.of_records(LISTS, drop("version"), "POST")),
    "people.create": (None, twin.of_records(LISTS, drop("full_name"), "POST")),
    "deals.create": (None, twin.of_records(LISTS, lambda deal: deal.update(amount=str(deal.get("amount"))), "POST")),
    "tasks.create": (None, twin.without("Location")),
    "communications.create": (None, twin.status("^/communications$", 201, 200)),
    "organisations.get": (None, twin.of_records(ONES, renamed, "GET")),
    "people.get": (None, twin.of_records(ONES, renamed, "GET")),
    "deals.get": (None, twin.of_records(ONES, renamed, "GET")),
    "tasks.get": (None, twin.of_records(ONES, renamed, "GET")),
    "communications.get": (None, twin.of_records(ONES, renamed, "GET")),
    "organisations.list": (None, twin.of_answer(LISTS, lambda page: page.get("items", page), "GET")),
    "people.list": (None, twin.of_answer(LISTS, lambda page: page | {"items": page.get("items", [])[1:]}, "GET")),
    "deals.list": (None, twin.of_records(LISTS, drop("currency", "id"), "GET")),
    "tasks.list": (None, twin.of_answer(LISTS, lambda page: {"items": page.get("items", [])}, "GET")),
    "communications.list": (None, twin.status(LISTS, 200, 500, "GET")),
    "records.change": (twin.request_json(ONES, fields_of("version")), None),
    "records.delete": (None, twin.status(ONES, 404, 200, "GET")),
    "errors.field": (None, twin.no_field),
    "errors.required": (None, twin.no_field),
    "errors.unknown": (twin.request_json(LISTS, keep_unknown), None),
    "errors.syntax": (None, twin.status(LISTS, 422, 500)),
    "errors.missing": (None, twin.as_text),
    "paging.walk": (None, twin.of_answer("^/people$", first_item_again, "GET")),
    "paging.cursor": (None, twin.status("^/people$", 422, 200, "GET")),
    "text.unicode": (None, twin.of_records(ONES, ascii_notes)),
    "time.zones": (None, twin.of_records(LISTS, lambda task: task.update(due_at=str(task.get("due_at"))[:19]), "POST")),
    "money.decimal": (None, twin.of_records(LISTS, coarse, "POST")),
    "idempotency.key": (twin.forget_header("Idempotency-Key"), None),
    "idempotency.misuse": (twin.forget_header("Idempotency-Key"), None),
    "version.future": (twin.forget_header("Ostrov-Contract"), None),
    "version.minor": (twin.forget_header("Ostrov-Contract"), None),
    "exchange.keys": (None, twin.of_answer("^/exchange/", twice)),
    "events.feed": (None, twin.of_answer("^/events$", reversed_events)),
}  # fmt: skip


@contextmanager
def served(app):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def test_the_crm_keeps_its_contract_and_the_visit_leaves_nothing(crm, token_of, api_as):
    results = suite.run(f"{crm}/api/v1", token_of("admin"))
    assert {one.name: one.detail for one in results if one.outcome != "pass"} == {}
    for address in ("organisations", "people", "deals", "tasks", "communications"):
        found = api_as("admin").get(f"/api/v1/{address}?q=conformance").json["items"]
        assert found == [], address


def test_every_check_has_a_fault():
    assert {one.name for one in CHECKS} == set(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_promise_is_seen(app, token_of, name):
    with served(twin.BrokenTwin(app, *FAULTS[name])) as url:
        results = suite.run(f"{url}/api/v1", token_of("admin"), only=[name])
    assert [(one.name, one.outcome) for one in results] == [(name, "fail")]
    assert results[0].detail
    assert results[0].remedy


def test_the_command_tells_by_its_exit_code(crm, token_of, app):
    good = CliRunner().invoke(check, [crm, "--token", token_of("admin"), "--only", "contract.", "--json"])
    assert (good.exit_code, json.loads(good.stdout)["failed"]) == (0, 0)
    with served(twin.BrokenTwin(app, None, twin.without("Ostrov-Contract"))) as url:
        bad = CliRunner().invoke(check, [url, "--token", "x", "--only", "contract."])
    assert bad.exit_code == 1
    assert "contract.header" in bad.output
    nobody = CliRunner().invoke(check, ["http://127.0.0.1:9"])
    assert nobody.exit_code == 2
    outside = CliRunner().invoke(check, ["http://8.8.8.8"])
    assert outside.exit_code == 2
    assert "outside" in outside.output


def test_without_a_token_what_is_public_is_checked_and_the_rest_is_skipped(crm):
    outcomes = {one.name: one.outcome for one in suite.run(f"{crm}/api/v1", "")}
    assert outcomes["contract.schemas"] == "pass"
    assert outcomes["access.closed"] == "pass"
    assert outcomes["deals.create"] == "skip"
    assert "fail" not in outcomes.values()


def test_the_contract_can_be_shown_and_written_out(tmp_path):
    shown = CliRunner().invoke(contract, ["show", "deal"])
    assert json.loads(shown.stdout)["title"] == "deal"
    assert CliRunner().invoke(contract, ["show", "nothing"]).exit_code == 2
    assert "version 1.0.0" in CliRunner().invoke(contract, ["list"]).stdout
    CliRunner().invoke(contract, ["export", str(tmp_path / "out")])
    assert (tmp_path / "out" / "deal.json").exists()
