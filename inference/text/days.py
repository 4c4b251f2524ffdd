"""Reads one day from words: "послезавтра", "next Friday", "25 декабря", "через две недели"."""

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from inference.text.date_words import (
    BEGINNING,
    BY_DAY,
    DAY_UNITS,
    DAYS_AHEAD,
    END,
    HOUR_UNITS,
    MINUTE_UNITS,
    MONTH_UNITS,
    MONTHS,
    NEXT,
    QUARTER_UNITS,
    THIS,
    WEEK_UNITS,
    WEEKDAYS,
    YEAR_UNITS,
)
from inference.text.numbers import number_at
from inference.text.tokens import Token, phrase_at, vocabulary

FRIDAY = 4
WORKING = frozenset({"рабочих", "рабочий", "рабочего", "working", "business"})
DOTTED = re.compile(r"(\d{1,2})\.(\d{2})(?:\.(\d{4}|\d{2}))?")
TODAY = (
    ("this", "afternoon"), ("this", "evening"), ("this", "morning"), ("до", "вечера"), ("к", "вечеру"),
    ("later", "today"), ("end", "of", "play"),
)  # fmt: skip
SUFFIXES = vocabulary("st nd rd th го е ого му")
FEW = {"пару": 2.0, "couple": 2.0, "полтора": 1.5}
AHEAD = (("через",), ("спустя",), ("in",), ("within",), ("в", "течение"), ("в", "течении"))
MAX_DAY = 31
# After "the fifth" these words show that a day was meant; a noun would make it a place in a row.
AFTER_ORDINAL = vocabulary("числа at in if then please or and в и или вас вам will would works is then to")


@dataclass(frozen=True, slots=True)
class Day:
    """A day and the tokens `first:last` that say it; `at` when the words give a moment ("in an hour")."""

    day: date
    first: int
    last: int
    vague: bool = False
    at: datetime | None = None


def day_at(tokens: Sequence[Token], index: int, now: datetime) -> Day | None:
    """The day whose words start at this token."""
    readers: tuple[Callable[[Sequence[Token], int, datetime], Day | None], ...] = (
        _ahead_word, _distance, _edge, _weekday, _week, _calendar, _dotted, _ordinal,
    )  # fmt: skip
    for reader in readers:
        day = reader(tokens, index, now)
        if day is not None:
            return day
    return None


def _word(tokens: Sequence[Token], index: int) -> str:
    return tokens[index].norm if index < len(tokens) else ""


def _ahead_word(tokens: Sequence[Token], index: int, now: datetime) -> Day | None:
    """Today, tomorrow, the day after tomorrow."""
    for lead in (("the",), ()):
        phrase = (*lead, "day", "after", "tomorrow")
        if phrase_at(tokens, index, phrase):
            return Day(now.date() + timedelta(days=2), index, index + len(phrase))
    for phrase in TODAY:
        if phrase_at(tokens, index, phrase):
            return Day(now.date(), index, index + len(phrase))
    days = DAYS_AHEAD.get(tokens[index].norm)
    return None if days is None else Day(now.date() + timedelta(days=days), index, index + 1)


def _count(tokens: Sequence[Token], index: int) -> tuple[float, int]:
    """A number of units and the token after it; a unit with no number is one."""
    word = _word(tokens, index)
    if word in {"a", "an", "one"}:
        index, word = index + 1, _word(tokens, index + 1)
        if word not in FEW:
            return 1.0, index
    if word in FEW:
        skip = 2 if _word(tokens, index + 1) == "of" else 1
        return FEW[word], index + skip
    number = number_at(tokens, index) if index < len(tokens) else None
    if number is not None and not number.ordinal:
        return number.value, number.last
    return 1.0, index


def _distance(tokens: Sequence[Token], index: int, now: datetime) -> Day | None:
    """Such as "через три дня", "in two weeks", "two days from now", "через час"."""
    for lead in AHEAD:
        if phrase_at(tokens, index, lead):
            if phrase_at(tokens, index, ("через", "полчаса")):
                at = now + timedelta(minutes=30)
                return Day(at.date(), index, index + 2, at=at)
            count, place = _count(tokens, index + len(lead))
            if _word(tokens, place) in WORKING and _word(tokens, place + 1) in DAY_UNITS:
                return Day(_working_days_later(now.date(), round(count)), index, place + 2)
            return _after(now, count, _word(tokens, place), (index, place + 1))
    count, place = _count(tokens, index)
    tail = ("from", "now"), ("from", "today"), ("from", "tomorrow")
    for phrase in tail:
        if place > index and phrase_at(tokens, place + 1, phrase):
            base = now + timedelta(days=1) if phrase[1] == "tomorrow" else now
            return _after(base, count, _word(tokens, place), (index, place + 3))
    if place > index and phrase_at(tokens, place + 1, ("from",)) and _word(tokens, place + 2) in WEEKDAYS:
        day = _coming(now.date(), WEEKDAYS[_word(tokens, place + 2)])
        if _word(tokens, place) in WEEK_UNITS:
            return Day(day + timedelta(weeks=count), index, place + 3)
    return None


