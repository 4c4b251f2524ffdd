"""Sounds and bearers for the tests of communications."""

from __future__ import annotations

import io
import uuid
import wave
from collections.abc import Callable
from typing import Any

import pytest

from webapp.app import App
from webapp.crm.users.models import ApiToken, User
from webapp.crm.users.queries import hash_secret
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.db import transaction


def sound(salt: int = 0) -> bytes:
    """A tenth of a second of wav; another `salt` is another recording."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(salt.to_bytes(2, "little") * 800)
    return buffer.getvalue()


@pytest.fixture
def headers(app: App) -> Callable[[str], dict[str, str]]:
    """The bearer header of a persona."""

    def make(persona: str) -> dict[str, str]:
        secret = uuid.uuid4().hex
        with transaction(app.parts.sessions) as session:
            begin(session, SYSTEM)
            user = session.query(User).filter_by(username=persona).one()
            session.add(ApiToken(user_id=user.id, name="test", secret_hash=hash_secret(secret)))
        return {"Authorization": f"Bearer {secret}"}

    return make


@pytest.fixture
def send(app: App, headers: Callable[[str], dict[str, str]]) -> Callable[..., Any]:
    """Upload a file through the API as a persona."""

    def post(content: bytes, name: str = "call.wav", persona: str = "staff", **fields: Any) -> Any:
        data = {"recording": (io.BytesIO(content), name), **fields}
        return app.test_client().post("/api/v1/communications", data=data, headers=headers(persona))

    return post
