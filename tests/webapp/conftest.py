"""Real PostgreSQL for the web application's tests: one migrated template, one database a test module."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from appliance.settings import WebSettings
from tests.databases import name_of, new_database
from webapp import wiring
from webapp.app import App, create_app
from webapp.crm.deals.defaults import ensure_stages
from webapp.crm.users.defaults import ensure_roles
from webapp.crm.users.models import Role, Team, User, UserSession
from webapp.crm.users.queries import actor_of, hash_secret
from webapp.kit.access import SYSTEM, Actor
from webapp.kit.changes import begin
from webapp.kit.clock import now
from webapp.kit.db import transaction
from webapp.migrations.run import migrate

PEOPLE = (
    ("staff", "Анна Смирнова", "Sales", "staff"),
    ("colleague", "Олег Быков", "Sales", "staff"),
    ("stranger", "Ирина Котова", "Support", "staff"),
    ("head", "Пётр Орлов", "Sales", "head"),
    ("admin", "Admin", None, "administrator"),
    ("officer", "Officer", None, "officer"),
)


@pytest.fixture(scope="session")
def template_database(postgres: str) -> Iterator[str]:
    """A migrated database with roles, stages and one account a persona; tests copy it."""
    with new_database(postgres, "template") as address:
        migrate(address.format(role="ostrov_owner"))
        _people(address.format(role="ostrov_web"))
        yield name_of(address)


def _people(url: str) -> None:
    """Roles, stages, teams and the accounts of the personas."""
    parts = wiring.assemble(WebSettings(database_url=url))
    with transaction(parts.sessions) as session:
        begin(session, SYSTEM)
        ensure_roles(session)
        ensure_stages(session)
        session.flush()
        teams = {t: Team(name=t) for t in ("Sales", "Support")}
        session.add_all(teams.values())
        session.flush()
        roles = {role.name: role for role in session.query(Role)}
        for username, full_name, team, role in PEOPLE:
            session.add(
                User(
                    username=username,
                    email=f"{username}@example.test",
                    full_name=full_name,
                    password=None,
                    fs_uniquifier=uuid.uuid4().hex,
                    team_id=teams[team].id if team else None,
                    roles=[roles[role]],
                )
            )
    parts.engine.dispose()


@pytest.fixture(scope="module")
def database_url(postgres: str, template_database: str) -> Iterator[str]:
    """A fresh copy of the template for one test module, as the role of the web application."""
    with new_database(postgres, "test", copy_of=template_database) as address:
        yield address.format(role="ostrov_web")


@pytest.fixture(scope="module")
def settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> WebSettings:
    """Settings with a home of their own and a gateway that nobody listens at."""
    home = Path(tmp_path_factory.mktemp("home"))
    return WebSettings(database_url=database_url, home=home, gateway_url="http://127.0.0.1:9", debug=False)


@pytest.fixture(scope="module")
def app(settings: WebSettings) -> Iterator[App]:
    """The whole web application."""
    made = create_app(settings)
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.parts.engine.dispose()


@pytest.fixture
def session(app: App) -> Iterator[Session]:
    """A session in the name of the system; what a test adds, it commits."""
    with app.parts.sessions() as opened:
        begin(opened, SYSTEM)
        yield opened


@pytest.fixture
def actor(app: App) -> Callable[[str], Actor]:
    """The actor of a persona, by name."""

    def find(username: str) -> Actor:
        with app.parts.sessions() as opened:
            return actor_of(opened, opened.query(User).filter_by(username=username).one())

    return find


@pytest.fixture
def client_as(app: App) -> Callable[[str], FlaskClient]:
    """A browser in which a persona is signed in."""

    def sign_in(username: str) -> FlaskClient:
        secret = uuid.uuid4().hex
        with transaction(app.parts.sessions) as opened:
            begin(opened, SYSTEM)
            user = opened.query(User).filter_by(username=username).one()
            expires = now() + timedelta(hours=1)
            opened.add(UserSession(user_id=user.id, secret_hash=hash_secret(secret), expires_at=expires))
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["sid"] = secret
        return client

    return sign_in