def _working_days_later(day: date, count: int) -> date:
    """The day after so many working days; Saturdays and Sundays do not count."""
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() <= FRIDAY
    return day


def _after(now: datetime, count: float, unit: str, span: tuple[int, int]) -> Day | None:
    """The day or moment that is `count` units after `now`."""
    if unit in HOUR_UNITS or unit in MINUTE_UNITS:
        step = timedelta(hours=count) if unit in HOUR_UNITS else timedelta(minutes=count)
        at = (now + step).replace(second=0, microsecond=0)
        return Day(at.date(), *span, at=at)
    if unit in DAY_UNITS:
        return Day(now.date() + timedelta(days=round(count)), *span)
    if unit in WEEK_UNITS:
        return Day(now.date() + timedelta(days=round(count * 7)), *span)
    if unit in MONTH_UNITS:
        return Day(_months_later(now.date(), round(count)), *span)
    if unit in YEAR_UNITS:
        return Day(_months_later(now.date(), round(count * 12)), *span)
    return None


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _coming(today: date, weekday: int) -> date:
    """The first such weekday after today."""
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _of_week(today: date, weekday: int, weeks: int) -> date:
    """That weekday of this week (0) or of the weeks after it."""
    day = today + timedelta(days=weekday - today.weekday() + 7 * weeks)
    return day if day >= today else day + timedelta(weeks=1)


def _weekday(tokens: Sequence[Token], index: int, now: datetime) -> Day | None:
    """Such as "в следующую пятницу", "this Friday", "Friday next week", "на следующей неделе во вторник"."""
    place, weeks = index, -1
    if tokens[index].norm in NEXT | THIS:
        weeks = 1 if tokens[index].norm in NEXT else 0
        place += 1
        if _word(tokens, place) in WEEK_UNITS:
            place += 1
            while _word(tokens, place) in {",", "скажем", "например", "допустим", "say", "maybe", "perhaps"}:
                place += 1
            place += _word(tokens, place) in {"в", "во", "on", "к"}
    if _word(tokens, place) not in WEEKDAYS:
        return None
    weekday, last = WEEKDAYS[_word(tokens, place)], place + 1
    lead = 1 if _word(tokens, last) in {"на", "of", "on"} else 0
    if _word(tokens, last + lead) in NEXT | THIS and _word(tokens, last + lead + 1) in WEEK_UNITS:
        weeks = 1 if _word(tokens, last + lead) in NEXT else 0
        last += lead + 2
    elif _word(tokens, last) == "week":
        return Day(_coming(now.date(), weekday) + timedelta(weeks=1), index, last + 1)
    today = now.date()
    return Day(_coming(today, weekday) if weeks < 0 else _of_week(today, weekday, weeks), index, last)


def _week(tokens: Sequence[Token], index: int, now: datetime) -> Day | None:
    """Such as "на следующей неделе": its Monday, and said to be vague; "next month": its first day."""
    word, unit = tokens[index].norm, _word(tokens, index + 1)
    if word not in NEXT | THIS:
        return None
    today = now.date()
    if unit in WEEK_UNITS:
        day = today + timedelta(days=7 - today.weekday()) if word in NEXT else _of_week(today, FRIDAY, 0)
        return Day(day, index, index + 2, vague=True)
    if unit in MONTH_UNITS and word in NEXT:
        return Day(_months_later(today.replace(day=1), 1), index, index + 2, vague=True)
    return None


def _edge(tokens: Sequence[Token], index: int, now: datetime) -> Day | None:
    """Such as "до конца недели", "end of next month", "в начале месяца"."""
    word = tokens[index].norm
    if word not in END | BEGINNING:
        return None
    place = index + 1
    while _word(tokens, place) in {"of", "the", "рабочего", "business"}:
        place += 1
    ahead = 0
    if _word(tokens, place) in NEXT | THIS:
        ahead = 1 if _word(tokens, place) in NEXT else 0
        place += 1
    day = _edge_day(now.date(), _word(tokens, place), ahead, end=word in END)
    return None if day is None else Day(day, index, place + 1)


