"""The words that numbers are made of, Russian in every case and English."""

from typing import Literal

Kind = Literal["unit", "teen", "ten", "hundred", "times", "scale", "sesqui"]
Entry = tuple[Kind, float]

_RU_UNITS = {
    0: "ноль нуль ноля нуля нулю нолем нулем",
    1: "один одна одно одного одной одну одному одним одном",
    2: "два две двух двум двумя двое двоих",
    3: "три трех трем тремя трое троих",
    4: "четыре четырех четырем четырьмя четверо четверых",
    5: "пять пяти пятью пятеро",
    6: "шесть шести шестью шестеро",
    7: "семь семи семеро",
    8: "восемь восьми восемью восьмью",
    9: "девять девяти девятью",
}
_RU_TEENS = {
    10: "десять десяти десятью",
    11: "одиннадцать одиннадцати",
    12: "двенадцать двенадцати",
    13: "тринадцать тринадцати",
    14: "четырнадцать четырнадцати",
    15: "пятнадцать пятнадцати",
    16: "шестнадцать шестнадцати",
    17: "семнадцать семнадцати",
    18: "восемнадцать восемнадцати",
    19: "девятнадцать девятнадцати",
}
_RU_TENS = {
    20: "двадцать двадцати",
    30: "тридцать тридцати",
    40: "сорок сорока",
    50: "пятьдесят пятидесяти",
    60: "шестьдесят шестидесяти",
    70: "семьдесят семидесяти",
    80: "восемьдесят восьмидесяти",
    90: "девяносто девяноста",
}
_RU_HUNDREDS = {
    100: "сто ста",
    200: "двести двухсот двумстам двумястами двухстах",
    300: "триста трехсот тремстам тремястами",
    400: "четыреста четырехсот четыремстам",
    500: "пятьсот пятисот пятистам",
    600: "шестьсот шестисот шестистам",
    700: "семьсот семисот семистам",
    800: "восемьсот восьмисот восьмистам",
    900: "девятьсот девятисот девятистам",
}
_TIMES = {
    10: "десяток десятка десятков",
    12: "дюжина дюжину дюжины dozen",
    100: "сотня сотню сотни сотен hundred hundreds",
}
_SCALES = {
    1e3: "тысяча тысячи тысяч тысячу тысячам тысячей тысячами тыс тыщ тыщи тыща к thousand thousands k grand",
    1e6: "миллион миллиона миллионов миллиону миллионом миллионами млн лям ляма лямов million millions mln m mil",
    1e9: "миллиард миллиарда миллиардов миллиарду миллиардом млрд billion billions bn",
}
_EN_UNITS = "zero one two three four five six seven eight nine"
_EN_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_EN_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"

_RU_ORDINALS = {
    1: "перв", 2: "втор", 3: "трет", 4: "четверт", 5: "пят", 6: "шест", 7: "седьм", 8: "восьм", 9: "девят",
    10: "десят", 11: "одиннадцат", 12: "двенадцат", 13: "тринадцат", 14: "четырнадцат", 15: "пятнадцат",
    16: "шестнадцат", 17: "семнадцат", 18: "восемнадцат", 19: "девятнадцат", 20: "двадцат", 30: "тридцат",
}  # fmt: skip
_EN_ORDINALS = {
    1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth",
    9: "ninth", 10: "tenth", 11: "eleventh", 12: "twelfth", 13: "thirteenth", 14: "fourteenth",
    15: "fifteenth", 16: "sixteenth", 17: "seventeenth", 18: "eighteenth", 19: "nineteenth",
    20: "twentieth", 30: "thirtieth",
}  # fmt: skip
_RU_ORDINAL_ENDINGS = ("ый", "ой", "ий", "ое", "ого", "ому", "ым", "ом", "ую", "ая")
_RU_THIRD = ("третий", "третье", "третьего", "третьему", "третьим", "третьем", "третья", "третью")

# Written after digits or a number word; alone these letters mean something else.
ONLY_AFTER_DIGITS = frozenset({"к", "k", "m", "mil"})
HALF_SCALES = {"полмиллиона": 5e5, "полтысячи": 500.0, "полмиллиарда": 5e8, "полсотни": 50.0}
SESQUI = ("полтора", "полторы", "полутора")


def _spread(table: dict[int, str] | dict[float, str], kind: Kind) -> dict[str, Entry]:
    """One entry a word of a table from values to words."""
    return {word: (kind, float(value)) for value, words in table.items() for word in words.split()}


def _cardinals() -> dict[str, Entry]:
    """Every word that counts."""
    words = _spread(_RU_UNITS, "unit") | _spread(_RU_TEENS, "teen") | _spread(_RU_TENS, "ten")
    words |= _spread(_RU_HUNDREDS, "hundred") | _spread(_TIMES, "times") | _spread(_SCALES, "scale")
    words |= {word: ("unit", float(i)) for i, word in enumerate(_EN_UNITS.split())}
    words |= {word: ("teen", 10.0 + i) for i, word in enumerate(_EN_TEENS.split())}
    words |= {word: ("ten", 20.0 + 10 * i) for i, word in enumerate(_EN_TENS.split())}
    words |= dict.fromkeys(SESQUI, ("sesqui", 1.5))
    return words


def _ordinals() -> dict[str, int]:
    """Every word that names a place in an order, up to the thirtieth."""
    words = {word: value for value, word in _EN_ORDINALS.items()}
    for value, stem in _RU_ORDINALS.items():
        endings = _RU_THIRD if value == 3 else tuple(stem + ending for ending in _RU_ORDINAL_ENDINGS)
        words |= dict.fromkeys(endings, value)
    return words


CARDINALS = _cardinals()
ORDINALS = _ordinals()
