"""Finds times of day: "в три часа дня", "половина третьего", "at half past two", "3:30 pm"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from inference.text.date_words import (
    AFTERNOON,
    EVENING,
    HALF_PREFIX,
    HOUR_ORDINALS,
    HOUR_UNITS,
    MINUTE_UNITS,
    MORNING,
    NIGHT,
    NOON,
)
from inference.text.numbers import number_at
from inference.text.tokens import Token, phrase_at, vocabulary

CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")
BEFORE_TIME = vocabulary(
    "в во к ко между до после с около примерно at between by around about before after till until from"
)
# What may follow a bare hour ("at three"): anything else makes it a count ("at three sites").
AFTER_HOUR = vocabulary(
    "и до на по у мск московского or and on in works for if then sharp today tomorrow if please "
    "с а но или завтра сегодня "
    "послезавтра will would is okay ok ровно так это вас вам будет удобно подойдет пожалуйста я мы to the that"
)
DAY_HOURS = 12
LAST_AFTERNOON_HOUR = 7  # a bare "at seven" or less is after noon in business talk
LAST_HOUR, LAST_MINUTE = 23, 59


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day and the tokens `first:last` that say it."""

    at: time
    first: int
    last: int


def clock_at(tokens: Sequence[Token], index: int) -> Clock | None:
    """The time whose words start at this token; a preposition before it belongs to it."""
    start = index
    lead = tokens[index].norm in BEFORE_TIME
    if lead:
        index += 1
        if index < len(tokens) and tokens[index].norm in {"about", "around", "около", "примерно"}:
            index += 1
    if index >= len(tokens):
        return None
    found = _named(tokens, index) or _half(tokens, index) or _figures(tokens, index, lead=lead)
    found = found or _hour(tokens, index, lead=lead)
    if found is None:
        return None
    at, last = found
    return Clock(at, start, last)


def _named(tokens: Sequence[Token], index: int) -> tuple[time, int] | None:
    return (time(12), index + 1) if tokens[index].norm in NOON else None


def _half(tokens: Sequence[Token], index: int) -> tuple[time, int] | None:
    """Such as "половине третьего", "полтретьего", "half past two", "quarter to four"."""
    word = tokens[index].norm
    after = tokens[index + 1].norm if index + 1 < len(tokens) else ""
    if word in {"половина", "половине", "половину", "половины"} and after in HOUR_ORDINALS:
        return _part(tokens, HOUR_ORDINALS[after] - 1, 30, index + 2)
    if word.startswith(HALF_PREFIX) and word.removeprefix(HALF_PREFIX) in HOUR_ORDINALS:
        return _part(tokens, HOUR_ORDINALS[word.removeprefix(HALF_PREFIX)] - 1, 30, index + 1)
    minutes = 30 if word == "half" else 15 if word == "quarter" else 0
    if minutes and after in {"past", "to"}:
        number = number_at(tokens, index + 2) if index + 2 < len(tokens) else None
        if number is not None and 1 <= number.value <= DAY_HOURS:
            hour = int(number.value)
            late = after == "to"
            return _part(tokens, (hour - 1 if late else hour), 60 - minutes if late else minutes, number.last)
    return None


def _figures(tokens: Sequence[Token], index: int, *, lead: bool) -> tuple[time, int] | None:
    """15:30; with a full stop only after a preposition and never as part of a date."""
    match = CLOCK.fullmatch(tokens[index].text)
    if match is None or (":" not in tokens[index].text and not lead):
        return None
    if ":" not in tokens[index].text and 1 <= int(match.group(2)) <= DAY_HOURS:
        return None
    return _part(tokens, int(match.group(1)), int(match.group(2)), index + 1, written=len(match.group(1)) > 1)


def _hour(tokens: Sequence[Token], index: int, *, lead: bool) -> tuple[time, int] | None:
    """Such as "три часа дня", "three thirty", "3 pm", and a bare hour after a preposition."""
    number = number_at(tokens, index)
    if number is None or number.ordinal or number.value > LAST_HOUR or number.value != int(number.value):
        return None
    hour, last, minute, sure = int(number.value), number.last, 0, False
    if last < len(tokens) and (tokens[last].norm in HOUR_UNITS or phrase_at(tokens, last, ("o'clock",))):
        sure = lead
        last += 1
    follow = number_at(tokens, last) if last < len(tokens) else None
    if follow is not None and lead and _is_minute(tokens, follow.value, follow.first, last):
        minute, last, sure = int(follow.value), follow.last, True
        if last < len(tokens) and tokens[last].norm in MINUTE_UNITS:
            last += 1
    part = _part_of_day(tokens, last)
    if part is None and not sure and not (lead and _may_end(tokens, last)):
        return None
    return _part(tokens, hour, minute, last)


def _is_minute(tokens: Sequence[Token], value: float, first: int, last: int) -> bool:
    """A number right after the hour that can only be minutes."""
    adjacent = tokens[first].start - tokens[last - 1].end == 1
    return adjacent and first == last and value in {10, 15, 20, 30, 40, 45, 50}


def _may_end(tokens: Sequence[Token], last: int) -> bool:
    if last >= len(tokens):
        return True
    token = tokens[last]
    return (not token.is_word and not token.is_number and token.text not in "%$€£₽-") or token.norm in AFTER_HOUR


def _part_of_day(tokens: Sequence[Token], index: int) -> tuple[str, int] | None:
    """Such as "утра", "p.m.", "in the morning" at a token, and the token after it."""
    for first in ((), ("in", "the")):
        if not phrase_at(tokens, index, first):
            continue
        place = index + len(first)
        if place >= len(tokens):
            continue
        word = tokens[place].norm
        if word in MORNING | AFTERNOON | EVENING | NIGHT:
            return word, place + 1
        if word in {"a", "p"} and phrase_at(tokens, place + 1, (".", "m")):
            dot = place + 3 < len(tokens) and tokens[place + 3].text == "."
            return word + "m", place + 4 if dot else place + 3
    return None


def _part(
    tokens: Sequence[Token], hour: int, minute: int, last: int, *, written: bool = False
) -> tuple[time, int] | None:
    """The time of an hour and a minute, by the part of day that follows, else by business hours."""
    named = _part_of_day(tokens, last)
    if named is not None:
        word, last = named
        if word in AFTERNOON | EVENING and hour < DAY_HOURS:
            hour += DAY_HOURS
        if word in MORNING | NIGHT and hour == DAY_HOURS:
            hour = 0
    elif 0 <= hour <= LAST_AFTERNOON_HOUR and not (written and hour < DAY_HOURS and tokens[last - 1].text[0] == "0"):
        hour += DAY_HOURS
    return (time(hour % 24, minute), last) if minute <= LAST_MINUTE else None
