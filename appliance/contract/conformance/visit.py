"""A visit to a server: requests, what was made on the way (and is removed at the end), and how a check ends."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker

from appliance.contract import schemas
from appliance.contract.version import CONTRACT_VERSION, HEADER

TIMEOUT_SECONDS = 30.0
PROBLEM = "application/problem+json"


class Failed(Exception):
    """The server does not do what the contract says; the message says what it did instead."""


class Skipped(Exception):
    """The check cannot be made here; the message says why."""


@dataclass(frozen=True)
class Resource:
    """A kind of record: its address, its schema, a record to make, and the field with its name."""

    path: str
    schema: str
    name_field: str
    body: Mapping[str, Any]
    multipart: bool = False


RESOURCES: Mapping[str, Resource] = {
    "organisations": Resource("organisations", "organisation", "name", {}),
    "people": Resource("people", "person", "full_name", {}),
    "deals": Resource("deals", "deal", "title", {"amount": 100, "currency": "RUB"}),
    "tasks": Resource("tasks", "task", "title", {}),
    "communications": Resource("communications", "communication", "body", {"kind": "note"}, multipart=True),
}


class Visit:
    """One client of one server."""

    def __init__(self, base: str, token: str) -> None:
        """`base` is the address of the API, such as http://127.0.0.1:8080/api/v1."""
        self.base = base
        self.token = token
        self.mark = f"conformance-{uuid.uuid4().hex[:8]}"
        headers = {HEADER: CONTRACT_VERSION, "Accept": "application/json"}
        self._open = httpx.Client(headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False)
        self._made: list[str] = []

    def close(self) -> None:
        """Remove what was made, the last first, and end the visit."""
        for address in reversed(self._made):
            self.ask("DELETE", address)
        self._open.close()

    def ask(self, method: str, path: str, *, anonymous: bool = False, **more: Any) -> httpx.Response:
        """Send one request with the token; `path` is below the base, or an address that the server gave."""
        if not self.token and not anonymous:
            raise Skipped("needs a token (--token)")
        headers = dict(more.pop("headers", {}))
        if not anonymous:
            headers["Authorization"] = f"Bearer {self.token}"
        url = httpx.URL(self.base + "/").join(path) if path.startswith(("/", "http")) else f"{self.base}/{path}"
        return self._open.request(method, url, headers=headers, **more)

    def answer(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """The JSON of an answer that has this status; Failed otherwise."""
        response = self.ask(method, path, **more)
        if response.status_code != status:
            raise Failed(f"{method} /{path} answered {response.status_code} instead of {status}: {shown(response)}")
        return json_of(response)

    def post(self, resource: Resource, fields: Mapping[str, Any], **more: Any) -> httpx.Response:
        """Send a new record as the resource takes it."""
        if resource.multipart:
            parts = {name: (None, str(value)) for name, value in fields.items()}
            return self.ask("POST", resource.path, files=parts, **more)
        return self.ask("POST", resource.path, json=dict(fields), **more)

    def make(self, kind: str, **fields: Any) -> dict[str, Any]:
        """A new record as the server answers it; it is removed at the end."""
        resource = RESOURCES[kind]
        named = {resource.name_field: f"{self.mark} {kind}"}
        response = self.post(resource, {**named, **resource.body, **fields})
        if response.status_code != httpx.codes.CREATED:
            wanted = f"POST /{resource.path} answered {response.status_code} instead of 201"
            raise Failed(f"{wanted}: {shown(response)}")
        return self.made(response)

    def made(self, response: httpx.Response) -> dict[str, Any]:
        """Remember a record that was made, to remove it; answers it with its address under `@address`."""
        record = json_of(response)
        if not isinstance(record, dict) or "id" not in record:
            raise Failed("the new record that is answered has no id")
        location = response.headers.get("Location", "")
        if not location:
            raise Failed("the answer to a new record has no Location header")
        self._made.append(location)
        return record | {"@address": location}


def json_of(response: httpx.Response) -> Any:
    """The JSON of an answer; Failed when it is none."""
    try:
        return response.json()
    except ValueError:
        raise Failed(f"the answer is no JSON: {shown(response)}") from None


def shown(response: httpx.Response) -> str:
    """The beginning of an answer, to be shown in one line."""
    return " ".join(response.text.split())[:160] or "(empty)"


def check_schema(name: str, document: Any) -> None:
    """Failed when a document does not fit the contract, naming the place."""
    plain = {key: value for key, value in document.items() if key != "@address"}
    validator = Draft202012Validator(schemas.schema(name), format_checker=FormatChecker())
    found = next(iter(validator.iter_errors(plain)), None)
    if found is not None:
        place = ".".join(str(part) for part in found.absolute_path) or "the document"
        raise Failed(f"{name}: {place}: {found.message[:160]}")


def check_problem(response: httpx.Response, *, statuses: tuple[int, ...], field: str | None = None) -> dict[str, Any]:
    """Failed unless the answer is a problem (RFC 9457) of one of these statuses that names this field."""
    if response.status_code not in statuses:
        wanted = " or ".join(str(status) for status in statuses)
        raise Failed(f"answered {response.status_code} instead of {wanted}: {shown(response)}")
    if not response.headers.get("Content-Type", "").startswith(PROBLEM):
        raise Failed(f"the error is no {PROBLEM} but {response.headers.get('Content-Type', 'nothing')}")
    problem = json_of(response)
    missing = [name for name in ("type", "title", "status") if name not in problem]
    if missing:
        raise Failed(f"the problem has no {', '.join(missing)}")
    if field is not None and problem.get("field") != field:
        raise Failed(f"the problem names the field {problem.get('field')!r} instead of {field!r}")
    return dict(problem)
