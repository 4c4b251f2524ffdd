"""The checks: each is one promise of the contract, with what to do when it is not kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from appliance.contract import schemas
from appliance.contract.compatibility import breaks
from appliance.contract.conformance.visit import (
    RESOURCES,
    Failed,
    Skipped,
    Visit,
    check_problem,
    check_schema,
    json_of,
)
from appliance.contract.event import read_event
from appliance.contract.version import CONTRACT_VERSION, HEADER, OURS, VersionRefused, parse

UNICODE = "Ёж «Щука» № 5 — 漢字 العربية 👩‍👩‍👧 e\u0301 \U0001d54f"
AMOUNTS = ("0", "0.01", "0.1", "19.99", "1234567.89", "99999999999.99")
FUTURE, NEXT_MINOR = f"{OURS.major + 1}.0.0", f"{OURS.major}.{OURS.minor + 1}.0"
PAGE_RECORDS = 5
REFUSED = (400, 409, 415, 422)


@dataclass(frozen=True)
class Check:
    """One promise: `run` raises Failed or Skipped."""

    name: str
    title: str
    remedy: str
    run: Callable[[Visit], None]


CHECKS: list[Check] = []


def check(name: str, title: str, remedy: str) -> Callable[[Callable[[Visit], None]], Callable[[Visit], None]]:
    """Add a function to the suite."""

    def add(run: Callable[[Visit], None]) -> Callable[[Visit], None]:
        CHECKS.append(Check(name, title, remedy, run))
        return run

    return add


@check("contract.version", "says which version of the contract it speaks", "Answer GET /contract/ with `version`.")
def _version(visit: Visit) -> None:
    index = visit.answer("GET", "contract/", anonymous=True)
    try:
        spoken = parse(str(index.get("version", "")))
    except VersionRefused as error:
        raise Failed(str(error)) from None
    if spoken.major != OURS.major:
        raise Failed(f"it speaks version {spoken}; this suite tests version {OURS.major}")


@check("contract.header", "names the version on every answer", f"Send the header {HEADER} with every answer.")
def _header(visit: Visit) -> None:
    for path in ("contract/", "organisations"):
        given = visit.ask("GET", path, anonymous=True).headers.get(HEADER, "")
        if not given.startswith(f"{OURS.major}."):
            raise Failed(f"GET /{path}: the header {HEADER} is {given!r}")


@check(
    "contract.schemas", "publishes its JSON Schemas", "List them at /contract/ and serve each at /contract/NAME.json."
)
def _schemas(visit: Visit) -> None:
    listed = {item.get("name") for item in visit.answer("GET", "contract/", anonymous=True).get("items", [])}
    missing = sorted({"client", "deal", "communication", "task"} - listed)
    if missing:
        raise Failed(f"/contract/ does not list {', '.join(missing)}")
    for name in ("client", "deal", "communication", "task"):
        try:
            Draft202012Validator.check_schema(visit.answer("GET", f"contract/{name}.json", anonymous=True))
        except SchemaError as error:
            raise Failed(f"{name}.json is no JSON Schema of draft 2020-12: {error.message[:120]}") from None


@check(
    "contract.compatible",
    f"its schemas can be used by programs of version {CONTRACT_VERSION}",
    "Keep every field of the published version, its type and its values; add optional ones beside them.",
)
def _compatible(visit: Visit) -> None:
    for name in ("client", "deal", "communication", "task"):
        theirs = visit.answer("GET", f"contract/{name}.json", anonymous=True)
        found = breaks(schemas.schema(name), theirs, "serialization")
        if found:
            raise Failed(f"{name}: {'; '.join(found[:3])}")


@check("access.closed", "asks who is there", "Answer 401 with problem details to a request without a valid token.")
def _closed(visit: Visit) -> None:
    for headers in ({}, {"Authorization": "Bearer not-a-token"}):
        check_problem(visit.ask("GET", "organisations", anonymous=True, headers=headers), statuses=(401,))


def _resource_checks(kind: str) -> None:
    resource = RESOURCES[kind]

    @check(f"{kind}.create", f"takes a new record of {kind}", "Answer 201, the record, and its address in Location.")
    def _create(visit: Visit) -> None:
        check_schema(resource.schema, visit.make(kind))

    @check(f"{kind}.get", f"answers a record of {kind}", "Answer the record that was made, with all its fields.")
    def _get(visit: Visit) -> None:
        made = visit.make(kind)
        found = visit.answer("GET", made["@address"])
        check_schema(resource.schema, found)
        for name in ("id", resource.name_field):
            if found.get(name) != made.get(name):
                raise Failed(f"{name} was {made.get(name)!r} when it was made and is {found.get(name)!r} now")

    @check(f"{kind}.list", f"lists {kind}", "Answer {items, next}; a new record is on the first page.")
    def _list(visit: Visit) -> None:
        made = visit.make(kind)
        page = visit.answer("GET", resource.path, params={"limit": 20})
        if not isinstance(page, dict) or not isinstance(page.get("items"), list) or "next" not in page:
            raise Failed("the list is not {items, next}")
        if made["id"] not in [item.get("id") for item in page["items"]]:
            raise Failed("the record that was just made is not on the first page")
        if kind != "communications":  # in a list they are shown shorter
            for item in page["items"]:
                check_schema(resource.schema, item)


for _kind in RESOURCES:
    _resource_checks(_kind)


@check(
    "records.change",
    "changes a record and counts its versions",
    "Take PATCH with the fields to change; refuse a stale `version` by 409.",
)
def _change(visit: Visit) -> None:
    made = visit.make("organisations")
    changed = visit.answer("PATCH", made["@address"], json={"city": "Тверь", "version": made["version"]})
    if changed.get("city") != "Тверь" or changed.get("name") != made["name"]:
        raise Failed("the field that was sent is not changed, or another one is")
    stale = visit.ask("PATCH", made["@address"], json={"city": "Омск", "version": made["version"]})
    check_problem(stale, statuses=(409,))


@check("records.delete", "removes a record", "Answer 204 to DELETE, and 404 from then on.")
def _delete(visit: Visit) -> None:
    made = visit.make("organisations")
    if (status := visit.ask("DELETE", made["@address"]).status_code) != 204:
        raise Failed(f"DELETE answered {status} instead of 204")
    if (status := visit.ask("GET", made["@address"]).status_code) != 404:
        raise Failed(f"the record that was removed answers {status} instead of 404")


@check("errors.field", "names the field that does not fit", "Answer 422 problem details with `field`.")
def _wrong_field(visit: Visit) -> None:
    answer = visit.ask("POST", "organisations", json={"name": visit.mark, "email": "no address"})
    check_problem(answer, statuses=(400, 422), field="email")


@check("errors.required", "names the field that is missing", "Answer 422 problem details with `field`.")
def _missing_field(visit: Visit) -> None:
    check_problem(visit.ask("POST", "deals", json={"currency": "RUB"}), statuses=(400, 422), field="title")


@check("errors.unknown", "refuses a field that it does not know", "Answer 422 and name the unknown field.")
def _unknown_field(visit: Visit) -> None:
    answer = visit.ask("POST", "people", json={"full_name": visit.mark, "shoe_size": 42})
    check_problem(answer, statuses=(400, 422), field="shoe_size")


@check("errors.syntax", "refuses what is no JSON", "Answer 400, 415 or 422 with problem details; never 500.")
def _no_json(visit: Visit) -> None:
    answer = visit.ask("POST", "people", content=b'{"full_name": ', headers={"Content-Type": "application/json"})
    check_problem(answer, statuses=REFUSED)


@check("errors.missing", "says when there is no such record", "Answer 404 with problem details.")
def _no_record(visit: Visit) -> None:
    check_problem(visit.ask("GET", "deals/2147483000"), statuses=(404,))


@check("paging.walk", "pages through a list without loss or double", "`next` continues right behind the last item.")
def _paging(visit: Visit) -> None:
    made = {visit.make("people", full_name=f"{visit.mark} page {number}")["id"] for number in range(PAGE_RECORDS)}
    seen: list[int] = []
    cursor: str | None = None
    for _page in range(2 * PAGE_RECORDS):
        params = {"q": f"{visit.mark} page", "limit": "2"} | ({"after": cursor} if cursor else {})
        page = visit.answer("GET", "people", params=params)
        if len(page["items"]) > 2:
            raise Failed(f"a page of limit=2 holds {len(page['items'])} records")
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    if len(seen) != len(set(seen)):
        raise Failed("a record stands on two pages")
    if set(seen) != made:
        raise Failed(f"{len(made)} records were made with this name, {len(set(seen) & made)} were listed")


@check("paging.cursor", "refuses a cursor that it did not give", "Answer 422 problem details naming `after`.")
def _bad_cursor(visit: Visit) -> None:
    check_problem(visit.ask("GET", "people", params={"after": "nonsense"}), statuses=(400, 422), field="after")


@check("text.unicode", "keeps every letter", "Store and answer text as UTF-8, whatever the script.")
def _unicode(visit: Visit) -> None:
    made = visit.make("organisations", notes=UNICODE)
    found = visit.answer("GET", made["@address"])
    if found.get("notes") != UNICODE:
        raise Failed(f"{UNICODE!r} came back as {found.get('notes')!r}")


@check("time.zones", "keeps moments, whatever their zone", "Answer times with an offset; the moment stays the same.")
def _zones(visit: Visit) -> None:
    for sent in ("2027-03-01T09:30:00+05:00", "2027-03-01T09:30:00Z", "2027-03-01T09:30:00-11:00"):
        made = visit.make("tasks", due_at=sent, all_day=False)
        for name in ("due_at", "created_at", "updated_at"):
            if _moment(made.get(name)).tzinfo is None:
                raise Failed(f"{name} is {made.get(name)!r}, without an offset")
        if _moment(made["due_at"]) != datetime.fromisoformat(sent):
            raise Failed(f"{sent} came back as {made['due_at']}")


def _moment(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        raise Failed(f"{text!r} is no ISO 8601 moment") from None


@check(
    "money.decimal",
    "keeps amounts to the last kopeck",
    "Store amounts as decimals with two places, not as binary fractions.",
)
def _money(visit: Visit) -> None:
    for sent in AMOUNTS:
        made = visit.make("deals", amount=sent)
        given = made.get("amount")
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise Failed(f"the amount {sent} came back as {given!r}, which is no number")
        if Decimal(str(given)) != Decimal(sent):
            raise Failed(f"the amount {sent} came back as {given}")
    check_problem(
        visit.ask("POST", "deals", json={"title": visit.mark, "amount": -1}), statuses=(400, 422), field="amount"
    )


@check(
    "idempotency.key",
    "makes a record once, however often the request arrives",
    "Keep the header Idempotency-Key with what was made.",
)
def _idempotent(visit: Visit) -> None:
    headers = {"Idempotency-Key": f"{visit.mark}-once"}
    body = {"full_name": f"{visit.mark} once"}
    first = visit.made(visit.ask("POST", "people", json=body, headers=headers))
    second = json_of(visit.ask("POST", "people", json=body, headers=headers))
    if second.get("id") != first["id"]:
        raise Failed("the same request with the same key made a second record")


@check(
    "idempotency.misuse", "refuses a key that was used for another request", "Answer 409 or 422 with problem details."
)
def _key_misused(visit: Visit) -> None:
    headers = {"Idempotency-Key": f"{visit.mark}-twice"}
    visit.made(visit.ask("POST", "people", json={"full_name": f"{visit.mark} a"}, headers=headers))
    other = visit.ask("POST", "people", json={"full_name": f"{visit.mark} b"}, headers=headers)
    check_problem(other, statuses=(409, 422))


@check(
    "version.future",
    "refuses a document of a future major version",
    "Answer a problem that names the version and what to do.",
)
def _future(visit: Visit) -> None:
    answer = visit.ask("POST", "people", json={"full_name": visit.mark}, headers={HEADER: FUTURE})
    problem = check_problem(answer, statuses=REFUSED)
    if FUTURE not in str(problem.get("detail", "")):
        raise Failed(f"the problem does not name version {FUTURE}: {problem.get('detail')!r}")


@check("version.minor", "reads a document of a newer minor version", "Ignore fields that are not known yet.")
def _newer(visit: Visit) -> None:
    body = {"full_name": f"{visit.mark} newer", "field_of_tomorrow": 1}
    answer = visit.ask("POST", "people", json=body, headers={HEADER: NEXT_MINOR})
    if answer.status_code != 201:
        raise Failed(f"a document of version {NEXT_MINOR} was answered by {answer.status_code}")
    visit.made(answer)


@check(
    "exchange.keys",
    "knows records by the keys of another system",
    "The same source and key always mean the same record.",
)
def _exchange(visit: Visit) -> None:
    item = {"entity": "organisation", "key": visit.mark, "values": {"name": f"{visit.mark} exchanged"}}
    bad = {"entity": "organisation", "key": f"{visit.mark}-bad", "values": {"name": ""}}
    response = visit.ask("POST", "exchange/conformance", json={"items": [item, bad]})
    if response.status_code == 404:
        raise Skipped("the server does not offer the exchange")
    first = json_of(response)
    check_schema("exchanged", first)
    outcomes = [one["outcome"] for one in first["items"]]
    if outcomes != ["created", "refused"]:
        raise Failed(f"a good and a bad record were answered by {' and '.join(outcomes)}")
    again = visit.answer("POST", "exchange/conformance", json={"items": [item]})["items"][0]
    visit.ask("DELETE", f"organisations/{first['items'][0]['id']}")
    if (again["outcome"], again["id"]) != ("unchanged", first["items"][0]["id"]):
        raise Failed(f"the same record sent again was {again['outcome']}, id {again['id']}")


@check(
    "events.feed", "tells what has happened", "Answer GET /events with CloudEvents 1.0 in an order that never changes."
)
def _events(visit: Visit) -> None:
    response = visit.ask("GET", "events", params={"limit": 50})
    if response.status_code in (403, 404):
        raise Skipped("the server offers no events to this token (it needs the right to audit or jobs)")
    if response.status_code != 200:
        raise Failed(f"GET /events answered {response.status_code}")
    found = json_of(response)["items"]
    for item in found:
        try:
            read_event(item)
        except ValueError as error:
            raise Failed(f"event {item.get('id')}: {' '.join(str(error).split())[:160]}") from None
    if [item["sequence"] for item in found] != sorted({item["sequence"] for item in found}):
        raise Failed("the events do not stand in the order of their sequence")
