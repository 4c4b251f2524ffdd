"""The account by which an update tries the product: on with a fresh password, and off with its sessions ended."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

from webapp.crm.users.queries import user_by_username
from webapp.probe_commands import USERNAME, probe


@pytest.fixture
def ostrov(settings):
    """Run the command with this database's settings."""
    environment = {"OSTROV_DATABASE_URL": settings.database_url, "OSTROV_HOME": str(settings.home)}

    def run(*arguments):
        done = CliRunner(env={**os.environ, **environment}).invoke(probe, arguments)
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_the_account_signs_in_while_it_is_on_and_not_after(app, session, ostrov):
    browser = app.test_client()
    first = json.loads(ostrov("open"))
    assert first["username"] == USERNAME
    assert browser.post("/sign-in", data={**first, "next": "/"}).status_code == 303
    assert browser.get("/").status_code == 200
    assert browser.get("/search?q=nobody").status_code == 200
    ostrov("close")
    assert browser.get("/").status_code in {302, 303}, "its session has ended"
    assert browser.post("/sign-in", data={**first, "next": "/"}).status_code == 422
    assert user_by_username(session, USERNAME).active is False


def test_each_time_it_gets_another_password_and_stays_one_account(session, ostrov):
    first, second = json.loads(ostrov("open")), json.loads(ostrov("open"))
    assert first["password"] != second["password"]
    ostrov("close")
    ostrov("close")
    assert user_by_username(session, USERNAME).password is None
