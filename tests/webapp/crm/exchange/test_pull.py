"""Records of a Bitrix24 come over to the running CRM, with what they belong to, and again only what has changed."""

from __future__ import annotations

import json
import threading

import pytest
from bitrix_twin import Portal
from click.testing import CliRunner
from werkzeug.serving import make_server

from appliance.adapters.bitrix24 import Bitrix24
from appliance.adapters.commands import pull
from appliance.adapters.records import AdapterError

AT = "2026-11-01T10:00:00+03:00"
LATER = "2026-11-20T10:00:00+03:00"


def company(number, **more):
    return {"ID": str(number), "TITLE": f"Компания {number}", "DATE_MODIFY": AT} | more


@pytest.fixture
def portal():
    return Portal()


@pytest.fixture
def webhook(portal):
    server = make_server("127.0.0.1", 0, portal, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/rest/1/s3cret/"
    server.shutdown()
    thread.join()


@pytest.fixture
def run(crm, token_of, webhook):
    def go(*options):
        arguments = ["bitrix24", "--from", webhook, "--url", crm, "--token", token_of("head"), "--json", *options]
        done = CliRunner().invoke(pull, arguments)
        assert not done.exception or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, json.loads(done.stdout) if done.stdout.startswith("{") else done.output

    return go


def test_companies_contacts_and_deals_come_over_with_their_links(run, portal, api_as):
    portal.records["company"] = [
        company(number, PHONE=[{"VALUE": f"8 495 700-00-{number % 100:02}", "VALUE_TYPE": "WORK"}])
        for number in range(1, 121)
    ]
    portal.records["contact"] = [
        {"ID": "7", "NAME": "Анна", "LAST_NAME": "Битрикс", "SECOND_NAME": "Ивановна", "COMPANY_ID": "120",
         "EMAIL": [{"VALUE": "anna@bitrix.example"}], "DATE_MODIFY": AT,
         "COMMENTS": "<b>Важная</b>&nbsp;[b]очень[/b]<br>да"}
    ]  # fmt: skip
    portal.records["deal"] = [
        {"ID": "3", "TITLE": "Поставка", "STAGE_ID": "C2:EXECUTING", "OPPORTUNITY": "123456.78", "CURRENCY_ID": "RUB",
         "COMPANY_ID": "120", "CONTACT_ID": "7", "CLOSEDATE": "2026-12-31T03:00:00+03:00", "DATE_MODIFY": LATER},
        {"ID": "4", "TITLE": "Без клиента", "STAGE_ID": "C5:SOMETHING", "STAGE_SEMANTIC_ID": "F", "OPPORTUNITY": "0.00",
         "COMPANY_ID": "0", "CONTACT_ID": None, "DATE_MODIFY": AT},
    ]  # fmt: skip
    portal.rows["3"] = [{"PRODUCT_NAME": "Насос", "QUANTITY": 2, "PRICE": 1000.5}]
    code, report = run()
    assert (code, report["created"]) == (0, 123)
    api = api_as("head")
    (person,) = api.get("/api/v1/people?q=битрикс").json["items"]
    assert (person["full_name"], person["email"]) == ("Битрикс Анна Ивановна", "anna@bitrix.example")
    assert person["notes"].replace("\u00a0", " ") == "Важная очень\nда"
    (deal,) = api.get(f"/api/v1/deals?person_id={person['id']}").json["items"]
    assert (deal["amount"], deal["stage"], deal["expected_close"]) == (123456.78, "negotiation", "2026-12-31")
    assert deal["organisation_id"] == person["organisation_id"]
    assert deal["items"] == [{"product_id": None, "product_name": "Насос", "quantity": 2.0, "price": 1000.5}]
    (lost,) = api.get("/api/v1/deals?q=без клиента").json["items"]
    assert (lost["stage"], lost["organisation_id"]) == ("lost", None)
    assert portal.asked.count("crm.company.list.json") == 3
    assert portal.asked.count("batch.json") == 1
    code, again = run()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 123)


def test_the_next_pull_asks_only_for_what_was_changed_since(run, portal, tmp_path):
    portal.records["company"] = [company(801), company(802, DATE_MODIFY=LATER)]
    state = tmp_path / "state.json"
    assert run("--state", str(state))[1]["read"] == 2
    assert json.loads(state.read_text())["since"] == LATER
    portal.records["company"][0] |= {"ADDRESS_CITY": "Пермь", "DATE_MODIFY": "2026-11-21T08:00:00+03:00"}
    _code, report = run("--state", str(state))
    assert (report["read"], report["updated"], report["unchanged"]) == (2, 1, 1)
    assert run("--state", str(state))[1]["read"] == 1


def test_a_record_that_does_not_fit_is_named_and_the_others_are_kept(run, portal, tmp_path):
    portal.records["company"] = [company(811, EMAIL=[{"VALUE": "no address"}]), company(812), company(813, TITLE="")]
    state = tmp_path / "state.json"
    code, report = run("--state", str(state))
    assert (code, report["created"], report["refused"]) == (1, 1, 2)
    assert {(one["line"], one["field"]) for one in report["faults"]} == {
        (811, "company.EMAIL"),
        (813, "company:813 name"),
    }
    assert not state.exists()  # so that the mended ones are read again


def test_too_many_requests_are_asked_again_later(webhook, portal):
    portal.records["company"] = [company(821)]
    portal.limited = 3
    waits = []
    with Bitrix24(webhook, sleep=waits.append) as client:
        assert [one["ID"] for page in client.pages("company") for one in page] == ["821"]
    assert waits == [0.5, 1.0, 2.0]


def test_a_portal_that_stays_away_or_refuses_is_named_without_its_secret(run, webhook, portal):
    portal.limited = 10_000
    with Bitrix24(webhook, sleep=lambda _seconds: None) as client, pytest.raises(AdapterError) as refused:
        list(client.pages("company"))
    assert "Too many requests" in str(refused.value)
    assert "s3cret" not in str(refused.value)
    portal.limited, portal.secret = 0, "another"
    code, said = run()
    assert code == 2
    assert "credentials" in said
    assert "s3cret" not in said


def test_a_portal_outside_is_not_asked(run):
    code, said = run("--from", "https://company.bitrix24.example.com/rest/1/x/")
    assert code == 2
    code, said = run("--from", "http://8.8.8.8/rest/1/x/")
    assert (code, "outside" in said) == (2, True)
