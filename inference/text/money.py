"""Finds amounts of money and the currencies that are named with them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inference.text.numbers import Number, numbers_in
from inference.text.tokens import Token, tokenize

SIGNS = {"₽": "RUB", "$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "₸": "KZT"}
WORDS = {
    "RUB": r"руб(?:л(?:ь|я|ей|и|ю|ям|ями|ем|ях|евой|евая))?|рублики|р|rub|rubles?|roubles?|деревянных",
    "USD": r"доллар(?:а|ов|ы|ам|ах|у)?|баксов|бакса?|dollars?|bucks?|usd",
    "EUR": r"евро|euros?|eur",
    "GBP": r"фунт(?:а|ов|ы|ам|ах)?|pounds?|gbp|quid",
    "CNY": r"юан(?:ь|я|ей|и|ям|ях)|yuan|cny|rmb|renminbi",
    "KZT": r"тенге|kzt",
    "AED": r"дирхам(?:а|ов|ы)?|dirhams?|aed",
    "CHF": r"франк(?:а|ов|и)?|francs?|chf",
    "TRY": r"лир(?:а|ы|у)?|liras?",
    "JPY": r"иен(?:а|ы)?|yen|jpy",
    "INR": r"рупи(?:я|и|й)|rupees?|inr",
}
PATTERN = re.compile("|".join(f"(?P<{code}>{words})" for code, words in WORDS.items()))
COUNTRY_DOLLARS = {"canadian": "CAD", "канадских": "CAD", "australian": "AUD", "австралийских": "AUD"}
BEFORE_CURRENCY = frozenset(
    {"us", "american", "российских", "американских", "китайских", "белорусских", "of", "тоже", "."}
)
SCALES = {"тысяч": 1000.0, "тыщ": 1000.0, "миллионов": 1_000_000.0, "миллиона": 1_000_000.0}
LEAST_SCALE = 1000.0
WEIGHT_UNITS = frozenset({"weight", "heavy", "weighs", "веса"})
ONE_LETTER = frozenset({"р"})


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in units of `currency` (None when none was named) and its place."""

    amount: float
    currency: str | None
    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency that is named, with or without an amount."""

    code: str
    start: int
    end: int


def currency_of(word: str) -> str | None:
    """The ISO code of a currency word in its compared form."""
    match = PATTERN.fullmatch(word)
    return match.lastgroup if match else SIGNS.get(word)


def find_currencies(text: str) -> list[Currency]:
    """Every currency named in a text."""
    tokens = tokenize(text)
    found: list[Currency] = []
    for index, token in enumerate(tokens):
        code = currency_of(token.norm)
        if code is None or token.norm in ONE_LETTER:
            continue
        before = tokens[index - 1].norm if index else ""
        found.append(Currency(COUNTRY_DOLLARS.get(before, code), token.start, token.end))
    return found


def find_money(text: str) -> list[Money]:
    """Every number that may be an amount: with a currency, or large enough to be one by its scale word."""
    tokens = tokenize(text)
    numbers = [number for number in numbers_in(tokens) if not number.ordinal]
    return [replace(money_of(tokens, number), amount=_about(tokens, number)) for number in numbers]


def _about(tokens: Sequence[Token], number: Number) -> float:
    """The value of a number; "тысяч восемьдесят" is about eighty thousand, "миллиона полтора" a million and a half."""
    scale = SCALES.get(tokens[number.first].norm, 0.0)
    rest = number.value - scale
    return rest * scale if scale and 0 < rest < LEAST_SCALE else number.value


def money_of(tokens: Sequence[Token], number: Number) -> Money:
    """A number with the currency that stands beside it."""
    first, start = number.first, number.start
    if first and tokens[first - 1].text in SIGNS and tokens[first - 1].end == number.start:
        sign = tokens[first - 1]
        return Money(number.value, SIGNS[sign.text], sign.start, number.end, first - 1, number.last)
    place = number.last
    while place < len(tokens) and place - number.last < 2:
        token = tokens[place]
        if token.norm in BEFORE_CURRENCY or token.norm in COUNTRY_DOLLARS:
            place += 1
            continue
        break
    if place < len(tokens):
        code = currency_of(tokens[place].norm)
        after = tokens[place + 1].norm if place + 1 < len(tokens) else ""
        if code is not None and after not in WEIGHT_UNITS:
            code = COUNTRY_DOLLARS.get(tokens[place - 1].norm, code)
            return Money(number.value, code, start, tokens[place].end, first, place + 1)
    return Money(number.value, None, start, number.end, first, number.last)
