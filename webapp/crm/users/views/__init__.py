"""Pages of sign-in, of one's own account, and of the administration of accounts and rights."""

from __future__ import annotations

from webapp.crm.users.views import accounts, profile, roles, sign_in
from webapp.crm.users.views.blueprint import blueprint

__all__ = ["accounts", "blueprint", "profile", "roles", "sign_in"]
