"""Signing in: counted, locked, audited, and silent about which part was wrong."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from webapp.crm.users.identity import local_path
from webapp.crm.users.models import User, UserSession
from webapp.crm.users.passwords import hash_password, weakness
from webapp.crm.users.service.profile import set_password
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.clock import now
from webapp.kit.db import transaction

PASSWORD = "зелёный чай в 17:00"


@pytest.fixture(autouse=True)
def fresh_account(app):
    with transaction(app.parts.sessions) as session:
        begin(session, SYSTEM)
        user = session.query(User).filter_by(username="staff").one()
        set_password(user, PASSWORD, temporary=False)
        user.active = True


def attempt(app, username="staff", password=PASSWORD, client=None, **form):
    client = client or app.test_client()
    return client, client.post("/sign-in", data={"username": username, "password": password, **form})


def actions(app, like="user.%"):
    with app.parts.sessions() as session:
        rows = session.execute(
            text("SELECT action, details FROM audit.entries WHERE action LIKE :like ORDER BY seq"), {"like": like}
        )
        return [(row.action, row.details) for row in rows]


def test_the_right_password_begins_a_session_that_is_listed_and_audited(app):
    client, answer = attempt(app, username=" STAFF ")
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/profile").status_code == 200
    assert "This session" in client.get("/profile/sessions").text
    assert actions(app)[-1][0] == "user.signed_in"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app):
    _client, answer = attempt(app)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_over_https_the_cookie_travels_on_https_alone(settings):
    from dataclasses import replace

    from webapp.app import create_app

    assert create_app(replace(settings, cookie_secure=True)).config["SESSION_COOKIE_SECURE"]


@pytest.mark.parametrize(("username", "password"), [("staff", "wrong"), ("nobody", PASSWORD), ("", ""), ("admin", "")])
def test_refusals_read_the_same_whatever_was_wrong(app, username, password):
    _client, answer = attempt(app, username, password)
    assert answer.status_code == 422
    assert "The name or the password is not right" in answer.text


def test_what_was_typed_as_a_name_is_not_kept(app):
    attempt(app, "my secret password", "x")
    assert "my secret password" not in str(actions(app))


def test_after_five_wrong_passwords_even_the_right_one_is_refused_until_the_lock_opens(app):
    for _ in range(5):
        attempt(app, password="wrong")
    assert attempt(app)[1].status_code == 422
    assert ("user.locked", {"minutes": 15}) in actions(app)
    assert actions(app)[-1] == ("user.sign_in_failed", {"reason": "locked"})
    with transaction(app.parts.sessions) as session:
        begin(session, SYSTEM)
        session.query(User).filter_by(username="staff").one().locked_until = now() - timedelta(seconds=1)
    assert attempt(app)[1].status_code == 303


def test_a_success_forgets_the_failures_before_it(app):
    for _ in range(4):
        attempt(app, password="wrong")
    attempt(app)
    for _ in range(4):
        attempt(app, password="wrong")
    assert attempt(app)[1].status_code == 303


def test_attempts_at_once_count_one_after_another(app):
    threads = [threading.Thread(target=attempt, args=(app, "staff", "wrong")) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert attempt(app)[1].status_code == 422


def test_an_account_that_is_off_cannot_sign_in_and_its_sessions_end(app):
    client, _answer = attempt(app)
    with transaction(app.parts.sessions) as session:
        begin(session, SYSTEM)
        session.query(User).filter_by(username="staff").one().active = False
    assert client.get("/profile").status_code == 302
    assert attempt(app)[1].status_code == 422


def test_signing_in_changes_the_session_that_somebody_may_have_planted(app):
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["sid"] = "planted"
        cookie["extra"] = "planted"
    attempt(app, client=client)
    with client.session_transaction() as cookie:
        assert cookie["sid"] != "planted"
        assert "extra" not in cookie


def test_signing_out_ends_the_session_for_good(app):
    client, _answer = attempt(app)
    with client.session_transaction() as cookie:
        secret = cookie["sid"]
    assert client.post("/sign-out").status_code == 303
    with client.session_transaction() as cookie:
        cookie["sid"] = secret
    assert client.get("/profile").status_code == 302


def test_a_session_ends_by_itself(app):
    client, _answer = attempt(app)
    with transaction(app.parts.sessions) as session:
        begin(session, SYSTEM)
        session.query(UserSession).update({"expires_at": now() - timedelta(seconds=1)})
    assert client.get("/profile").status_code == 302


@pytest.mark.parametrize("target", ["/people/1?tab=calls", "/"])
def test_after_signing_in_one_lands_where_one_wanted_to_go(app, target):
    assert attempt(app, next=target)[1].location == target


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "///evil.example", "people"],
)
def test_but_never_on_another_site(app, target):
    assert attempt(app, next=target)[1].location == "/"
    with app.test_request_context():
        assert local_path(target) == "/"


def test_a_temporary_password_opens_only_the_page_to_choose_another(app):
    with transaction(app.parts.sessions) as session:
        begin(session, SYSTEM)
        set_password(session.query(User).filter_by(username="staff").one(), PASSWORD, temporary=True)
    client, _answer = attempt(app)
    assert client.get("/profile/tokens").location == "/profile"
    assert "Choose a password of your own" in client.get("/profile").text
    new = {"old": PASSWORD, "new": "совсем другой пароль", "again": "совсем другой пароль"}
    assert client.post("/profile/password", data=new).status_code == 303
    assert client.get("/profile/tokens").status_code == 200


def test_the_language_of_the_sign_in_page_can_be_chosen(app):
    client = app.test_client()
    assert client.post("/profile/preferences", data={"locale": "ru"}).status_code == 303
    page = client.get("/sign-in").text
    assert "Имя учётной записи" in page
    assert 'lang="ru"' in page


def test_a_form_without_its_token_is_refused(settings):
    from webapp.app import create_app

    strict = create_app(settings)
    assert strict.test_client().post("/sign-in", data={"username": "staff", "password": PASSWORD}).status_code == 400


@pytest.mark.parametrize("password", ["short", "1234567890", "aaaaaaaaaaaa", "x" * 201, "my staff account"])
def test_weak_passwords_are_named(password):
    assert weakness(password, username="staff")


def test_a_password_is_the_same_however_the_keyboard_composed_it():
    assert not weakness("й" * 1 + "ёлка на снегу")
    assert hash_password("a") != hash_password("a")
