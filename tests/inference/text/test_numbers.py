"""Numbers as people say them and as speech recognition writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.text.numbers import find_numbers
from inference.text.tokens import words_of

HUNDREDS = ["", *words_of("сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот")]
TENS = ["", "", *words_of("двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто")]
SMALL = words_of(
    "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать "
    "пятнадцать шестнадцать семнадцать восемнадцать девятнадцать"
)
EN_TENS = ["", "", *words_of("twenty thirty forty fifty sixty seventy eighty ninety")]
EN_SMALL = words_of(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)


def russian(number: int) -> str:
    """Say a number below a million in Russian."""
    thousands, rest = divmod(number, 1000)
    words = [russian(thousands), "тысяч"] if thousands else []
    words.append(HUNDREDS[rest // 100])
    small = rest % 100
    words += [SMALL[small]] if 0 < small < 20 else [TENS[small // 10], SMALL[small % 10] if small % 10 else ""]
    return " ".join(word for word in words if word) or "ноль"


def english(number: int) -> str:
    """Say a number below a million in English."""
    thousands, rest = divmod(number, 1000)
    words = [english(thousands), "thousand"] if thousands else []
    words += [EN_SMALL[rest // 100], "hundred"] if rest >= 100 else []
    small = rest % 100
    words += ["and"] if small and rest >= 100 else []
    words += [EN_SMALL[small]] if 0 < small < 20 else [EN_TENS[small // 10], EN_SMALL[small % 10] if small % 10 else ""]
    return " ".join(word for word in words if word) or "zero"


@given(st.integers(min_value=0, max_value=999_999))
def test_every_number_below_a_million_is_read_from_its_words(number: int) -> None:
    assert [found.value for found in find_numbers(russian(number))] == [number]
    assert [found.value for found in find_numbers(english(number))] == [number]


@given(st.integers(min_value=1000, max_value=999_999_999))
def test_written_groups_of_three_are_one_number(number: int) -> None:
    for sign in (" ", ",", "."):
        assert [found.value for found in find_numbers(f"{number:,}".replace(",", sign))] == [number]


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader_and_places_lie_inside(text: str) -> None:
    for found in find_numbers(text):
        assert 0 <= found.start < found.end <= len(text)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("миллион двести тысяч", 1_200_000),
        ("полтора миллиона", 1_500_000),
        ("два с половиной миллиона", 2_500_000),
        ("полмиллиона", 500_000),
        ("1,2 млн", 1_200_000),
        ("12 тыс.", 12_000),
        ("две сотни", 200),
        ("дюжина", 12),
        ("двести пятьдесят тысяч", 250_000),
        ("two hundred and fifty thousand", 250_000),
        ("one and a half million", 1_500_000),
        ("half a million", 500_000),
        ("two point five million", 2_500_000),
        ("250k", 250_000),
        ("twenty-five", 25),
        ("fifteen hundred", 1500),
        ("a dozen", 12),
    ],
)
def test_amounts_in_words_have_their_value(said: str, value: float) -> None:
    assert [found.value for found in find_numbers(said)] == [value]


def test_telephone_groups_stay_apart() -> None:
    said = "восемь девятьсот шестнадцать сто двадцать три сорок пять шестьдесят семь"
    assert [found.value for found in find_numbers(said)] == [8, 916, 123, 45, 67]


def test_a_comma_parts_two_numbers() -> None:
    assert [found.value for found in find_numbers("сорок пять, сорок шесть")] == [45, 46]


def test_an_article_is_no_number() -> None:
    assert find_numbers("I have a question") == []


@pytest.mark.parametrize(
    ("heard", "values"),
    [
        ("ну где-то миллион, сто тысяч,", [1_100_000]),
        ("2 миллиона, 300 тысяч рублей", [2_300_000]),
        ("one million, two hundred thousand", [1_200_000]),
        ("миллион, двести", [1_000_000, 200]),
        ("две тысячи, пятьсот", [2_000, 500]),
    ],
)
def test_a_number_goes_on_over_a_comma_only_with_a_smaller_scale(heard: str, values: list[int]) -> None:
    assert [number.value for number in find_numbers(heard)] == values


def test_a_letter_of_a_hyphenated_word_is_no_scale() -> None:
    assert [number.value for number in find_numbers("up to 1-2 K-Rose")] == [1, 2]
