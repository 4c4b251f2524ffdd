"""Expected errors: each is named, carries an HTTP status and speaks to the person (style rule 6).

The docstring of a class is its default title; `detail` says what happened here and what to do. One handler in
`webapp.app` shows them, as a page or as RFC 9457 problem details.
"""

from __future__ import annotations

from webapp.kit.i18n import N_


class AppError(Exception):
    """An error that was foreseen."""

    status = 400
    title = N_("The request could not be carried out")

    def __init__(self, detail: str = "", *, field: str | None = None, title: str | None = None) -> None:
        """`detail` is shown to the person; `field` names the input that is at fault."""
        super().__init__(detail or title or self.title)
        self.detail = detail
        self.field = field
        if title is not None:
            self.title = title


class NotFound(AppError):
    """No such record, or the actor may not see it: the two are not told apart."""

    status = 404
    title = N_("Nothing is here")


class Forbidden(AppError):
    """The actor may see this but not do that."""

    status = 403
    title = N_("You do not have the right to do this")


class SignInRequired(AppError):
    """Nobody is signed in, or the token is not valid."""

    status = 401
    title = N_("Please sign in")


class Invalid(AppError):
    """Input that does not fit; `errors` maps each field to one sentence."""

    status = 422
    title = N_("Please check the highlighted fields")

    def __init__(self, errors: dict[str, str]) -> None:
        """`errors`: field name to sentence, at least one."""
        first = next(iter(errors))
        super().__init__(errors[first], field=first)
        self.errors = errors


class Conflict(AppError):
    """Somebody else changed the record meanwhile, or it exists already."""

    status = 409
    title = N_("This conflicts with what is stored")


class TooLarge(AppError):
    """A file over the limit."""

    status = 413
    title = N_("The file is too large")


class TooManyRequests(AppError):
    """Too many attempts."""

    status = 429
    title = N_("Too many attempts")


class Unavailable(AppError):
    """A part that is needed is down; the work waits for it where it can."""

    status = 503
    title = N_("A part of the server is not available")
