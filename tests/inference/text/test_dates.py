"""Dates against the moment of the call: Wednesday, 25 November 2026, 11:30 in Moscow."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.text.dates import find_dates

NOW = datetime(2026, 11, 25, 11, 30, tzinfo=ZoneInfo("Europe/Moscow"))


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("завтра в три", "2026-11-26T15:00:00+03:00"),
        ("послезавтра", "2026-11-27"),
        ("в пятницу", "2026-11-27"),
        ("в следующую пятницу", "2026-12-04"),
        ("на следующей неделе, скажем, в четверг в одиннадцать", "2026-12-03T11:00:00+03:00"),
        ("через две недели", "2026-12-09"),
        ("через три рабочих дня", "2026-11-30"),
        ("до конца месяца", "2026-11-30"),
        ("двадцать пятого декабря", "2026-12-25"),
        ("15.12.2026", "2026-12-15"),
        ("завтра в половине третьего", "2026-11-26T14:30:00+03:00"),
        ("завтра с десяти до двенадцати", "2026-11-26T10:00:00+03:00"),
        ("через полчаса", "2026-11-25T12:00:00+03:00"),
        ("tomorrow at three", "2026-11-26T15:00:00+03:00"),
        ("next Friday", "2026-12-04"),
        ("this Friday", "2026-11-27"),
        ("the day after tomorrow", "2026-11-27"),
        ("by the end of the week", "2026-11-27"),
        ("the fifth of March at half past two", "2027-03-05T14:30:00+03:00"),
        ("December 3rd, 2026 at 10:30 a.m.", "2026-12-03T10:30:00+03:00"),
        ("Thursday next week", "2026-12-03"),
        ("a week from Monday", "2026-12-07"),
        ("in an hour", "2026-11-25T12:30:00+03:00"),
        ("on Monday between nine and eleven", "2026-11-30T09:00:00+03:00"),
    ],
)
def test_a_date_is_resolved(said: str, iso: str) -> None:
    assert [moment.iso for moment in find_dates(said, NOW)] == [iso]


@pytest.mark.parametrize("said", ["в трёх экземплярах", "at three sites", "at 5 dollars", "второго варианта"])
def test_counts_are_no_dates(said: str) -> None:
    assert find_dates(said, NOW) == []


@given(st.dates(min_value=date(2026, 1, 1), max_value=date(2030, 12, 31)), st.sampled_from(["monday", "friday"]))
def test_next_weekday_lies_in_the_week_after(day: date, weekday: str) -> None:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo("UTC"))
    found = find_dates(f"next {weekday}", now)[0].day
    monday = day - timedelta(days=day.weekday())
    assert monday + timedelta(days=7) <= found < monday + timedelta(days=14)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    for moment in find_dates(text, NOW):
        assert 0 <= moment.start < moment.end <= len(text)


@pytest.mark.parametrize(
    ("heard", "iso"),
    [
        ("Давайте вследующий вторник в 11 у вас в офисе.", "2026-12-01T11:00:00+03:00"),
        ("вчетверг", "2026-11-26"),
        ("Перезвоню вам в четвер, после обеда.", "2026-11-26"),
        ("Третья его декабря в 14.00.", "2026-12-03T14:00:00+03:00"),
        ("до пятого дикабря", "2026-12-05"),
    ],
)
def test_a_misheard_or_glued_day_is_understood(heard: str, iso: str) -> None:
    assert [moment.iso for moment in find_dates(heard, NOW)] == [iso]


def test_a_misheard_day_keeps_its_place_in_the_text() -> None:
    text = "Перезвоню вчетверг утром."
    (moment,) = find_dates(text, NOW)
    assert text[moment.start : moment.end] == "четверг"


def test_an_everyday_word_is_not_taken_for_a_day() -> None:
    assert find_dates("Средства есть, маем рады, встретимся.", NOW) == []
