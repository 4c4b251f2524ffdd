"""Every page of accounts, as the people see it who may."""

from __future__ import annotations

import pytest
from sqlalchemy import event

OWN_PAGES = ("/profile", "/profile/sessions", "/profile/tokens")
ADMIN_PAGES = (
    "/admin/accounts",
    "/admin/accounts/new",
    "/admin/accounts/1",
    "/admin/teams",
    "/admin/roles",
    "/admin/roles/1",
)


@pytest.mark.parametrize("path", [*OWN_PAGES, *ADMIN_PAGES])
def test_the_administrator_opens_every_page(client_as, path):
    assert client_as("admin").get(path).status_code == 200


@pytest.mark.parametrize("path", OWN_PAGES)
def test_staff_look_after_their_own_account(client_as, path):
    assert client_as("staff").get(path).status_code == 200


@pytest.mark.parametrize("path", ADMIN_PAGES)
def test_staff_do_not_administer(client_as, path):
    assert client_as("staff").get(path).status_code == 403


def test_the_officer_reads_rights_but_does_not_change_them(client_as):
    client = client_as("officer")
    page = client.get("/admin/roles/1")
    assert page.status_code == 200
    assert "Save the rights" not in page.text
    assert client.post("/admin/roles/1", data={}).status_code == 403


@pytest.mark.parametrize("path", [*OWN_PAGES, *ADMIN_PAGES])
def test_a_stranger_to_the_house_is_led_to_the_sign_in(app, path):
    answer = app.test_client().get(path)
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in?next=")


def test_finding_out_who_asks_and_what_they_may_takes_one_query(app, client_as):
    client = client_as("staff")
    client.get("/profile/tokens")
    seen = []

    def count(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(app.parts.engine, "before_cursor_execute", count)
    client.get("/profile/tokens")
    event.remove(app.parts.engine, "before_cursor_execute", count)
    assert len(seen) <= 2, seen


def test_the_list_of_accounts_costs_few_queries(app, client_as):
    client = client_as("admin")
    client.get("/admin/accounts")
    seen = []

    def count(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(app.parts.engine, "before_cursor_execute", count)
    client.get("/admin/accounts")
    event.remove(app.parts.engine, "before_cursor_execute", count)
    assert len(seen) <= 3, seen
