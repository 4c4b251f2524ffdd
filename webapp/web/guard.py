"""The request edge: what no view could store or find is answered before any view is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, request
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter

from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_
from webapp.web import errors

NUL = "\x00"
LARGEST_ID = 2**31 - 1
PIECE_BYTES = 1 << 16
LONGEST_REST_BYTES = 1 << 20
UNSTORABLE = N_("This text holds a character that cannot be stored")
TOO_DEEP = N_("This JSON is nested too deeply")
OUT_OF_RANGE = N_("A value is too large or of the wrong kind")


class RecordId(IntegerConverter):
    """A number in an address: one that no record can have is an address at which nothing is, for everybody alike."""

    def __init__(self, map: Any, *arguments: Any, **options: Any) -> None:  # noqa: A002 - werkzeug's own name
        """Bounds that an address sets for itself win."""
        super().__init__(map, *arguments, **{"max": LARGEST_ID, **options})


def refuse_unstorable() -> None:
    """Refuse text that PostgreSQL cannot hold (the NUL character) and JSON that cannot be read, naming the field.

    Called once it is known who asks, so that nobody else makes the server read a body.
    """
    for name, value in request.args.items(multi=True):
        _refuse_nul(name, value)
    if request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded"):
        for name, value in request.form.items(multi=True):
            _refuse_nul(name, value)
    elif request.is_json:
        _check_json()


def _refuse_nul(name: str, value: str) -> None:
    if NUL in value or NUL in name:
        raise Invalid({name.replace(NUL, "") or "query": UNSTORABLE})


def _check_json() -> None:
    try:
        body = request.get_json(silent=True)
        for name, value in _texts(body, "body"):
            _refuse_nul(name, value)
    except RecursionError:
        raise Invalid({"body": TOO_DEEP}) from None


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Every text in a JSON value with the name of its field."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, name)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield name, key
            yield from _texts(item, key)


def read_to_the_end(response: Response) -> Response:
    """Read what is left of a request's body: left lying, it would be taken for the start of the next request.

    A long rest is not read; the connection is closed instead.
    """
    left = LONGEST_REST_BYTES
    try:
        while left > 0 and (piece := request.stream.read(min(left, PIECE_BYTES))):
            left -= len(piece)
    except (HTTPException, OSError):
        left = 0
    if left <= 0:
        response.headers["Connection"] = "close"
    return response


def out_of_range(_error: DataError) -> Response:
    """The last net: a value that passed every check and that the database still cannot take is bad input."""
    return errors.respond(Invalid({"query" if request.method == "GET" else "body": OUT_OF_RANGE}))
