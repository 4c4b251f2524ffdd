"""What tests of records share: a bearer of the API, and a counter of statements."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from webapp.app import App
from webapp.crm.users.models import ApiToken, User
from webapp.crm.users.queries import hash_secret
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.db import transaction


@pytest.fixture
def api_as(app: App) -> Callable[[str], FlaskClient]:
    """A program that calls the API with a persona's token."""

    def make(username: str) -> FlaskClient:
        secret = uuid.uuid4().hex
        with transaction(app.parts.sessions) as session:
            begin(session, SYSTEM)
            user = session.query(User).filter_by(username=username).one()
            session.add(ApiToken(user_id=user.id, name="test", secret_hash=hash_secret(secret)))
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return client

    return make


@pytest.fixture
def statements(app: App) -> Callable[[], Any]:
    """`with statements() as seen:` collects the SQL that is sent meanwhile."""

    @contextmanager
    def collect() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            seen.append(statement)

        event.listen(app.parts.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(app.parts.engine, "before_cursor_execute", note)

    return collect