def _edge_day(today: date, unit: str, ahead: int, *, end: bool) -> date | None:
    """The first or the last day of a week, month, quarter or year."""
    if unit in DAY_UNITS:
        return today
    if unit in WEEK_UNITS:
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=ahead)
        first = monday if monday > today else monday + timedelta(weeks=1)
        return _of_week(today, FRIDAY, ahead) if end else first
    if unit in YEAR_UNITS:
        return date(today.year + ahead, 12, 31) if end else None
    first_and_months = _period(today, unit, ahead, end=end)
    if first_and_months is None:
        return None
    first, months = first_and_months
    return _last_of(_months_later(first, months - 1)) if end else first


def _period(today: date, unit: str, ahead: int, *, end: bool) -> tuple[date, int] | None:
    """The first day of a month or quarter and its length in months; a beginning is always still to come."""
    if unit in MONTHS:
        return date(today.year + (MONTHS[unit] < today.month), MONTHS[unit], 1), 1
    later = ahead if end else max(ahead, 1)
    if unit in MONTH_UNITS:
        return _months_later(today.replace(day=1), later), 1
    if unit in QUARTER_UNITS:
        quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
        return _months_later(quarter, 3 * later), 3
    return None


def _last_of(first: date) -> date:
    return first.replace(day=monthrange(first.year, first.month)[1])


def _day_number(tokens: Sequence[Token], index: int) -> tuple[int, int, bool]:
    """A day of the month, the token after it, and whether it was said as an ordinal."""
    number = number_at(tokens, index) if index < len(tokens) else None
    if number is None or not 1 <= number.value <= MAX_DAY or number.value != int(number.value):
        return 0, index, False
    last, ordinal = number.last, number.ordinal
    dash = 1 if _word(tokens, last) == "-" else 0
    if number.in_digits and _word(tokens, last + dash) in SUFFIXES:
        return int(number.value), last + dash + 1, True
    return int(number.value), last, ordinal


def _calendar(tokens: Sequence[Token], index: int, now: datetime) -> Day | None:
    """Such as "25 декабря", "the fifth of March", "March 5th, 2027"."""
    place = index + 1 if tokens[index].norm == "the" else index
    day, last, _ = _day_number(tokens, place)
    if day:
        last += _word(tokens, last) == "of"
        month = MONTHS.get(_word(tokens, last), 0)
        return _dated(tokens, (index, last + 1), (day, month), now) if month else None
    month = MONTHS.get(tokens[index].norm, 0)
    if not month:
        return None
    place = index + 2 if _word(tokens, index + 1) == "the" else index + 1
    day, last, ordinal = _day_number(tokens, place)
    english = tokens[index].norm.isascii()
    return _dated(tokens, (index, last), (day, month), now) if day and (english or ordinal) else None


def _dated(tokens: Sequence[Token], span: tuple[int, int], parts: tuple[int, int], now: datetime) -> Day | None:
    """A day and month with the year that follows, else the year in which it is still to come."""
    (first, last), (day, month) = span, parts
    place = last + 1 if _word(tokens, last) == "," else last
    year = now.year
    number = number_at(tokens, place) if place < len(tokens) else None
    if number is not None and now.year - 1 <= number.value <= now.year + 10:
        year, last = int(number.value), number.last
        last += _word(tokens, last) in YEAR_UNITS
    elif (month, day) < (now.month, now.day):
        year += 1
    try:
        return Day(date(year, month, day), first, last)
    except ValueError:
        return None


def _dotted(tokens: Sequence[Token], index: int, now: datetime) -> Day | None:
    """Such as "25.12" and "25.12.2026"."""
    match = DOTTED.fullmatch(tokens[index].text)
    if match is None or not 1 <= int(match.group(2)) <= 12:
        return None
    if match.group(3) is None and (index == 0 or tokens[index - 1].norm not in BY_DAY):
        return None
    day, month = int(match.group(1)), int(match.group(2))
    year = int(match.group(3) or 0)
    if not year:
        year = now.year + ((month, day) < (now.month, now.day))
    try:
        return Day(date(year if year > 99 else 2000 + year, month, day), index, index + 1)
    except ValueError:
        return None


def _ordinal(tokens: Sequence[Token], index: int, now: datetime) -> Day | None:
    """Such as "до двадцать пятого", "by the fifth": the next such day of a month."""
    place = index + 1 if tokens[index].norm == "the" else index
    before = _word(tokens, index - 1) if index else ""
    day, last, ordinal = _day_number(tokens, place)
    after = _word(tokens, last)
    dated = after == "числа"
    ends = last >= len(tokens) or not tokens[last].is_word or after in AFTER_ORDINAL
    if not day or not (dated or (ordinal and before in BY_DAY and ends)):
        return None
    month = now.date().replace(day=1)
    for ahead in range(3):
        first = _months_later(month, ahead)
        if day <= monthrange(first.year, first.month)[1] and first.replace(day=day) >= now.date():
            return Day(first.replace(day=day), index, last + dated)
    return None
