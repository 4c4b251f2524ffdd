"""What people do with their own account."""

from __future__ import annotations

import re

import pytest

from webapp.crm.users.models import ApiToken, User, UserSession
from webapp.crm.users.passwords import hash_password
from webapp.kit.access import SYSTEM
from webapp.kit.changes import begin
from webapp.kit.db import transaction

OLD = "старый пароль 1"
NEW = "новый пароль 222"


@pytest.fixture(autouse=True)
def known_password(app):
    with transaction(app.parts.sessions) as session:
        begin(session, SYSTEM)
        session.query(User).filter_by(username="staff").one().password = hash_password(OLD)


def sessions_open(app, username="staff"):
    with app.parts.sessions() as session:
        return (
            session.query(UserSession)
            .join(User, User.id == UserSession.user_id)
            .filter(User.username == username, UserSession.ended_at.is_(None))
            .count()
        )


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(app, client_as):
    here, elsewhere = client_as("staff"), client_as("staff")
    wrong = here.post("/profile/password", data={"old": "x", "new": NEW, "again": NEW})
    assert wrong.status_code == 422
    assert "This is not your present password" in wrong.text
    assert here.post("/profile/password", data={"old": OLD, "new": NEW, "again": NEW}).status_code == 303
    assert here.get("/profile").status_code == 200
    assert elsewhere.get("/profile").status_code == 302


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"old": OLD, "new": NEW, "again": NEW + "x"}, "The two new passwords differ"),
        ({"old": OLD, "new": "short", "again": "short"}, "A password has at least 10 characters"),
        ({"old": OLD, "new": OLD, "again": OLD}, "Choose a password that differs"),
        ({}, "This is not your present password"),
    ],
)
def test_what_is_wrong_with_a_new_password_is_said(client_as, form, sentence):
    answer = client_as("staff").post("/profile/password", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_sessions_are_ended_one_by_one_or_all_but_this(app, client_as):
    here, other, third = client_as("staff"), client_as("staff"), client_as("staff")
    with app.parts.sessions() as session:
        newest = session.query(UserSession).order_by(UserSession.id.desc()).first().id
    assert here.post(f"/profile/sessions/{newest}/end").status_code == 303
    assert third.get("/profile").status_code == 302
    assert other.get("/profile").status_code == 200
    here.post("/profile/sessions/end-others")
    assert other.get("/profile").status_code == 302
    assert here.get("/profile").status_code == 200
    assert sessions_open(app) == 1


def test_nobody_ends_the_session_of_somebody_else(app, client_as):
    client_as("head")
    with app.parts.sessions() as session:
        newest = session.query(UserSession).order_by(UserSession.id.desc()).first().id
    assert client_as("staff").post(f"/profile/sessions/{newest}/end").status_code == 404


def test_a_token_is_shown_once_works_with_its_persons_rights_and_stops_when_revoked(app, client_as):
    client = client_as("staff")
    made = client.post("/profile/tokens", data={"name": "import"})
    secret = re.search(r"ost_[\w-]+", made.text)[0]
    assert secret not in client.get("/profile/tokens").text
    with app.parts.sessions() as session:
        token = session.query(ApiToken).order_by(ApiToken.id.desc()).first()
        assert secret not in token.secret_hash
    bearer = {"Authorization": f"Bearer {secret}"}
    api = app.test_client()
    assert api.get("/api/v1/organisations", headers=bearer).status_code == 200
    assert api.get("/admin/accounts", headers=bearer).status_code == 403
    assert client_as("head").post(f"/profile/tokens/{token.id}/revoke").status_code == 404
    assert client.post(f"/profile/tokens/{token.id}/revoke").status_code == 303
    assert api.get("/api/v1/organisations", headers=bearer).status_code == 401


def test_a_token_needs_a_name(client_as):
    assert client_as("staff").post("/profile/tokens", data={"name": "  "}).status_code == 422


def test_language_and_theme_are_the_persons_own(app, client_as):
    client = client_as("colleague")
    client.post("/profile/locale", data={"locale": "ru"})
    client.post("/profile/theme", data={"theme": "dark"})
    client.post("/profile/preferences", data={"locale": "xx", "theme": "pink"})
    page = client.get("/profile").text
    assert 'lang="ru" data-theme="dark"' in page
    assert client.post("/profile/theme", data={"theme": "light"}, headers={"HX-Request": "true"}).status_code == 204
    answer = client.post("/profile/locale", data={"locale": "en"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"
