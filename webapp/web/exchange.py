"""What other programs may count on at the edge of the API: the contract's version, and requests that are sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from flask import Response, current_app, g, request

from appliance.contract import version
from webapp.kit import once
from webapp.kit.errors import AppError, Invalid
from webapp.kit.i18n import N_, _

API_PREFIX = "/api/v1/"
KEY_HEADER = "Idempotency-Key"
REPEATED_HEADER = "Idempotency-Replayed"


class VersionNotRead(AppError):
    """The body is written in a version of the contract that is not read here."""

    status = 422
    title = N_("This version of the contract is not read here")


def _of_the_api() -> bool:
    return request.path.startswith(API_PREFIX)


@contextmanager
def in_its_version() -> Iterator[None]:
    """Read the request in the version of the contract that its header names; refuse another major version."""
    given = request.headers.get(version.HEADER) if _of_the_api() else None
    with ExitStack() as stack:
        try:
            stack.enter_context(version.reading(given))
        except version.VersionRefused:
            said = _("The request is of contract version %(given)s; this server reads %(ours)s.") + " "
            said += _("Update the older of the two programs, or have the sender write version %(ours)s.")
            words = {"given": str(given), "ours": version.CONTRACT_VERSION}
            raise VersionNotRead(said % words, field=version.HEADER) from None
        yield


def say_version(response: Response) -> Response:
    """Name the version of the contract on every answer of the API."""
    if _of_the_api():
        response.headers[version.HEADER] = version.CONTRACT_VERSION
    return response


def repeated() -> Any:
    """The answer to a request that was carried out before under the same key; None for a new one.

    The record is answered as it is now, with the rights of who asks now.
    """
    key = _key()
    if key is None:
        return None
    digest = once.digest_of(request.method, request.path, request.get_data(cache=True))
    kept = once.begin(g.session, g.actor.id, key, digest)
    if kept is None:
        return None
    if kept.digest != digest:
        raise Invalid({KEY_HEADER: N_("This key was used for another request; make a new key for each request")})
    adapter = current_app.create_url_adapter(request)
    if adapter is None or not kept.location:
        return None
    endpoint, values = adapter.match(kept.location, method="GET")
    response = current_app.make_response(current_app.ensure_sync(current_app.view_functions[endpoint])(**values))
    response.status_code = kept.status or response.status_code
    response.headers["Location"] = kept.location
    response.headers[REPEATED_HEADER] = "true"
    return response


def remember(response: Any) -> None:
    """Keep where the record of a keyed request is."""
    key = _key()
    if key is not None and isinstance(response, Response) and response.location:
        once.finish(g.session, g.actor.id, key, response.status_code, response.location)


def _key() -> str | None:
    """The key of a request that makes something; multipart uploads are told apart by their content already."""
    if request.method != "POST" or not _of_the_api() or not request.is_json or g.get("actor") is None:
        return None
    key = request.headers.get(KEY_HEADER, "").strip()
    if not key:
        return None
    if len(key) > once.LONGEST_KEY or not key.isprintable():
        raise Invalid({KEY_HEADER: N_("A key has at most 200 printable characters")})
    return key
