"""Cells of exported files as values of the contract."""

from __future__ import annotations

from contextlib import suppress
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.adapters.records import Unfit
from appliance.adapters.values import TRANSFORMS, Setting

MOSCOW = Setting(ZoneInfo("Europe/Moscow"))


def of(kind, text, setting=MOSCOW):
    return TRANSFORMS[kind](text, setting)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234,5", "1234.5"), ("1 234\u00a0567,89", "1234567.89"), ("1\u202f000", "1000"), ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"), ("1.234.567", "1234567"), ("950 000 руб.", "950000"), ("12,00 ₽", "12.00"), ("", None),
        ("0", "0"), ("-5,5", "-5.5"), ("−5", "-5"), ("1'234.5", "1234.5"), ("3 шт.", "3"), ("1e3", "1000"),
    ],
)  # fmt: skip
def test_a_number_is_read_in_any_usual_writing(text, value):
    assert of("number", text) == value


def test_a_mapping_may_say_which_mark_is_decimal():
    assert of("number", "1,234", Setting(ZoneInfo("UTC"), decimal=".")) == "1234"
    assert of("number", "1.234", Setting(ZoneInfo("UTC"), decimal=",")) == "1234"


@pytest.mark.parametrize("text", ["много", "1,2,3.4.5", "NaN", "inf", "12а", "1" * 16, "--5"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(Unfit, match=r"\.$"):
        of("number", text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("31.12.2026", "2026-12-31"), ("1.2.26", "2026-02-01"), ("01.02.99", "1999-02-01"),
        ("2026-12-31", "2026-12-31"),
        ("5 марта 2026 г.", "2026-03-05"), ("5 мая 2026 года", "2026-05-05"), ("5 Mar 2026", "2026-03-05"),
        ("01.01.0001 0:00:00", None), ("0001-01-01T00:00:00", None), ("  .  .    ", None), ("00.00.0000", None),
        ("", None), ("31.12.2026 23:59:59", "2026-12-31"), ("2026-12-31T10:00:00Z", "2026-12-31"),
    ],
)  # fmt: skip
def test_a_day_is_read_as_russians_and_programs_write_it(text, value):
    assert of("date", text) == value


@pytest.mark.parametrize("text", ["31.02.2026", "12/31/2026", "завтра", "5 фуфля 2026", "2026-13-01", "1.1"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(Unfit, match=r"31\.12\.2026"):
        of("date", text)


def test_a_moment_without_a_zone_is_of_the_zone_of_the_mapping():
    assert of("datetime", "01.07.2026 10:15") == "2026-07-01T10:15:00+03:00"
    assert of("datetime", "2026-07-01T10:15:00+00:00") == "2026-07-01T10:15:00+00:00"
    assert of("datetime", "01.07.2026", Setting(ZoneInfo("Asia/Vladivostok"))) == "2026-07-01T00:00:00+10:00"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8 (495) 123-45-67", "+74951234567"), ("+7 495 123 45 67 доб. 12", "+74951234567;ext=12"), ("", ""),
        ("(495) 123-45-67, вн. 7", "+74951234567;ext=7"), ("8-903-111-22-33; 8-495-000-00-00", "+79031112233"),
        ("+44 20 7946 0000", "+442079460000"), ("89031112233, 84950000000", "+79031112233"),
    ],
)  # fmt: skip
def test_a_phone_is_stored_alike_however_it_is_written(text, value):
    assert of("phone", text) == value


@pytest.mark.parametrize("text", ["нет", "123", "звонить после обеда"])
def test_what_is_no_phone_is_refused(text):
    with pytest.raises(Unfit):
        of("phone", text)


def test_of_several_addresses_the_first_counts():
    assert of("email", "Info@Vega.example; second@vega.example") == "info@vega.example"
    with pytest.raises(Unfit):
        of("email", "нет почты")


@pytest.mark.parametrize("text", ["7707083893", " 7707083893.0 ", "7707 083 893", "500100732259"])
def test_an_inn_with_the_right_check_digits_is_taken(text):
    assert len(of("inn", text)) in (10, 12)


@pytest.mark.parametrize("text", ["7707083894", "500100732258", "123", "77070838O3", "٧٧٠٧٠٨٣٨٩٣"])
def test_what_is_no_inn_is_refused(text):
    with pytest.raises(Unfit, match="INN"):
        of("inn", text)


@given(st.text(max_size=40), st.sampled_from(sorted(TRANSFORMS)))
def test_any_text_is_read_or_refused_in_words(text, kind):
    with suppress(Unfit):
        of(kind, text)


@pytest.mark.parametrize(
    ("text", "value"), [("руб.", "RUB"), ("Российский рубль", "RUB"), ("643", "RUB"), ("eur", "EUR")]
)
def test_a_currency_is_known_by_its_names(text, value):
    assert of("currency", text) == value
