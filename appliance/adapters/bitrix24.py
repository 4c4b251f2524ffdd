"""Pulling companies, contacts and deals out of a Bitrix24 on the premises, over its REST methods `crm.*.list`.

Its inbound webhook is the address: https://HOST/rest/USER/SECRET/. Lists come in pages of 50 with `next`; the products
of a page of deals come in one `batch`. Too many requests are answered by QUERY_LIMIT_EXCEEDED: then it waits.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

import httpx

from appliance.adapters.records import AdapterError, Fault, Record, Unfit
from appliance.adapters.sending import ATTEMPTS, PASSING, Sleep, wait_seconds
from appliance.adapters.values import Setting, currency, day, email, number, one_line, phone

SOURCE = "bitrix24"
TIMEOUT_SECONDS = 60.0
BATCH_COMMANDS = 50
LATER = frozenset({"QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT", "OVERLOAD_LIMIT", "INTERNAL_SERVER_ERROR"})
TAG = re.compile(r"<[^<>]{0,200}>|\[/?[a-zA-Z][^\[\]]{0,100}\]")
STAGES: Mapping[str, str] = {
    "NEW": "new",
    "PREPARATION": "qualified",
    "PREPAYMENT_INVOICE": "offer",
    "PREPAYMENT_INVOIC": "offer",
    "EXECUTING": "negotiation",
    "FINAL_INVOICE": "negotiation",
    "WON": "won",
    "LOSE": "lost",
    "APOLOGY": "lost",
}
SEMANTICS: Mapping[str, str] = {"S": "won", "F": "lost", "P": "new"}
# Method, and what is asked of each record; companies first, because contacts and deals name them.
LISTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "company": (
        "crm.company.list",
        ("ID", "TITLE", "INDUSTRY", "PHONE", "EMAIL", "WEB", "ADDRESS_CITY", "COMMENTS", "DATE_MODIFY"),
    ),
    "contact": (
        "crm.contact.list",
        ("ID", "NAME", "SECOND_NAME", "LAST_NAME", "POST", "COMPANY_ID", "PHONE", "EMAIL", "COMMENTS", "DATE_MODIFY"),
    ),
    "deal": (
        "crm.deal.list",
        ("ID", "TITLE", "STAGE_ID", "STAGE_SEMANTIC_ID", "OPPORTUNITY", "CURRENCY_ID", "COMPANY_ID", "CONTACT_ID",
         "CLOSEDATE", "COMMENTS", "DATE_MODIFY"),
    ),
}  # fmt: skip


class Bitrix24:
    """A client of one portal."""

    def __init__(self, webhook: str, *, sleep: Sleep = time.sleep) -> None:
        """`webhook` is the address with its secret, which no message repeats."""
        self._base = webhook.rstrip("/")
        self._host = httpx.URL(webhook).host
        self._sleep = sleep
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_ending: object) -> None:
        self._client.close()

    def call(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of one method; raises AdapterError when it cannot be had."""
        for attempt in range(ATTEMPTS):
            last = attempt + 1 == ATTEMPTS
            try:
                response = self._client.post(f"{self._base}/{method}.json", json=dict(arguments))
            except httpx.TransportError as error:
                if last:
                    raise self._failure(method, type(error).__name__) from None
                self._sleep(wait_seconds(attempt, {}))
                continue
            body = _json(response)
            code = str(body.get("error", ""))
            if response.status_code == httpx.codes.OK and not code:
                return body
            if last or not (response.status_code in PASSING or code in LATER):
                said = str(body.get("error_description") or code or f"HTTP status {response.status_code}")
                raise self._failure(method, said)
            self._sleep(wait_seconds(attempt, response.headers))
        raise self._failure(method, "no answer")

    def pages(self, kind: str, since: str = "") -> Iterator[list[dict[str, Any]]]:
        """The records of a kind that were changed at or after a moment, page by page, in the order of their ids."""
        method, fields = LISTS[kind]
        asked: dict[str, Any] = {"order": {"ID": "ASC"}, "select": list(fields)}
        if since:
            asked["filter"] = {">=DATE_MODIFY": since}
        start: int | None = 0
        while start is not None:
            body = self.call(method, asked | {"start": start})
            found = body.get("result")
            if not isinstance(found, list):
                raise self._failure(method, "the answer holds no list")
            yield found
            following = body.get("next")
            if following is not None and int(following) <= start:
                raise self._failure(method, "the pages do not go on")
            start = None if following is None else int(following)

    def products(self, deals: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """The product rows of some deals, by the deal's id, in one request for each fifty."""
        rows: dict[str, list[dict[str, Any]]] = {}
        for begin in range(0, len(deals), BATCH_COMMANDS):
            part = deals[begin : begin + BATCH_COMMANDS]
            commands = {f"deal_{one}": f"crm.deal.productrows.get?id={one}" for one in part}
            result = self.call("batch", {"halt": 0, "cmd": commands}).get("result", {})
            found = result.get("result", {}) if isinstance(result, dict) else {}
            # An empty map arrives as an empty list, as PHP writes it.
            rows |= {one: found.get(f"deal_{one}", []) for one in part} if isinstance(found, dict) else {}
        return rows

    def _failure(self, method: str, said: str) -> AdapterError:
        remedy = "Check the webhook's address and that it has the right `crm`; what was sent before is kept."
        return AdapterError(f"Bitrix24 at {self._host} does not answer {method}: {said}", remedy)


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


@dataclass
class Pull:
    """Reads a portal as records of the contract; `newest` is the last moment of change that was seen."""

    portal: Bitrix24
    setting: Setting = Setting(ZoneInfo("Europe/Moscow"))  # noqa: RUF009 - it cannot be changed
    newest: str = ""

    def records(self, since: str = "") -> Iterator[Record | Fault]:
        """Companies, then contacts, then deals; a record that does not fit is a fault under its id."""
        for kind in LISTS:
            for page in self.portal.pages(kind, since):
                items = self.portal.products([str(one["ID"]) for one in page]) if kind == "deal" and page else {}
                for one in page:
                    self._see(str(one.get("DATE_MODIFY") or ""))
                    yield self._record(kind, one, items.get(str(one.get("ID")), []))

    def _see(self, moment: str) -> None:
        try:
            if moment and (not self.newest or datetime.fromisoformat(moment) > datetime.fromisoformat(self.newest)):
                self.newest = moment
        except (ValueError, TypeError):
            return  # a record without a readable moment is simply read again next time

    def _record(self, kind: str, one: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> Record | Fault:
        identifier = str(one.get("ID", ""))
        line = int(identifier) if identifier.isdigit() else 0
        try:
            values = getattr(self, f"_{kind}")(one)
            if kind == "deal" and items:
                values["items"] = [self._item(row) for row in items]
        except _WrongField as error:
            return Fault(line, f"{kind}.{error.field}", error.reason)
        entity = {"company": "organisation", "contact": "person", "deal": "deal"}[kind]
        filled = {name: value for name, value in values.items() if value not in (None, "", [])}
        return Record(entity, f"{kind}:{identifier}", filled, _links(kind, one))

    def _read(self, one: Mapping[str, Any], field: str, transform: Any) -> Any:
        """A field through a transform; of phones and addresses, which are lists, the first."""
        value = one.get(field)
        if isinstance(value, list):
            value = next((str(part.get("VALUE", "")) for part in value if isinstance(part, dict)), "")
        try:
            return transform(str(value or ""), self.setting)
        except Unfit as error:
            raise _WrongField(field, str(error)) from None

    def _company(self, one: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "name": self._read(one, "TITLE", one_line),
            "city": self._read(one, "ADDRESS_CITY", one_line),
            "website": self._read(one, "WEB", one_line),
            "phone": self._read(one, "PHONE", phone),
            "email": self._read(one, "EMAIL", email),
            "notes": self._read(one, "COMMENTS", plain),
        }

    def _contact(self, one: Mapping[str, Any]) -> dict[str, Any]:
        parts = (self._read(one, name, one_line) for name in ("LAST_NAME", "NAME", "SECOND_NAME"))
        return {
            "full_name": " ".join(part for part in parts if part),
            "position": self._read(one, "POST", one_line),
            "phone": self._read(one, "PHONE", phone),
            "email": self._read(one, "EMAIL", email),
            "notes": self._read(one, "COMMENTS", plain),
        }

    def _deal(self, one: Mapping[str, Any]) -> dict[str, Any]:
        stage = str(one.get("STAGE_ID") or "").rpartition(":")[2]  # C3:WON in the third pipeline
        return {
            "title": self._read(one, "TITLE", one_line),
            "amount": self._read(one, "OPPORTUNITY", number),
            "currency": self._read(one, "CURRENCY_ID", currency),
            "expected_close": self._read(one, "CLOSEDATE", day),
            "stage": STAGES.get(stage) or SEMANTICS.get(str(one.get("STAGE_SEMANTIC_ID") or ""), "new"),
            "notes": self._read(one, "COMMENTS", plain),
        }

    def _item(self, row: Mapping[str, Any]) -> dict[str, Any]:
        found = {
            "product_name": self._read(row, "PRODUCT_NAME", one_line),
            "quantity": self._read(row, "QUANTITY", number),
            "price": self._read(row, "PRICE", number),
        }
        return {name: value for name, value in found.items() if value not in (None, "")}


class _WrongField(Exception):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


def _links(kind: str, one: Mapping[str, Any]) -> dict[str, str]:
    """The company and the contact that a record names; "0" stands for none."""
    named = {"organisation": ("company", one.get("COMPANY_ID"))}
    if kind == "deal":
        named["person"] = ("contact", one.get("CONTACT_ID"))
    if kind == "company":
        return {}
    return {entity: f"{prefix}:{found}" for entity, (prefix, found) in named.items() if str(found or "0") != "0"}


def plain(text: str, _setting: Setting) -> str:
    """A comment without its HTML or BB code."""
    lines = re.sub(r"(?i)<br\s*/?>|</p>|</div>", "\n", text)
    return html.unescape(TAG.sub("", lines)).strip()
