"""Flask-Security, set up for our own pages: it checks passwords; sessions and tokens are rows of ours.

Its own views, mails and cookies stay off. Who asks is decided in one place, `webapp.app`, from our session row, so that
a session can be listed and ended, and so that rights are read once a request.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, g
from flask_security import FSQLALiteUserDatastore, Security
from flask_security.utils import validate_redirect_url
from sqlalchemy.orm import Session

from webapp.crm.users.models import Role, User
from webapp.crm.users.passwords import hash_password, normal


class RequestDatabase:
    """What Flask-Security takes for its database: the session of the present request."""

    @property
    def session(self) -> Session:
        """The request's session; the application commits it."""
        opened: Session = g.session
        return opened


class Passwords:
    """Checks passwords by Flask-Security: argon2id, renewed when its parameters have become stronger."""

    def __init__(self) -> None:
        # Checking against it takes as long as against a real one, so that time does not tell which accounts exist.
        self._nobody = hash_password("no account has this password")

    def __call__(self, user: User | None, password: str) -> bool:
        """Whether the password is the account's; for None the same time passes and the answer is no."""
        if user is None or user.password is None:
            User(password=self._nobody).verify_and_update_password(normal(password))
            return False
        return bool(user.verify_and_update_password(normal(password)))


def install(app: Flask) -> None:
    """Set up Flask-Security for the application."""
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of a method
        SECURITY_PASSWORD_SINGLE_HASH=True,  # argon2 salts by itself; the hash can be made without this application
        SECURITY_USER_IDENTITY_ATTRIBUTES=[{"username": {"mapper": str.lower, "case_insensitive": True}}],
        SECURITY_REGISTERABLE=False,
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_REDIRECT_ALLOW_SUBDOMAINS=False,
    )
    datastore = FSQLALiteUserDatastore(RequestDatabase(), User, Role)
    security = Security(app, datastore, register_blueprint=False)
    # Without a callback Flask-Login knows nobody: a token of Flask-Security's own can open nothing here.
    security.login_manager.request_loader(_nobody)
    app.extensions["ostrov_passwords"] = Passwords()


def _nobody(_request: Any) -> None:
    return None


def local_path(target: str | None, default: str = "/") -> str:
    """A path of this application to go to after signing in; anything else is the first page."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")) and validate_redirect_url(target):
        return target
    return default
