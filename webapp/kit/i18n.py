"""Words in Russian and English: gettext catalogues of all features, merged, and the person's locale.

Each folder `webapp/**/translations/ru.po` belongs to the feature beside it. English is the language of the message ids.
"""

from __future__ import annotations

import io
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal
from babel.support import Translations

from webapp.kit.clock import now

LOCALES = ("en", "ru")
# English dates and amounts as Europe writes them: the day first, 24 hours.
BABEL_NAMES = {"en": "en_GB", "ru": "ru"}
# Where a date stands in a list its year is left out while it is the present one.
DATE_PATTERNS = {"short": "d MMM y", "medium": "d MMM y"}
DATETIME_PATTERNS = {"short": "d MMM y, HH:mm", "medium": "d MMM y, HH:mm", "long": "d MMMM y, HH:mm"}
SIGNS = {"RUB": "₽", "US$": "$"}
ROOT = Path(__file__).resolve().parent.parent

DEFAULT_ZONE = ZoneInfo("Europe/Moscow")
_locale: ContextVar[str] = ContextVar("locale", default="en")
_timezone: ContextVar[ZoneInfo] = ContextVar("timezone", default=DEFAULT_ZONE)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Mark a message for translation without translating it yet."""
    return message


def use_locale(locale: str, timezone: str | None = None) -> None:
    """Choose the locale (and time zone) for the rest of this request or job."""
    _locale.set(locale if locale in LOCALES else "en")
    if timezone is not None:
        _timezone.set(ZoneInfo(timezone))


def current_locale() -> str:
    """The locale of this request or job: "en" or "ru"."""
    return _locale.get()


def current_timezone() -> ZoneInfo:
    """The time zone in which times are shown."""
    return _timezone.get()


def catalogue_files() -> list[Path]:
    """All Russian catalogues of the web application."""
    return sorted(ROOT.glob("**/translations/ru.po"))


@lru_cache(maxsize=4)
def translations(locale: str) -> Translations:
    """The merged catalogue of a locale; empty for English, whose words are the ids."""
    merged = Translations()
    if locale == "en":
        return merged
    for path in catalogue_files():
        with path.open("rb") as handle:
            catalog: Catalog = read_po(handle, locale=locale)
        buffer = io.BytesIO()
        write_mo(buffer, catalog)
        buffer.seek(0)
        one = Translations(buffer)
        merged.merge(one)
        # Merging brings the words alone; without the rule of the language "7 calls" would get the form of "2 calls".
        merged.plural = one.plural
    return merged


def gettext(message: str, **variables: object) -> str:
    """Translate into the current locale and fill in `%(name)s` variables."""
    text = message if not message else str(translations(_locale.get()).ugettext(message))
    return text % variables if variables else text


def ngettext(singular: str, plural: str, number: int, **variables: object) -> str:
    """Translate with a plural form chosen by `number`."""
    text = str(translations(_locale.get()).ungettext(singular, plural, number))
    return text % {"num": number, **variables}


_ = gettext


@lru_cache(maxsize=4)
def _parsed(locale: str) -> Locale:
    # Babel looks for its data on the disk whenever it is given a name: over a millisecond for each date of a list.
    return Locale.parse(BABEL_NAMES[locale])


def _babel() -> Locale:
    return _parsed(_locale.get())


def _this_year(value: date) -> bool:
    return value.year == now().astimezone(_timezone.get()).year


def show_date(value: date | datetime | None, style: str = "medium") -> str:
    """A date in the person's locale and zone; empty when there is none. "short" leaves out the present year."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(_timezone.get())
    pattern = DATE_PATTERNS.get(style, style)
    if style == "short" and _this_year(value):
        pattern = pattern.replace(" y", "")
    return str(format_date(value, format=pattern, locale=_babel()))


def show_datetime(value: datetime | None, style: str = "medium") -> str:
    """A date with its time in the person's locale and zone; empty when there is none. "short" as for a date."""
    if value is None:
        return ""
    value = value.astimezone(_timezone.get())
    pattern = DATETIME_PATTERNS.get(style, style)
    if style == "short" and _this_year(value):
        pattern = pattern.replace(" y", "")
    return str(format_datetime(value, format=pattern, tzinfo=_timezone.get(), locale=_babel()))


def show_ago(value: datetime | None, present: datetime) -> str:
    """How long ago (or ahead) a moment is, in words."""
    if value is None:
        return ""
    return str(format_timedelta(value - present, add_direction=True, locale=_babel()))


def show_money(amount: Decimal | float | None, currency: str | None) -> str:
    """An amount with its currency, without kopecks or cents when they are zero."""
    if amount is None:
        return ""
    pattern = None if amount % 1 else ("#,##0\xa0¤" if _locale.get() == "ru" else "¤#,##0")
    shown = str(
        format_currency(amount, currency or "RUB", format=pattern, locale=_babel(), currency_digits=bool(amount % 1))
    )
    for code, sign in SIGNS.items():
        shown = shown.replace(code, sign)
    return shown


def show_number(value: Decimal | float | None) -> str:
    """A number with the locale's grouping."""
    return "" if value is None else str(format_decimal(value, locale=_babel()))
