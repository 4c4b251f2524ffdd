"""Accounts: sign-in, one's own profile, and the administration of accounts, teams and rights."""

from __future__ import annotations

from webapp.crm.users import identity
from webapp.crm.users.views import blueprint, words
from webapp.crm.users.views.sign_in import CHOICES, ask_for_password
from webapp.kit.feature import Feature, NavItem
from webapp.kit.i18n import N_

FEATURE = Feature(
    name="users",
    blueprints=(blueprint,),
    public_endpoints=frozenset({"users.sign_in", "users.begin_session", *CHOICES}),
    install=(identity.install, words.install, lambda app: app.before_request(ask_for_password)),
    settings_links=(
        NavItem(N_("Accounts"), "users.accounts", "users-round", 10, "user"),
        NavItem(N_("Teams"), "users.teams", "building", 20, "user"),
        NavItem(N_("Roles and rights"), "users.roles", "shield-check", 30, "role"),
    ),
)
