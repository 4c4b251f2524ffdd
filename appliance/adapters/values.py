"""Turning the text of a cell into a value of the contract; what does not fit is refused with a remedy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers

from appliance.adapters.records import Unfit

SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")
EMAIL = re.compile(r"[^\s@<>\"',;:]+@[^\s@<>\"',;:]+\.[^\s@<>\"',;:.]{2,}")
UNITS = re.compile(r"(?i)(?:руб(?:лей|ля|ль)?|р|rub|usd|eur|шт|%|₽|\$|€)\.?$")
NUMERIC_DATE = re.compile(
    r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})(?:\s*г\.?)?(?:[\sT,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
WORDED_DATE = re.compile(
    r"(?i)(\d{1,2})\s+([а-яa-z]+)\.?\s+(\d{4})(?:\s*г(?:\.|ода)?)?(?:[\s,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
MONTHS: Mapping[str, int] = {
    "янв": 1, "фев": 2, "мар": 3, "апр": 4, "май": 5, "мая": 5, "июн": 6, "июл": 7, "авг": 8, "сен": 9, "окт": 10,
    "ноя": 11, "дек": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9,
    "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
CURRENCIES: Mapping[str, str] = {
    "руб": "RUB", "рубль": "RUB", "рублей": "RUB", "российский рубль": "RUB", "₽": "RUB", "р": "RUB", "643": "RUB",
    "rur": "RUB", "810": "RUB", "доллар": "USD", "доллар сша": "USD", "$": "USD", "840": "USD", "евро": "EUR",
    "€": "EUR", "978": "EUR", "юань": "CNY", "156": "CNY", "тенге": "KZT", "398": "KZT",
}  # fmt: skip
YES = frozenset({"да", "истина", "true", "yes", "1", "y", "+", "on"})
NO = frozenset({"нет", "ложь", "false", "no", "0", "n", "-", "off"})
EMPTY_YEAR = 1  # how 1C writes a date that is not set
PIVOT = 70  # a year of two digits below it is of this century
INN_10 = (2, 4, 10, 3, 5, 9, 4, 6, 8)
INN_11 = (7, *INN_10)
INN_12 = (3, *INN_11)
LONGEST_NUMBER = 15


@dataclass(frozen=True)
class Setting:
    """What a mapping says about all its values: the zone of times without one, and the country of short phones."""

    timezone: ZoneInfo
    region: str = "RU"
    decimal: str = "auto"


Transform = Callable[[str, Setting], Any]


def one_line(text: str, _setting: Setting) -> str:
    """The text with its spaces collapsed."""
    return SPACES.sub(" ", text).strip()


def text(value: str, _setting: Setting) -> str:
    """Text of several lines."""
    return value.replace("\r\n", "\n").strip()


def number(value: str, setting: Setting) -> str | None:
    """A number written in any usual way ("1 234 567,89 руб.", "1,234.50"), as decimal text; None when empty."""
    plain = UNITS.sub("", SPACES.sub("", value).replace("'", "").replace("’", ""))
    plain = UNITS.sub("", plain).replace("−", "-")
    if not plain:
        return None
    try:
        found = Decimal(_with_point(plain, setting.decimal))
    except InvalidOperation:
        raise Unfit(f"{value!r} is not a number. Write digits with a comma or a point, such as 1234,50.") from None
    if not found.is_finite() or len(found.as_tuple().digits) > LONGEST_NUMBER:
        raise Unfit(f"{value!r} is no amount. Write at most {LONGEST_NUMBER} digits.")
    return format(found, "f")


def _with_point(plain: str, mark: str) -> str:
    """The number with a point before its decimals: the last of two marks, or the one that the mapping names."""
    if mark == "auto":
        last = max(plain.rfind(","), plain.rfind("."))
        mark = plain[last] if last >= 0 else "."
        if plain.count(mark) > 1:  # 1.234.567 groups its digits
            return plain.replace(mark, "")
    other = "." if mark == "," else ","
    return plain.replace(other, "").replace(mark, ".")


def moment_of(value: str, setting: Setting) -> datetime | date | None:
    """A date or a moment in Russian, English or ISO writing; None when empty or not set."""
    plain = one_line(value, setting)
    if not plain or set(plain) <= set("0.:-/T Z"):
        return None
    found = _iso(plain) or _written(plain)
    if found is None:
        raise Unfit(f"{value!r} is not a date. Write it as 31.12.2026 or 2026-12-31, with a time as 31.12.2026 14:05.")
    if found.year == EMPTY_YEAR:
        return None
    if isinstance(found, datetime) and found.tzinfo is None:
        return found.replace(tzinfo=setting.timezone)
    return found


def _iso(plain: str) -> datetime | date | None:
    try:
        return date.fromisoformat(plain) if len(plain) <= len("2026-12-31") else datetime.fromisoformat(plain)
    except ValueError:
        return None


def _written(plain: str) -> datetime | date | None:
    found = NUMERIC_DATE.fullmatch(plain) or WORDED_DATE.fullmatch(plain)
    if found is None:
        return None
    day, month, year, hour, minute, second = found.groups()
    number_of_month = int(month) if month.isdigit() else MONTHS.get(month[:3].lower(), 0)
    whole = int(year) + (0 if len(year) > 2 else 2000 if int(year) < PIVOT else 1900)
    try:
        if hour is None:
            return date(whole, number_of_month, int(day))
        return datetime(whole, number_of_month, int(day), int(hour), int(minute), int(second or 0))  # noqa: DTZ001
    except ValueError:
        return None


def day(value: str, setting: Setting) -> str | None:
    """A calendar day as ISO text."""
    found = moment_of(value, setting)
    return None if found is None else (found.date() if isinstance(found, datetime) else found).isoformat()


def moment(value: str, setting: Setting) -> str | None:
    """An aware moment as ISO text; a day alone is its midnight."""
    found = moment_of(value, setting)
    if found is None:
        return None
    if not isinstance(found, datetime):
        found = datetime(found.year, found.month, found.day, tzinfo=setting.timezone)
    return found.isoformat()


def phone(value: str, setting: Setting) -> str:
    """A phone as E.164, with its extension; of several, the first."""
    plain = one_line(value, setting)
    if not plain:
        return ""
    # "доб." as Russians write an extension, in a word that the library knows.
    first = re.sub(
        r"(?i)[\s,(]*\b(?:доб|вн|внутр)\b\.?\s*", " ext. ", re.split(r"[;\n/]|,(?=\s*(?:\+|8[\s(-]?\d))", plain)[0]
    )
    try:
        found = phonenumbers.parse(first.strip(" )"), setting.region)
    except phonenumbers.NumberParseException:
        raise Unfit(f"{value!r} is not a phone number. Write it as +7 495 123-45-67, or leave it empty.") from None
    if not phonenumbers.is_possible_number(found):
        raise Unfit(f"{value!r} has the wrong count of digits for a phone. Write it as +7 495 123-45-67.")
    extension = f";ext={found.extension}" if found.extension else ""
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164) + extension


def email(value: str, setting: Setting) -> str:
    """An e-mail address in lower case; of several, the first."""
    plain = one_line(value, setting).lower().removeprefix("mailto:")
    if not plain:
        return ""
    first = re.split(r"[;,\s]+", plain)[0]
    if not EMAIL.fullmatch(first):
        raise Unfit(f"{value!r} is not an e-mail address. Write it as name@company.ru, or leave it empty.")
    return first


def inn(value: str, setting: Setting) -> str:
    """A Russian tax number of 10 or 12 digits whose check digits are right."""
    plain = one_line(value, setting).replace(" ", "").removesuffix(".0")  # a spreadsheet took it for a number
    if not plain:
        return ""
    if not plain.isascii() or not plain.isdigit():
        raise Unfit(f"{value!r} is not an INN: it has 10 or 12 digits and nothing else. Mend or empty it.")
    if len(plain) in (9, 11):
        plain = "0" + plain  # a spreadsheet took it for a number and lost the zero
    if len(plain) not in (10, 12):
        raise Unfit(f"{value!r} is not an INN: it has {len(plain)} digits instead of 10 or 12. Mend or empty it.")
    if not _inn_holds(plain):
        raise Unfit(f"{value!r} is not an INN: its check digits are wrong, so one of its digits is. Mend or empty it.")
    return plain


def _inn_holds(digits: str) -> bool:
    checks = ((INN_10, 9),) if len(digits) == 10 else ((INN_11, 10), (INN_12, 11))
    return all(
        sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False)) % 11 % 10 == int(digits[place])
        for weights, place in checks
    )


def currency(value: str, setting: Setting) -> str | None:
    """A currency as its ISO 4217 code; the Russian names and numbers of the usual ones are known."""
    plain = one_line(value, setting)
    if not plain:
        return None
    found = CURRENCIES.get(plain.lower().rstrip("."), plain.upper())
    if not re.fullmatch("[A-Z]{3}", found):
        raise Unfit(f"{value!r} is not a currency. Write its code, such as RUB.")
    return found


def yes_or_no(value: str, setting: Setting) -> bool | None:
    """Yes or no in Russian or English; None when empty."""
    plain = one_line(value, setting).lower()
    if not plain:
        return None
    if plain not in YES | NO:
        raise Unfit(f"{value!r} is neither yes nor no. Write да or нет.")
    return plain in YES


TRANSFORMS: Mapping[str, Transform] = {
    "line": one_line,
    "text": text,
    "number": number,
    "date": day,
    "datetime": moment,
    "phone": phone,
    "email": email,
    "inn": inn,
    "currency": currency,
    "boolean": yes_or_no,
    "list": lambda value, setting: [part for one in re.split("[;,\n]", value) if (part := one_line(one, setting))],
    "lower": lambda value, setting: one_line(value, setting).lower(),
    "upper": lambda value, setting: one_line(value, setting).upper(),
    "digits": lambda value, _setting: re.sub(r"\D", "", value),
}
