"""The forms of a deal and of its products."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.crm.deals.messages import Item
from webapp.kit.forms import Field
from webapp.kit.i18n import N_

FIELDS = (
    Field("title", N_("Title"), required=True, half=False),
    Field("organisation_id", N_("Organisation"), "reference", relation="organisation",
          offers="organisations.offer", shows="organisations.show"),
    Field("person_id", N_("Person"), "reference", relation="person", title="full_name",
          offers="people.offer", shows="people.show"),
    Field("stage_id", N_("Stage"), "choice", required=True),
    Field("expected_close", N_("Expected close"), "date"),
    Field("amount", N_("Amount"), "money", hint=N_("Follows the products unless you type it")),
    Field("currency", N_("Currency"), "choice", required=True),
    Field("owner_id", N_("Owner"), "choice"),
    Field("team_id", N_("Team"), "choice", hint=N_("The owner's team unless you choose another")),
    Field("notes", N_("Notes"), "note"),
)  # fmt: skip
FACTS = ("organisation_id", "person_id", "amount", "currency", "expected_close", "owner_id", "team_id")
CURRENCIES = ("RUB", "USD", "EUR", "CNY", "KZT", "BYN", "GBP", "TRY", "AED")
SPARE_ROWS = 3


def read_items(form: Mapping[str, str]) -> list[Item]:
    """The products that the posted rows name; rows without a name are left out."""
    count = sum(1 for name in form if name.startswith("product-"))
    rows = []
    for index in range(count):
        name = form.get(f"product-{index}", "").strip()
        if name:
            rows.append(Item(name, None, form.get(f"quantity-{index}", ""), form.get(f"price-{index}", "")))
    return rows
