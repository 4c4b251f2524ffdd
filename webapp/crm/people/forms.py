"""The form of a person."""

from __future__ import annotations

from webapp.kit.forms import Field
from webapp.kit.i18n import N_

FIELDS = (
    Field("full_name", N_("Full name"), required=True, autocomplete="name"),
    Field("position", N_("Position"), autocomplete="organization-title"),
    Field(
        "organisation_id", N_("Organisation"), "reference", relation="organisation", half=False,
        offers="organisations.offer", shows="organisations.show",
    ),
    Field("phone", N_("Phone"), "phone", autocomplete="tel"),
    Field("email", N_("E-mail"), "email", autocomplete="email"),
    Field("owner_id", N_("Owner"), "choice"),
    Field("team_id", N_("Team"), "choice", hint=N_("The owner's team unless you choose another")),
    Field("notes", N_("Notes"), "note"),
)  # fmt: skip
FACTS = ("organisation_id", "position", "phone", "email", "owner_id", "team_id")
