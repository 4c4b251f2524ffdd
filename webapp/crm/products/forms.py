"""The form of a product."""

from __future__ import annotations

from webapp.kit.forms import Field
from webapp.kit.i18n import N_

FIELDS = (
    Field("name", N_("Product name"), required=True, half=False),
    Field("aliases", N_("Other names"), "names", half=False,
          hint=N_("How clients call it, separated by commas: calls are matched by these too")),
    Field("price", N_("Price"), "money"),
    Field("currency", N_("Currency"), "choice", required=True),
    Field("unit", N_("Unit"), hint=N_("Piece, metre, hour…")),
)  # fmt: skip
CURRENCIES = ("RUB", "USD", "EUR", "CNY", "KZT", "BYN", "GBP", "TRY", "AED")
