"""E-mail addresses, spoken and written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.text.emails import find_emails

NAMES = st.text(alphabet="bcdfghjklmnpqrstvwxz", min_size=3, max_size=8)


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("иван точка петров собака мэйл точка ру", "ivan.petrov@mail.ru"),
        ("ivan точка petrov собака mail точка ру", "ivan.petrov@mail.ru"),
        ("почта info собака romashka-plus точка ру", "info@romashka-plus.ru"),
        ("anna dot smith at example dot com", "anna.smith@example.com"),
        ("my email is j smith at north wind dot co dot uk", "jsmith@northwind.co.uk"),
        ("maria underscore lopez forty two at gmail dot com", "maria_lopez42@gmail.com"),
        ("it's s-m-i-t-h at acme dot io", "smith@acme.io"),
        ("write to anna.smith@example.com.", "anna.smith@example.com"),
    ],
)
def test_an_address_is_read(said: str, address: str) -> None:
    assert [email.address for email in find_emails(said)] == [address]


@pytest.mark.parametrize("said", ["look at google.com", "We'll meet at three. Come on time", "at noon", ""])
def test_no_address_is_made_of_ordinary_words(said: str) -> None:
    assert find_emails(said) == []


@given(NAMES, NAMES, NAMES)
def test_dictated_parts_come_back(first: str, second: str, domain: str) -> None:
    said = f"{first} dot {second} at {domain} dot com"
    assert [email.address for email in find_emails(said)] == [f"{first}.{second}@{domain}.com"]


def test_letters_in_another_script_make_an_address_unsure() -> None:
    assert [email.exact for email in find_emails("иван собака mail точка ru")] == [False]


@pytest.mark.parametrize(
    ("heard", "address"),
    [
        ("Моя почта ivanov, собака, яндекс, точка, ру.", "ivanov@yandex.ru"),
        ("Почта info собакой vector.ru", "info@vector.ru"),
        ("It's olga, dot, kim, at gmail.com", "olga.kim@gmail.com"),
    ],
)
def test_commas_around_spoken_signs_are_pauses(heard: str, address: str) -> None:
    assert [email.address for email in find_emails(heard)] == [address]
