"""Values that a person types in place of proposed ones, and how values are shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args

from appliance.contract.modules import Intent, Sentiment
from webapp.ai.proposals.models import Proposal
from webapp.assistants.call_card.card import value_of
from webapp.crm.communications.shown import intent_label
from webapp.kit import cleaning
from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_, _, current_timezone, gettext, show_date, show_datetime, show_number

LABELS = {
    "person": N_("Person"),
    "organisation": N_("Organisation"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "intent": N_("Intent"),
    "product": N_("Product"),
    "quantity": N_("Quantity"),
    "budget": N_("Budget"),
    "currency": N_("Currency"),
    "next_step": N_("Next step"),
    "due": N_("Due"),
    "sentiment": N_("Sentiment"),
}
GROUPS = (
    (N_("Client"), "user", ("person", "organisation", "phone", "email")),
    (N_("Deal"), "kanban", ("intent", "product", "quantity", "budget", "currency")),
    (N_("Next step"), "calendar-check", ("next_step", "due")),
    (N_("Mood"), "smile", ("sentiment",)),
)
SENTIMENTS = {"positive": N_("Positive"), "neutral": N_("Neutral"), "negative": N_("Negative")}
INPUTS = {"phone": "tel", "email": "email"}


def _number(value: Any) -> int | float:
    parsed = cleaning.quantity(value)
    if parsed is None or parsed <= 0:
        raise cleaning.Unclean(N_("Give a number above zero"))
    return int(parsed) if parsed == parsed.to_integral_value() else float(parsed)


def _due(value: Any) -> str:
    text = str(value).strip()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        day = cleaning.day(text)
        return day.isoformat() if day else ""
    moment = cleaning.moment(text)
    return moment.astimezone(current_timezone()).isoformat() if moment else ""


def _one_of(choices: tuple[str, ...]) -> Callable[[Any], str]:
    def cleaner(value: Any) -> str:
        if value not in choices:
            raise cleaning.Unclean(N_("Choose one of the list"))
        return str(value)

    return cleaner


CLEANERS: Mapping[str, Callable[[Any], Any]] = {
    "person": cleaning.line(200, required=True),
    "organisation": cleaning.line(200, required=True),
    "phone": cleaning.phone,
    "email": cleaning.email,
    "intent": _one_of(get_args(Intent)),
    "product": cleaning.line(200, required=True),
    "quantity": _number,
    "budget": _number,
    "currency": cleaning.currency,
    "next_step": cleaning.line(300, required=True),
    "due": _due,
    "sentiment": _one_of(get_args(Sentiment)),
}


def typed(proposal: Proposal, value: Any) -> Any:
    """The value that a person typed, checked; None when it is what was proposed. Invalid names `value`."""
    try:
        cleaned = CLEANERS[proposal.field](value)
    except cleaning.Unclean as error:
        raise Invalid({"value": str(error)}) from None
    if cleaned in ("", None):
        raise Invalid({"value": N_("Please fill in this field")})
    # Said about a kept value, the proposed one is a person's choice: it goes over the value that was kept.
    return None if cleaned == proposal.value and proposal.state != "kept" else cleaned


def shown(proposal: Proposal) -> str:
    """The value of a proposal in the person's words."""
    value = value_of(proposal)
    if proposal.field == "intent":
        return intent_label(str(value))
    if proposal.field == "sentiment":
        return gettext(SENTIMENTS.get(str(value), str(value)))
    if proposal.field == "due":
        return _shown_due(str(value)) or proposal.display
    if proposal.field == "phone":
        return cleaning.show_phone(str(value))
    plain = proposal.final_value is not None or proposal.display == str(proposal.value)
    if plain and proposal.field in ("quantity", "budget"):
        return show_number(Decimal(str(value)))
    return proposal.display if proposal.final_value is None else str(value)


def _shown_due(text: str) -> str:
    try:
        if "T" in text:
            return show_datetime(datetime.fromisoformat(text), "EEEE, d MMMM y, HH:mm")
        return show_date(date.fromisoformat(text), "EEEE, d MMMM y")
    except ValueError:
        return ""


def options(proposal: Proposal) -> list[tuple[str, str]] | None:
    """The choices for a field that has only some values."""
    if proposal.field == "intent":
        return [(key, intent_label(key)) for key in get_args(Intent)]
    if proposal.field == "sentiment":
        return [(key, gettext(label)) for key, label in SENTIMENTS.items()]
    return None


def input_kind(proposal: Proposal) -> str:
    """The kind of field in which the value is edited."""
    if proposal.field == "due":
        return "datetime-local" if "T" in str(value_of(proposal)) else "date"
    return INPUTS.get(proposal.field, "text")


def value_text(proposal: Proposal) -> str:
    """What the field of an edit starts with."""
    text = str(value_of(proposal))
    return text[:16] if proposal.field == "due" and "T" in text else text


def speaker(proposal: Proposal) -> str:
    """Who said the quote."""
    return {"client": _("client"), "colleague": _("we")}.get(proposal.speaker, "")
