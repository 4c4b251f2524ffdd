"""A twin of the CRM that keeps every promise of the contract but one: the real application behind a fault."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

Change = Callable[["Exchange"], None]


class Exchange:
    """One request and its answer, to be spoiled."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self.environ = environ
        self.method = environ["REQUEST_METHOD"]
        self.path = environ["PATH_INFO"].removeprefix("/api/v1")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self.sent = environ["wsgi.input"].read(length) if length else b""
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body = b""

    def send(self, body: bytes) -> None:
        """Put another body into the request."""
        self.sent = body
        self.environ["CONTENT_LENGTH"] = str(len(body))

    def edit(self, change: Callable[[Any], Any]) -> None:
        """Change the JSON of the answer."""
        if "json" in self.headers.get("Content-Type", "") and self.body:
            self.body = json.dumps(change(json.loads(self.body))).encode()

    def edit_records(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change every record of the answer."""

        def apply(found: Any) -> Any:
            for record in found["items"] if isinstance(found, dict) and "next" in found else [found]:
                if isinstance(record, dict):
                    change(record)
            return found

        self.edit(apply)


class BrokenTwin:
    """A WSGI application: `before` spoils requests, `after` spoils answers."""

    def __init__(self, app: Any, before: Change | None = None, after: Change | None = None) -> None:
        self.app = app
        self.before = before
        self.after = after

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        one = Exchange(environ)
        if self.before:
            self.before(one)
        environ["wsgi.input"] = io.BytesIO(one.sent)
        started: list[Any] = []
        pieces = self.app(environ, lambda status, headers, _info=None: started.append((status, headers)))
        one.body = b"".join(pieces)
        getattr(pieces, "close", lambda: None)()
        one.status = int(started[0][0].split()[0])
        one.headers = dict(started[0][1])
        if self.after:
            self.after(one)
        one.headers["Content-Length"] = str(len(one.body))
        start_response(f"{one.status} Spoiled", list(one.headers.items()))
        return [one.body]


def without(header: str) -> Change:
    return lambda one: one.headers.pop(header, None) and None


def status(path: str, old: int, new: int, method: str = "") -> Change:
    def change(one: Exchange) -> None:
        if re.search(path, one.path) and one.status == old and method in ("", one.method):
            one.status = new

    return change


def of_records(path: str, change: Callable[[dict[str, Any]], None], method: str = "") -> Change:
    def edit(one: Exchange) -> None:
        if re.search(path, one.path) and one.status < 300 and method in ("", one.method):
            one.edit_records(change)

    return edit


def of_answer(path: str, change: Callable[[Any], Any], method: str = "") -> Change:
    def edit(one: Exchange) -> None:
        if re.search(path, one.path) and method in ("", one.method):
            one.edit(change)

    return edit


def forget_header(name: str) -> Change:
    return lambda one: one.environ.pop("HTTP_" + name.upper().replace("-", "_"), None) and None


def request_json(path: str, change: Callable[[Any], Any]) -> Change:
    def edit(one: Exchange) -> None:
        if re.search(path, one.path) and one.sent.startswith(b"{"):
            try:
                one.send(json.dumps(change(json.loads(one.sent))).encode())
            except ValueError:
                return

    return edit


def as_text(one: Exchange) -> None:
    """Errors as plain text."""
    if one.status >= 400:
        one.headers["Content-Type"] = "text/plain"


def no_field(one: Exchange) -> None:
    """Problems that do not name the field."""
    if one.status >= 400:
        one.edit(lambda problem: {k: v for k, v in problem.items() if k not in ("field", "errors", "detail")})
