"""The CRM on a port of its own, for programs that speak to it over HTTP."""

from __future__ import annotations

import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from webapp.app import App
from webapp.crm.users.models import ApiToken, User
from webapp.crm.users.queries import hash_secret
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.db import transaction


@pytest.fixture(scope="module")
def crm(app: App) -> Iterator[str]:
    """The address of the running CRM."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def token_of(app: App) -> Callable[[str], str]:
    """A bearer token of a persona."""

    def make(username: str) -> str:
        secret = uuid.uuid4().hex
        with transaction(app.parts.sessions) as session:
            begin(session, SYSTEM)
            user = session.query(User).filter_by(username=username).one()
            session.add(ApiToken(user_id=user.id, name="test", secret_hash=hash_secret(secret)))
        return secret

    return make


sys.path.insert(0, str(Path(__file__).parent))  # so that tests can import the twins beside them
