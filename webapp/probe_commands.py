"""`ostrov probe`: the account by which an update tries the product, on only while it is tried."""

from __future__ import annotations

import json
import secrets
import uuid

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from appliance.settings import WebSettings, read
from webapp import wiring
from webapp.crm.users.models import Role, User
from webapp.crm.users.queries import user_by_username
from webapp.crm.users.service.profile import set_password
from webapp.crm.users.service.sign_in import end_sessions
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin, record
from webapp.kit.clock import now
from webapp.kit.db import transaction

USERNAME = "ostrov-probe"
FULL_NAME = "Ostrov: tries an update"
ROLE = "staff"  # without a team it sees no client


@click.group()
def probe() -> None:
    """The account by which an update tries the product."""


@probe.command("open")
def open_() -> None:
    """Switch the account on with a fresh password and print both as JSON; for `ostrov update` alone."""
    parts = wiring.assemble(read(WebSettings))
    password = secrets.token_urlsafe(32)
    with transaction(parts.sessions) as session:
        begin(session, SYSTEM, cause="update")
        user = user_by_username(session, USERNAME) or _made(session)
        set_password(user, password, temporary=False)
        user.active = True
        session.flush()
        record(session, "user.probe_opened", "user", user.id)
    parts.engine.dispose()
    click.echo(json.dumps({"username": USERNAME, "password": password}))


@probe.command("close")
def close() -> None:
    """Switch the account off and end its sessions; does nothing when it was never on."""
    parts = wiring.assemble(read(WebSettings))
    with transaction(parts.sessions) as session:
        begin(session, SYSTEM, cause="update")
        user = user_by_username(session, USERNAME)
        if user is not None and user.active:
            user.active, user.password = False, None
            session.flush()
            end_sessions(session, user.id, now())
            record(session, "user.probe_closed", "user", user.id)
    parts.engine.dispose()


def _made(session: Session) -> User:
    """Make the account."""
    role = session.scalars(select(Role).where(Role.name == ROLE)).one()
    user = User(
        username=USERNAME,
        full_name=FULL_NAME,
        email=f"{USERNAME}@localhost.localdomain",
        fs_uniquifier=uuid.uuid4().hex,
        roles=[role],
    )
    session.add(user)
    return user
