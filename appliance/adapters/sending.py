"""Sending records to a CRM that speaks the contract, batch by batch; what fails in passing is sent again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import httpx

from appliance.adapters.records import AdapterError, Record
from appliance.contract.exchange import MOST_ITEMS, Exchanged, ItemResult
from appliance.contract.version import CONTRACT_VERSION, HEADER

BATCH = MOST_ITEMS
ATTEMPTS = 6
LONGEST_WAIT_SECONDS = 30.0
TIMEOUT_SECONDS = 120.0
PASSING = frozenset({429, 502, 503, 504})

Sleep = Callable[[float], None]


def api_base(url: str) -> str:
    """The address of the API behind the address of a server: `/api/v1` is added when no path is given."""
    plain = url.rstrip("/")
    return plain if httpx.URL(plain).path.strip("/") else f"{plain}/api/v1"


def wait_seconds(attempt: int, headers: Mapping[str, str]) -> float:
    """How long to wait before another attempt: what the server asks for, else doubling from half a second."""
    asked = headers.get("Retry-After", "")
    wanted = float(asked) if asked.isdigit() else 0.5 * 2**attempt
    return min(wanted, LONGEST_WAIT_SECONDS)


class Exchanger:
    """Sends batches of records in the name of one source."""

    def __init__(self, url: str, token: str, source: str, *, check: bool = False, sleep: Sleep = time.sleep) -> None:
        """`check` changes nothing and tells what would happen."""
        self._told: set[tuple[str, str]] = set()
        self._address = f"{api_base(url)}/exchange/{source}"
        self._check = check
        self._sleep = sleep
        headers = {"Authorization": f"Bearer {token}", HEADER: CONTRACT_VERSION}
        self._client = httpx.Client(headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_ending: object) -> None:
        self._client.close()

    def send(self, records: Sequence[Record]) -> list[ItemResult]:
        """The result of each record, in order. Sending a batch again is harmless: the keys are the same."""
        if self._check:
            records = [self._without_links_to_come(one) for one in records]
        body = {"contract": CONTRACT_VERSION, "items": [one.item() for one in records], "check": self._check}
        return Exchanged.model_validate(self._answer(body)).items

    def _without_links_to_come(self, record: Record) -> Record:
        """In a check nothing is kept, so a link to a record of an earlier batch would lead nowhere: leave it out."""
        links = {entity: key for entity, key in record.links.items() if (entity, key) not in self._told}
        self._told.add((record.entity, record.key))
        return replace(record, links=links)

    def _answer(self, body: dict[str, Any]) -> Any:
        for attempt in range(ATTEMPTS):
            try:
                response = self._client.post(self._address, json=body)
            except httpx.TransportError as error:
                if attempt + 1 == ATTEMPTS:
                    raise self._unreachable(type(error).__name__) from None
                self._sleep(wait_seconds(attempt, {}))
                continue
            if response.status_code == httpx.codes.OK:
                return response.json()
            if response.status_code not in PASSING or attempt + 1 == ATTEMPTS:
                raise _refusal(response)
            self._sleep(wait_seconds(attempt, response.headers))
        raise self._unreachable("no answer")

    def _unreachable(self, reason: str) -> AdapterError:
        remedy = "Check the address and that the CRM runs; records that were sent before are kept, run it again."
        return AdapterError(f"{self._address} does not answer ({reason}).", remedy)


def _refusal(response: httpx.Response) -> AdapterError:
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    said = problem.get("detail") or problem.get("title") or f"HTTP status {response.status_code}"
    remedies = {
        401: "Give --token (or OSTROV_TOKEN) a token of `ostrov token create`.",
        403: "Give a token of a person who may add and change clients and deals.",
        404: "Give the address of an Ostrov CRM of version 0.2 or newer.",
    }
    return AdapterError(f"The CRM refused the batch: {said}", remedies.get(response.status_code, ""))
