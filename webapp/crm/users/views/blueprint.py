"""The blueprint that all pages of accounts share, and what their views share."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, current_app, flash

from webapp.crm.users.identity import Passwords
from webapp.kit.errors import Invalid
from webapp.kit.i18n import gettext

blueprint = Blueprint("users", __name__, template_folder="../templates")


def passwords() -> Passwords:
    """The checker of passwords that the application was set up with."""
    return cast(Passwords, current_app.extensions["ostrov_passwords"])


def shown(error: Invalid) -> dict[str, str]:
    """What is wrong with a form, field by field, in the person's language."""
    return {name: gettext(sentence) for name, sentence in error.errors.items()}


def done(message: str) -> None:
    """Tell on the next page that something was done."""
    flash(gettext(message), "success")
