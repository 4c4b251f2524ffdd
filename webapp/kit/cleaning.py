"""Typed text and API values become what is stored: trimmed, normalised, checked.

A cleaner takes what was given and answers what is stored, or raises `Unclean` with one sentence for the person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeVar

import phonenumbers
from babel.numbers import list_currencies

from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_, current_timezone

Cleaner = Callable[[Any], Any]
EMAIL = re.compile(r"[^\s@<>\"',;:]+@[^\s@<>\"',;:]+\.[^\s@<>\"',;:.]{2,}")
HOST = re.compile(r"https?://[^\s/?#\"'<>]+\.[^\s\"'<>]+", re.IGNORECASE)
LARGEST_AMOUNT = Decimal("999999999999.99")
LONGEST_NOTE = 20_000
LONGEST_EMAIL = 254
FIRST_YEAR, LAST_YEAR = 1900, 2199
DEFAULT_REGION = "RU"  # the country of a phone that is written without its country code


class Unclean(ValueError):
    """The value cannot be stored; the message is shown beside its field."""


def clean(values: Mapping[str, Any], cleaners: Mapping[str, Cleaner]) -> dict[str, Any]:
    """Clean all values; raises Invalid, naming every field that does not fit."""
    cleaned: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, value in values.items():
        cleaner = cleaners.get(name)
        if cleaner is None:
            errors[name] = N_("There is no such field")
            continue
        try:
            cleaned[name] = cleaner(value)
        except Unclean as error:
            errors[name] = str(error)
    if errors:
        raise Invalid(errors)
    return cleaned


def try_clean(cleaner: Cleaner, value: Any) -> Any:
    """The cleaned value, or "" when it does not fit: for hints while somebody is still typing."""
    try:
        return cleaner(value)
    except Unclean:
        return ""


def line(longest: int = 200, *, required: bool = False) -> Cleaner:
    """One line of text, its spaces collapsed, at most `longest` characters."""

    def cleaner(value: Any) -> str:
        text = " ".join(str(value or "").replace("\x00", "").split())
        if required and not text:
            raise Unclean(N_("Please fill in this field"))
        if len(text) > longest:
            raise Unclean(N_("This is too long"))
        return text

    return cleaner


def note(value: Any) -> str:
    """Free text of several lines."""
    text = str(value or "").replace("\x00", "").replace("\r\n", "\n").strip()
    if len(text) > LONGEST_NOTE:
        raise Unclean(N_("This is too long"))
    return text


def phone(value: Any) -> str:
    """A phone as E.164, with `;ext=` and digits when it has an extension."""
    text = str(value or "").strip()
    if not text:
        return ""
    try:
        number = phonenumbers.parse(text, DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        raise Unclean(N_("This is not a phone number")) from None
    if not phonenumbers.is_possible_number(number):
        raise Unclean(N_("This is not a phone number: check the count of its digits"))
    extension = f";ext={number.extension}" if number.extension else ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) + extension


@lru_cache(maxsize=10_000)
def show_phone(text: str | None) -> str:
    """A stored phone as people write it; what is no phone is shown as it is."""
    if not text:
        return ""
    try:
        number = phonenumbers.parse(text, DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def email(value: Any) -> str:
    """An e-mail address in lower case."""
    text = str(value or "").strip().lower()
    if text and (len(text) > LONGEST_EMAIL or not EMAIL.fullmatch(text)):
        raise Unclean(N_("This is not an e-mail address"))
    return text


def website(value: Any) -> str:
    """An http or https address; the scheme is added when it is missing."""
    text = str(value or "").strip()
    if not text:
        return ""
    address = text if "://" in text else f"https://{text}"
    if not HOST.fullmatch(address):
        raise Unclean(N_("This is not a web address"))
    return address


def tax_number(value: Any) -> str:
    """A tax number: digits and capital letters without spaces."""
    text = re.sub(r"[\s-]", "", str(value or "")).upper()
    if text and not re.fullmatch(r"[0-9A-Z]{4,20}", text):
        raise Unclean(N_("A tax number has 4 to 20 digits or letters"))
    return text


def number(places: int) -> Cleaner:
    """A number that is not negative, with a comma or a point, at most `places` decimals; None when empty."""

    def cleaner(value: Any) -> Decimal | None:
        if value is None or value == "":
            return None
        text = re.sub(r"[\s\u00a0\u202f']", "", str(value)).replace(",", ".")
        try:
            parsed = Decimal(text)
        except InvalidOperation:
            raise Unclean(N_("This is not a number")) from None
        if not parsed.is_finite():
            raise Unclean(N_("This is not a number"))
        if parsed < 0:
            raise Unclean(N_("This cannot be negative"))
        if parsed > LARGEST_AMOUNT:
            raise Unclean(N_("This number is too large"))
        return parsed.quantize(Decimal(1).scaleb(-places))

    return cleaner


def show_plain(value: Decimal | str | None) -> str:
    """A number as it is typed into a field: without a currency, grouping or needless zeros."""
    if value is None:
        return ""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


money = number(2)
quantity = number(3)


def currency(value: Any) -> str:
    """A currency by its ISO 4217 code."""
    code = str(value or "").strip().upper()
    if code not in list_currencies():
        raise Unclean(N_("This is not a currency code"))
    return code


def day(value: Any) -> date | None:
    """A calendar day, as YYYY-MM-DD; None when empty."""
    if value is None or value == "":
        return None
    try:
        plain = isinstance(value, date) and not isinstance(value, datetime)
        parsed: date = value if plain else date.fromisoformat(str(value).strip())
    except ValueError:
        raise Unclean(N_("This is not a date")) from None
    return believable(parsed)


D = TypeVar("D", bound=date)


def believable(value: D) -> D:
    """A date or a moment of the years in which people do business; Unclean for one that nobody can mean.

    What lies at the edges of the calendar cannot be moved to another time zone, nor read back from the database.
    """
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise Unclean(N_("This date is too far away"))
    return value


def moment(value: Any) -> datetime | None:
    """An aware moment; text without a zone is read in the zone of the installation, a day alone as its midnight."""
    if value is None or value == "":
        return None
    try:
        parsed = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise Unclean(N_("This is not a date")) from None
    if believable(parsed).tzinfo is None:
        parsed = parsed.replace(tzinfo=current_timezone())
    return parsed.astimezone(UTC)


def flag(value: Any) -> bool:
    """Yes or no."""
    return value in (True, "1", "true", "on", "yes")


def reference(value: Any) -> int | None:
    """The id of another record; None when empty."""
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Unclean(N_("This is not a record")) from None
