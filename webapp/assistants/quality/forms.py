"""The period and the module that a board is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from webapp.kit.clock import now
from webapp.kit.errors import Invalid
from webapp.kit.i18n import N_

USUAL_DAYS = 30
LONGEST_DAYS = 366
LONGEST_NAME = 64


@dataclass(frozen=True)
class Period:
    """Whole days in UTC, as the gateway counts them; both ends belong to it."""

    since: date
    until: date
    module: str = ""

    @property
    def begin(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.since, time(), UTC)

    @property
    def end(self) -> datetime:
        """The moment after the last one."""
        return datetime.combine(self.until + timedelta(days=1), time(), UTC)

    @property
    def days(self) -> int:
        """How many days there are."""
        return (self.until - self.since).days + 1


def usual() -> Period:
    """The last thirty days."""
    today = now().astimezone(UTC).date()
    return Period(today - timedelta(days=USUAL_DAYS - 1), today)


def read(arguments: Mapping[str, str]) -> Period:
    """The period of a query; raises Invalid, naming the field that cannot be read."""
    since, until = (_day(arguments.get(name, ""), name) for name in ("since", "until"))
    last = until or usual().until
    first = since or last - timedelta(days=USUAL_DAYS - 1)
    if first > last:
        raise Invalid({"since": N_("The first day lies after the last one")})
    if (last - first).days >= LONGEST_DAYS:
        raise Invalid({"since": N_("At most a year can be looked at")})
    module = arguments.get("module", "").replace("\x00", "").strip()
    if len(module) > LONGEST_NAME:
        raise Invalid({"module": N_("There is no such module")})
    return Period(first, last, module)


def _day(text: str, field: str) -> date | None:
    if not text.strip():
        return None
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid({field: N_("This is not a date")}) from None
    if not 1970 < found.year < 2200:
        raise Invalid({field: N_("This date is too far away")})
    return found
