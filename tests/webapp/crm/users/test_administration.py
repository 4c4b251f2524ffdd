"""Administering accounts, teams and rights."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from webapp.crm.users.models import Grant, Role, User, UserSession
from webapp.crm.users.queries import actor_of
from webapp.kit.access import SYSTEM, Level, Scope
from webapp.kit.changes import begin
from webapp.kit.db import transaction


def role_id(app, name):
    with app.parts.sessions() as session:
        return session.query(Role).filter_by(name=name).one().id


def user_id(app, username):
    with app.parts.sessions() as session:
        return session.query(User).filter_by(username=username).one().id


def form(app, **changes):
    fields = {"username": "new.person", "full_name": "Новый Человек", "email": "new@example.test", "locale": "ru"}
    return {**fields, "roles": [str(role_id(app, "staff"))], "team_id": "", **changes}


def newest_entries(app, count=6):
    with app.parts.sessions() as session:
        rows = session.execute(
            text("SELECT action, details FROM audit.entries ORDER BY seq DESC LIMIT :n"), {"n": count}
        )
        return {row.action: row.details for row in rows}


def test_a_new_account_gets_a_temporary_password_and_signs_in_with_it(app, client_as):
    made = client_as("admin").post("/admin/accounts/new", data=form(app))
    assert made.status_code == 200
    password = re.search(r"data-secret>([^<]+)<", made.text)[1]
    answer = app.test_client().post("/sign-in", data={"username": "new.person", "password": password})
    assert answer.status_code == 303
    assert "Новый Человек" in client_as("admin").get("/admin/accounts?q=новый").text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"username": "Ы"}, "small latin letters"),
        ({"username": "staff"}, "This name is taken"),
        ({"email": "no"}, "This is not an e-mail address"),
        ({"email": "head@example.test"}, "Another account has this address"),
        ({"roles": []}, "Choose at least one role"),
        ({"roles": ["99999"]}, "This role is gone"),
        ({"team_id": "99999"}, "This team is gone"),
        ({"full_name": " "}, "Please write the person"),
    ],
)
def test_an_account_that_does_not_fit_is_refused_field_by_field(app, client_as, changes, sentence):
    data = form(app, username="another.one", email="another@example.test") | changes
    answer = client_as("admin").post("/admin/accounts/new", data=data)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_switching_an_account_off_ends_its_sessions(app, client_as):
    victim = client_as("stranger")
    stranger = user_id(app, "stranger")
    admin = client_as("admin")
    assert admin.post(f"/admin/accounts/{stranger}/deactivate").status_code == 303
    assert victim.get("/profile").status_code == 302
    with app.parts.sessions() as session:
        assert not session.query(UserSession).filter_by(user_id=stranger, ended_at=None).count()
    admin.post(f"/admin/accounts/{stranger}/activate")
    assert client_as("stranger").get("/profile").status_code == 200


def test_nobody_switches_off_the_account_in_use(app, client_as):
    assert client_as("admin").post(f"/admin/accounts/{user_id(app, 'admin')}/deactivate").status_code == 409


def test_the_last_administrator_keeps_the_role(app, client_as):
    admin = user_id(app, "admin")
    data = form(app, username="admin", full_name="Admin", email="admin@example.test")
    answer = client_as("admin").post(f"/admin/accounts/{admin}", data=data)
    assert answer.status_code == 409
    assert client_as("admin").get("/admin/accounts").status_code == 200


def test_the_administrators_role_keeps_its_own_rights(app, client_as):
    role = role_id(app, "administrator")
    assert client_as("admin").post(f"/admin/roles/{role}", data={"grant-person-view": "3"}).status_code == 409
    with app.parts.sessions() as session:
        assert session.query(Grant).filter_by(role_id=role, entity="role", action="edit").one().scope == Scope.ALL


def test_rights_are_changed_in_the_grid_hold_at_once_and_are_audited(app, client_as, actor):
    role = role_id(app, "staff")
    page = client_as("admin").get(f"/admin/roles/{role}").text
    data = dict(
        re.findall(r'<select class="input [^"]*" name="([^"]+)".*?<option value="(\d)" selected>', page, re.DOTALL)
    )
    assert actor("staff").scope("deal", "delete") is Scope.OWN
    data |= {"grant-deal-delete": "0", "field-person-phone": "0", "grant-audit-edit": "3", "grant-deal-fly": "3"}
    assert client_as("admin").post(f"/admin/roles/{role}", data=data).status_code == 303
    staff = actor("staff")
    assert staff.scope("deal", "delete") is Scope.NONE
    assert staff.scope("deal", "view") is Scope.TEAM
    assert staff.level("person", "phone") is Level.HIDDEN
    assert staff.level("organisation", "tax_number") is Level.READ
    assert not staff.may("audit", "edit")
    rights = newest_entries(app)["role.rights_changed"]["rights"]
    assert rights == {"deal.delete": "own > none", "person:phone": "write > hidden"}


def test_a_role_is_made_from_another_given_and_removed_when_nobody_has_it(app, client_as):
    admin = client_as("admin")
    made = admin.post("/admin/roles", data={"name": "Стажёр", "source": str(role_id(app, "staff"))})
    role = int(made.location.rsplit("/", 1)[1])
    with app.parts.sessions() as session:
        assert session.query(Grant).filter_by(role_id=role, entity="deal", action="view").one().scope == Scope.TEAM
    assert admin.post("/admin/roles", data={"name": "стажёр"}).status_code == 422
    assert admin.post(f"/admin/roles/{role_id(app, 'head')}/delete").status_code == 409
    assert admin.post(f"/admin/roles/{role}/delete").status_code == 303


def test_teams_are_made_renamed_and_removed_when_empty(app, client_as):
    admin = client_as("admin")
    assert admin.post("/admin/teams", data={"name": "North"}).status_code == 303
    assert admin.post("/admin/teams", data={"name": "north"}).status_code == 422
    with app.parts.sessions() as session:
        north = session.execute(text("SELECT id FROM teams WHERE name = 'North'")).scalar()
        sales = session.execute(text("SELECT id FROM teams WHERE name = 'Sales'")).scalar()
    assert admin.post(f"/admin/teams/{north}", data={"name": "Север"}).status_code == 303
    assert admin.post(f"/admin/teams/{north}/delete").status_code == 303
    assert admin.post(f"/admin/teams/{sales}/delete").status_code == 409


def test_a_locked_account_is_opened_and_given_a_password(app, client_as):
    colleague = user_id(app, "colleague")
    with transaction(app.parts.sessions) as session:
        begin(session, SYSTEM)
        user = session.get(User, colleague)
        user.failed_attempts = 5
    admin = client_as("admin")
    assert admin.post(f"/admin/accounts/{colleague}/unlock").status_code == 303
    given = admin.post(f"/admin/accounts/{colleague}/password")
    assert given.status_code == 200
    assert {"user.unlocked", "user.password_given"} <= set(newest_entries(app))
    with app.parts.sessions() as session:
        assert session.get(User, colleague).password_temporary


@pytest.mark.parametrize("persona", ["staff", "head", "officer"])
@pytest.mark.parametrize("deed", ["deactivate", "password", "unlock", "end_sessions"])
def test_only_the_administrator_changes_accounts(app, client_as, persona, deed):
    assert client_as(persona).post(f"/admin/accounts/{user_id(app, 'head')}/{deed}").status_code == 403


def test_several_roles_together_give_the_widest_right(app):
    with transaction(app.parts.sessions) as session:
        begin(session, SYSTEM)
        roles = session.query(Role).filter(Role.name.in_(["staff", "officer"])).all()
        user = User(username="both", email="both@example.test", full_name="Both", fs_uniquifier="both", roles=roles)
        session.add(user)
        session.flush()
        both = actor_of(session, user)
    assert both.scope("person") is Scope.ALL
    assert both.scope("deal") is Scope.TEAM
    assert both.level("person", "email") is Level.WRITE


def test_accounts_are_paged_by_name_without_gaps(app, client_as):
    with transaction(app.parts.sessions) as session:
        begin(session, SYSTEM)
        for n in range(130):
            session.add(
                User(username=f"p{n:03}", email=f"p{n}@x.test", full_name=f"Zed {n % 7}", fs_uniquifier=f"p{n}")
            )
    admin = client_as("admin")
    first = admin.get("/admin/accounts?q=zed", headers={"HX-Request": "true"}).text
    more = re.search(r'hx-get="([^"]+after=[^"]+)"', first)[1].replace("&amp;", "&")
    second = admin.get(more, headers={"HX-Request": "true"}).text
    seen = re.findall(r">(p\d{3}) ", first) + re.findall(r">(p\d{3}) ", second)
    assert len(seen) == len(set(seen)) == 130
