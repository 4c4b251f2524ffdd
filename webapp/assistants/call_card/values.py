"""Values that a person types in place of proposed ones, and how values are shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

from babel.numbers import get_currency_name, list_currencies

from appliance.contract.modules import Intent, Sentiment
from webapp.ai.proposals.models import Proposal
from webapp.ai.proposals.store import ACCEPTED
from webapp.assistants.call_card.card import value_of
from webapp.crm.communications.shown import intent_label
from webapp.kit import cleaning
from webapp.kit.errors import Invalid
from webapp.kit.i18n import (
    N_,
    _,
    current_locale,
    current_timezone,
    gettext,
    show_date,
    show_datetime,
    show_money,
    show_number,
)

GROUPS = (
    (N_("Client"), "user", ("person", "organisation", "phone", "email")),
    (N_("Deal"), "kanban", ("intent", "product", "quantity", "budget", "currency")),
    (N_("Next step"), "calendar-check", ("next_step", "due")),
    (N_("Mood"), "smile", ("sentiment",)),
)
SENTIMENTS = {"positive": N_("Positive"), "neutral": N_("Neutral"), "negative": N_("Negative")}
INPUTS = {"phone": "tel", "email": "email"}
CODE = re.compile(r"\b[A-Z]{3}\b")  # a currency as the module writes it


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


def shown(proposal: Proposal, siblings: Sequence[Proposal] = ()) -> str:
    """The value of a proposal as the reader writes it; `siblings` are the other proposals of the call."""
    return told(proposal, value_of(proposal), siblings)


def told(proposal: Proposal, value: Any, siblings: Sequence[Proposal] = ()) -> str:
    """A value for the field of a proposal: the proposed one, or what a person typed instead."""
    if proposal.field in TOLD:
        return TOLD[proposal.field](str(value))
    number = _decimal(value)
    if proposal.field in AMOUNTS and number is not None:
        return AMOUNTS[proposal.field](proposal, number, siblings)
    return proposal.display if value == proposal.value else str(value)


def _decimal(value: Any) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _shown_quantity(proposal: Proposal, number: Decimal, _siblings: Sequence[Proposal]) -> str:
    """The number with the unit in which it was said."""
    unit = proposal.display.removeprefix(str(proposal.value)).strip() if proposal.display else ""
    return f"{show_number(number)} {unit}".strip()


def _shown_budget(proposal: Proposal, amount: Decimal, siblings: Sequence[Proposal]) -> str:
    """The amount in the currency of the same call; a bare number when none was named."""
    named = [p for p in siblings if p.field == "currency" and p.run_id == proposal.run_id and p.state != "rejected"]
    ordered = sorted(named, key=lambda p: (p.state not in ACCEPTED, -p.confidence, p.id))
    codes = [str(value_of(p)) for p in ordered] + CODE.findall(proposal.display)
    code = next((code for code in codes if code in list_currencies()), None)
    return show_money(amount, code) if code else show_number(amount)


AMOUNTS: Mapping[str, Callable[[Proposal, Decimal, Sequence[Proposal]], str]] = {
    "quantity": _shown_quantity,
    "budget": _shown_budget,
}


def _shown_currency(code: str) -> str:
    """A currency by its name and code: "euro (EUR)"; a code that nobody knows as it is."""
    if code not in list_currencies():
        return code
    name = str(get_currency_name(code, locale=current_locale()))
    return f"{name[:1].upper()}{name[1:]} ({code})"


def _shown_due(text: str) -> str:
    """A day or a moment with its weekday; what is neither stays as it is."""
    try:
        if "T" in text:
            return show_datetime(datetime.fromisoformat(text), "EEEE, d MMMM y, HH:mm")
        return show_date(date.fromisoformat(text), "EEEE, d MMMM y")
    except ValueError:
        return text


def _shown_sentiment(key: str) -> str:
    return gettext(SENTIMENTS.get(key, key))


TOLD: Mapping[str, Callable[[str], str]] = {
    "intent": intent_label,
    "sentiment": _shown_sentiment,
    "due": _shown_due,
    "phone": cleaning.show_phone,
    "currency": _shown_currency,
}


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
