"""The first accounts of a server, made on its command line."""

from __future__ import annotations

import os

import pytest
from click.testing import CliRunner

from webapp.crm.users.queries import actor_of, user_by_username
from webapp.user_commands import user


@pytest.fixture
def ostrov(settings):
    """Run `ostrov user` with this database's settings; gives the exit code and the output."""
    environment = {"OSTROV_DATABASE_URL": settings.database_url, "OSTROV_HOME": str(settings.home)}

    def run(*arguments, given=None):
        done = CliRunner(env={**os.environ, **environment}).invoke(user, arguments, input=given)
        return done.exit_code, done.output.strip()

    return run


def sign_in(app, username, password):
    """Status of a sign-in, and where it leads."""
    answer = app.test_client().post("/sign-in", data={"username": username, "password": password, "next": "/"})
    return answer.status_code, answer.headers.get("Location", "")


def test_the_first_administrator_signs_in_with_the_last_word_and_is_asked_for_a_new_password(app, session, ostrov):
    code, said = ostrov("create", "--admin", "--name", "Мария Кузнецова", "--locale", "ru", "first-admin")
    assert code == 0, said
    assert sign_in(app, "first-admin", said.split()[-1])[0] == 303
    made = user_by_username(session, "first-admin")
    assert made.password_temporary
    assert made.locale == "ru"
    assert actor_of(session, made).roles == {"administrator"}


def test_a_password_may_come_from_standard_input_and_is_not_shown(app, session, ostrov):
    code, said = ostrov("create", "piped", "--password-stdin", given="green-lamp-on-the-quay\n")
    assert (code, "green-lamp" in said) == (0, False)
    assert sign_in(app, "piped", "green-lamp-on-the-quay")[0] == 303
    assert not user_by_username(session, "piped").password_temporary


@pytest.mark.parametrize(
    ("arguments", "given", "says"),
    [
        (["create", "Not A Name"], None, "username"),
        (["create", "staff"], None, "taken"),
        (["create", "someone", "--email", "nowhere"], None, "email"),
        (["create", "someone", "--role", "king"], None, "administrator, head"),
        (["create", "someone", "--password-stdin"], "short\n", "10 characters"),
        (["password", "nobody"], None, "nobody"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_made(session, ostrov, arguments, given, says):
    code, said = ostrov(*arguments, given=given)
    assert code == 1
    assert says in said
    assert user_by_username(session, "someone") is None


def test_a_locked_administrator_gets_a_new_password_that_works(app, ostrov):
    ostrov("create", "--admin", "locked-admin")
    for _ in range(6):
        sign_in(app, "locked-admin", "wrong-password")
    code, said = ostrov("password", "locked-admin")
    assert code == 0
    assert sign_in(app, "locked-admin", said.split()[-1])[0] == 303
