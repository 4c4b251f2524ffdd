"""The form of an organisation."""

from __future__ import annotations

from webapp.kit.forms import Field
from webapp.kit.i18n import N_

FIELDS = (
    Field("name", N_("Company name"), required=True, half=False, autocomplete="organization"),
    Field("phone", N_("Phone"), "phone", autocomplete="tel"),
    Field("email", N_("E-mail"), "email", autocomplete="email"),
    Field("website", N_("Website"), "url", autocomplete="url"),
    Field("city", N_("City"), autocomplete="address-level2"),
    Field("industry", N_("Industry")),
    Field("tax_number", N_("Tax number")),
    Field("owner_id", N_("Owner"), "choice"),
    Field("team_id", N_("Team"), "choice", hint=N_("The owner's team unless you choose another")),
    Field("notes", N_("Notes"), "note"),
)
FACTS = ("phone", "email", "website", "city", "industry", "tax_number", "owner_id", "team_id")
