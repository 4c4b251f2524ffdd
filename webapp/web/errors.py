"""How errors are shown: RFC 9457 problem details for the API, a page (or an htmx fragment) for people."""

from __future__ import annotations

from typing import Any

from flask import Response, g, jsonify, redirect, request, url_for
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from webapp.kit.errors import AppError
from webapp.kit.i18n import N_, gettext
from webapp.web.page import error_page

API_PREFIX = "/api/"
UNAUTHORISED = 401
REMEDIES = {
    400: N_("Go back, load the page again and repeat what you did."),
    403: N_("Your role does not include it. An administrator of your company can grant it."),
    404: N_("The address is wrong, the record was deleted, or you may not open it."),
    405: N_("Go back and use the buttons of the page."),
}


def wants_problem() -> bool:
    """Whether the caller is a program: the API and the probes."""
    return request.path.startswith(API_PREFIX)


def problem(status: int, title: str, detail: str = "", **more: Any) -> Response:
    """An RFC 9457 problem; `more` may carry `field` and `errors`."""
    body = {"type": "about:blank", "title": title, "status": status, "instance": request.path}
    if detail:
        body["detail"] = detail
    response = jsonify(body | {name: value for name, value in more.items() if value})
    response.status_code = status
    response.content_type = "application/problem+json"
    if status == UNAUTHORISED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="ostrov"'
    return response


def respond(error: AppError) -> Response:
    """Show an expected error."""
    title = gettext(error.title)
    detail = gettext(error.detail) if error.detail else ""
    if wants_problem():
        errors = {name: gettext(text) for name, text in getattr(error, "errors", {}).items()}
        return problem(error.status, title, detail, field=error.field, errors=errors)
    if error.status == UNAUTHORISED:
        target = url_for("users.sign_in", next=request.full_path if request.method == "GET" else None)
        if request.headers.get("HX-Request"):
            return Response(status=204, headers={"HX-Redirect": target})
        return redirect(target)  # type: ignore[return-value]
    return error_page(error.status, title, detail or gettext(REMEDIES.get(error.status, "")))


def http_error(error: HTTPException) -> Response:
    """Show an error that Flask itself raises: unknown address, wrong method, too large, missing CSRF token."""
    status = error.code or 500
    titles = {
        400: N_("The request could not be understood"),
        404: N_("Nothing is here"),
        405: N_("This address does not take that kind of request"),
        413: N_("The file is too large"),
    }
    title = gettext(titles.get(status, HTTP_STATUS_CODES.get(status, "Error")))
    # Werkzeug's own sentences are English and meant for programmers; ours are for people.
    own = error.description != type(error).description
    detail = gettext(error.description if own and error.description else REMEDIES.get(status, error.description or ""))
    if wants_problem():
        return problem(status, title, detail)
    return error_page(status, title, detail)


def database_down() -> Response:
    """Show that the database cannot be reached."""
    title = gettext("The database cannot be reached")
    detail = gettext("Nothing was lost. Try again in a minute; the administrator sees the reason on the health page.")
    return problem(503, title, detail) if wants_problem() else error_page(503, title, detail)


def invalid_input(error: ValidationError) -> Response:
    """Show what pydantic found wrong with the input of the API, field by field."""
    errors = {".".join(str(part) for part in item["loc"]) or "body": item["msg"] for item in error.errors()}
    first = next(iter(errors))
    if "session" in g:
        g.session.rollback()
    return problem(422, gettext("Please check the highlighted fields"), errors[first], field=first, errors=errors)
