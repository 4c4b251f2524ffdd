"""Words, dates and amounts stand as people of each language write them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from webapp.kit import i18n
from webapp.kit.clock import now


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    i18n.use_locale("en", "Europe/Moscow")


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1 предложение ждёт"), (2, "2 предложения ждут"), (7, "7 предложений ждут"), (21, "21 предложение ждёт")],
)
def test_a_number_takes_the_russian_form_that_belongs_to_it(number: int, words: str) -> None:
    i18n.use_locale("ru")
    shown = i18n.ngettext("%(num)s proposal waits for you", "%(num)s proposals wait for you", number)
    assert shown.startswith(words)


def test_a_short_date_leaves_out_the_present_year_alone() -> None:
    i18n.use_locale("en", "Europe/Moscow")
    year = now().year
    assert i18n.show_datetime(datetime(year, 6, 11, 12, 0, tzinfo=UTC), "short") == "11 Jun, 15:00"
    assert i18n.show_datetime(datetime(2019, 6, 11, 12, 0, tzinfo=UTC), "short") == "11 Jun 2019, 15:00"
    assert i18n.show_date(date(year, 6, 11), "short") == "11 Jun"
    assert i18n.show_date(date(2019, 6, 11)) == "11 Jun 2019"


def test_dates_are_said_in_russian() -> None:
    i18n.use_locale("ru", "Europe/Moscow")
    assert i18n.show_datetime(datetime(2019, 6, 11, 12, 0, tzinfo=UTC), "long") == "11 июня 2019, 15:00"


def test_amounts_carry_the_sign_of_their_currency() -> None:
    i18n.use_locale("en")
    assert i18n.show_money(Decimal(536000), "RUB") == "₽536,000"
    assert i18n.show_money(Decimal("12.50"), "EUR") == "€12.50"
    i18n.use_locale("ru")
    assert i18n.show_money(Decimal(536000), "RUB") == "536\xa0000\xa0₽"
