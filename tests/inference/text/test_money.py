"""Sums and their currencies."""

import pytest

from inference.text.money import find_money


@pytest.mark.parametrize(
    ("said", "amount", "currency"),
    [
        ("полтора миллиона рублей", 1_500_000, "RUB"),
        ("$250,000", 250_000, "USD"),
        ("12 тыс. долларов", 12_000, "USD"),
        ("до 300 тысяч", 300_000, None),
        ("five thousand US dollars", 5_000, "USD"),
        ("€1,500", 1_500, "EUR"),
        ("eighteen thousand pounds", 18_000, "GBP"),
        ("2 million Canadian dollars", 2_000_000, "CAD"),
    ],
)
def test_a_sum_is_read(said: str, amount: float, currency: str | None) -> None:
    assert [(money.amount, money.currency) for money in find_money(said)] == [(amount, currency)]
