"""A twin of Bitrix24's REST as its public description has it: lists by pages of 50, filters, batch, errors."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

PAGE = 50
METHODS = {"crm.company.list": "company", "crm.contact.list": "contact", "crm.deal.list": "deal"}


class Portal:
    """A WSGI application over plain records; `limited` answers so many requests with QUERY_LIMIT_EXCEEDED first."""

    def __init__(self, secret: str = "s3cret") -> None:
        self.records: dict[str, list[dict[str, Any]]] = {"company": [], "contact": [], "deal": []}
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.secret = secret
        self.limited = 0
        self.asked: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        _empty, _rest, _user, secret, method = environ["PATH_INFO"].split("/")
        arguments = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"{}")
        self.asked.append(method)
        status, body = self._answer(secret, method.removesuffix(".json"), arguments)
        start_response(status, [("Content-Type", "application/json; charset=utf-8")])
        return [json.dumps(body).encode()]

    def _answer(self, secret: str, method: str, arguments: dict[str, Any]) -> tuple[str, Any]:
        if secret != self.secret:
            return "401 Unauthorized", {
                "error": "INVALID_CREDENTIALS",
                "error_description": "Invalid request credentials",
            }
        if self.limited:
            self.limited -= 1
            return "503 Service Unavailable", {
                "error": "QUERY_LIMIT_EXCEEDED",
                "error_description": "Too many requests",
            }
        if method == "batch":
            found = {key: self._command(command) for key, command in arguments["cmd"].items()}
            return "200 OK", {"result": {"result": found or [], "result_error": [], "result_next": []}}
        if method not in METHODS:
            return "404 Not Found", {"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"}
        return "200 OK", self._list(METHODS[method], arguments)

    def _command(self, command: str) -> Any:
        method, _sign, query = command.partition("?")
        assert method == "crm.deal.productrows.get"
        return self.rows.get(parse_qs(query)["id"][0], [])

    def _list(self, kind: str, arguments: dict[str, Any]) -> dict[str, Any]:
        since = arguments.get("filter", {}).get(">=DATE_MODIFY")
        found = [
            one
            for one in self.records[kind]
            if not since or datetime.fromisoformat(one["DATE_MODIFY"]) >= datetime.fromisoformat(since)
        ]
        found.sort(key=lambda one: int(one["ID"]))
        start = int(arguments.get("start", 0))
        wanted = [{name: one.get(name) for name in arguments["select"]} for one in found[start : start + PAGE]]
        body = {"result": wanted, "total": len(found), "time": {"duration": 0.01}}
        return body | ({"next": start + PAGE} if start + PAGE < len(found) else {})
