"""`ostrov user`: the first accounts of a server, and a way in when every administrator is locked out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from appliance.settings import WebSettings, read
from webapp import wiring
from webapp.crm.users.messages import AccountFields
from webapp.crm.users.models import Role, User
from webapp.crm.users.passwords import weakness
from webapp.crm.users.queries import user_by_username
from webapp.crm.users.service import accounts
from webapp.crm.users.service.profile import set_password
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.clock import now
from webapp.kit.db import transaction
from webapp.kit.errors import AppError, Invalid
from webapp.kit.i18n import LOCALES

ADMINISTRATOR = "administrator"
# No mail reaches this name, here or anywhere (RFC 2606): it says that the address is not known yet.
UNKNOWN_MAIL_HOST = "unknown.invalid"


@click.group()
def user() -> None:
    """Accounts of people, when there is no administrator to make them in the browser."""


@contextmanager
def _session() -> Iterator[Session]:
    """A transaction in the name of the system; expected errors end the command with their sentence."""
    parts = wiring.assemble(read(WebSettings))
    try:
        with transaction(parts.sessions) as session:
            begin(session, SYSTEM)
            yield session
    except Invalid as error:
        raise click.ClickException(
            "; ".join(f"{name}: {sentence}" for name, sentence in error.errors.items())
        ) from None
    except AppError as error:
        raise click.ClickException(error.detail or error.title) from None
    finally:
        parts.engine.dispose()


def _role_ids(session: Session, names: tuple[str, ...]) -> frozenset[int]:
    """The roles with these names; raises, naming those that exist, when one does not."""
    found = {role.name: role.id for role in session.scalars(select(Role))}
    if unknown := sorted(set(names) - set(found)):
        raise click.ClickException(
            f"There is no role {', '.join(unknown)}. Roles: {', '.join(sorted(found)) or 'none'}."
        )
    return frozenset(found[name] for name in names)


def _given_password(username: str) -> str:
    """The first line of standard input, refused when it is too weak to be anybody's password."""
    password = sys.stdin.readline().rstrip("\r\n")
    if reason := weakness(password, username=username):
        raise click.ClickException(f"{reason}.")
    return password


def _tell(username: str, password: str | None) -> None:
    """Say what to type at the first sign-in; a temporary password is the last word, for scripts."""
    if password is None:
        click.echo(f"The account {username} has the password that was given.")
    else:
        click.echo(f"The account {username} signs in once with this password and then chooses its own: {password}")


@user.command("create")
@click.argument("username")
@click.option("--admin", is_flag=True, help="An administrator: the same as --role administrator.")
@click.option("--role", "roles", multiple=True, help="A role, may be repeated; staff when none is given.")
@click.option("--name", "full_name", default="", help="The person's name for colleagues; USERNAME when not given.")
@click.option("--email", default="", help="The person's address; may be added later in the browser.")
@click.option("--locale", type=click.Choice(LOCALES), default="en", show_default=True, help="Language of the pages.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input; else one is made.")
def create(
    username: str, roles: tuple[str, ...], full_name: str, email: str, locale: str, *, admin: bool, password_stdin: bool
) -> None:
    """Make the account USERNAME and print a temporary password, once."""
    names = (*roles, ADMINISTRATOR) if admin else roles or ("staff",)
    given = _given_password(username) if password_stdin else None
    with _session() as session:
        fields = AccountFields(
            username=username,
            full_name=full_name or username,
            email=email or f"{username}@{UNKNOWN_MAIL_HOST}",
            team_id=None,
            role_ids=_role_ids(session, names),
            locale=locale,
        )
        made = accounts.create(session, SYSTEM, fields)
        if given is not None:
            set_password(session.get_one(User, made.user_id), given, temporary=False)
    _tell(username, made.password if given is None else None)


@user.command("password")
@click.argument("username")
def password_(username: str) -> None:
    """Give USERNAME a new temporary password, once; ends its sessions and its lock."""
    with _session() as session:
        account = user_by_username(session, username)
        if account is None:
            raise click.ClickException(f"There is no account named {username!r}. See the accounts page for the names.")
        password = accounts.give_password(session, SYSTEM, account.id, now())
        accounts.unlock(session, SYSTEM, account.id)
    _tell(username, password)
