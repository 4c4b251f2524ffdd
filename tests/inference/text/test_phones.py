"""Telephone numbers, spoken and written."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.text.phones import find_phones

DIGITS = ["ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"]
EN_DIGITS = ["oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@pytest.mark.parametrize(
    ("said", "e164"),
    [
        ("восемь девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь", "+79161234567"),
        ("8 (916) 123-45-67", "+79161234567"),
        ("плюс семь девять один шесть один два три четыре пять шесть семь", "+79161234567"),
        ("восемь восемьсот пять пять пять три пять три пять", "+78005553535"),
        ("Номер 8916, 123-45-67.", "+79161234567"),
    ],
)
def test_a_russian_number_is_read(said: str, e164: str) -> None:
    assert [phone.e164 for phone in find_phones(said, ("RU",))] == [e164]


@pytest.mark.parametrize(
    ("said", "e164"),
    [
        ("two one two five five five oh one two three", "+12125550123"),
        ("three one two, five double five, four four six six", "+13125554466"),
        ("eight hundred five five five one two one two", "+18005551212"),
        ("oh seven seven double oh nine double oh one two three", "+447700900123"),
        ("+44 20 7946 0958", "+442079460958"),
    ],
)
def test_an_english_number_is_read(said: str, e164: str) -> None:
    assert [phone.e164 for phone in find_phones(said, ("US", "GB"))] == [e164]


@given(st.integers(min_value=9_000_000_000, max_value=9_999_999_999))
def test_a_mobile_number_said_digit_by_digit_comes_back(number: int) -> None:
    expected = phonenumbers.is_valid_number(phonenumbers.parse(f"+7{number}", None))
    said = "восемь " + " ".join(DIGITS[int(digit)] for digit in str(number))
    valid = [phone.e164 for phone in find_phones(said, ("RU",)) if phone.valid]
    assert valid == ([f"+7{number}"] if expected else [])


def test_digits_are_never_dropped_to_make_a_number_fit() -> None:
    assert [phone for phone in find_phones("plus 444 207 946 0123", ("US", "GB")) if phone.valid] == []


def test_counts_and_dates_are_no_numbers_to_call() -> None:
    assert find_phones("We need 250 units by 15 March for 40,000 dollars", ("US", "GB")) == []


@pytest.mark.parametrize(
    ("heard", "e164"),
    [
        ("мой телефон, 8-9-12, 345-67-89.", ["+79123456789"]),
        ("+7 9 16, 123, 45, 67", ["+79161234567"]),
        ("8-916-100-23-45-67", ["+79161234567"]),
        ("8 девятьсот 16 123 45 67", ["+79161234567"]),
        ("8 900 200 45 67", ["+79002004567"]),
        ("плюс 79 17 4 50 60", []),
    ],
)
def test_oddly_grouped_digits_are_read_when_they_make_one_number(heard: str, e164: list[str]) -> None:
    assert [phone.e164 for phone in find_phones(heard, ("RU",)) if phone.valid] == e164
