"""Finds counts of things: "пятьдесят штук", "two hundred licences", and not dates, sums or percentages."""

from collections.abc import Sequence
from dataclasses import dataclass

from inference.text.date_words import DAY_UNITS, HOUR_UNITS, MINUTE_UNITS, MONTH_UNITS, MONTHS, WEEK_UNITS, YEAR_UNITS
from inference.text.money import SCALES, SIGNS, money_of
from inference.text.numbers import numbers_in
from inference.text.russian import lemma
from inference.text.tokens import Token, phrase_at, vocabulary

UNITS = vocabulary(
    "штука штуки штук штуку шт единица единицы единиц комплект комплекта комплектов пара пары пар тонна "
    "тонны тонн тонну кг килограмм килограмма килограммов метр метра метров литр литра литров коробка "
    "коробки коробок коробку упаковка упаковки упаковок пачка пачки пачек рулон рулона рулонов лицензия "
    "лицензии лицензий лицензию место мест места пользователь пользователя пользователей человек "
    "сотрудник сотрудников ящик ящика ящиков паллет паллета паллеты поддон поддонов мешок мешка мешков "
    "набор набора наборов экземпляр экземпляра экземпляров лист листа листов бутылка бутылок канистра "
    "канистры канистр piece pieces unit units item items set sets pair pairs ton tons tonne tonnes kg "
    "kilo kilos kilogram kilograms metre metres meter meters liter liters litre litres box boxes pack "
    "packs package packages pallet pallets roll rolls bag bags bottle bottles licence licences license "
    "licenses seat seats user users copy copies case cases crate crates sheet sheets employee employees "
    "people"
)
TIME_UNITS = DAY_UNITS | HOUR_UNITS | MINUTE_UNITS | MONTH_UNITS | WEEK_UNITS | YEAR_UNITS
NOT_COUNTED = TIME_UNITS | vocabulary(
    "процент процента процентов percent % раз раза times градусов degrees утра вечера дня am pm o'clock "
    "числа го th st nd rd й звонка звонков номер номера вопрос вопроса вопросов question questions "
    "вариант варианта вариантов option options этаж floor thing things more минуту минутку момент moment "
    "second seconds секунду of hundred"
)
BEFORE_CODE = vocabulary("номер номера заказ заказа договор счет number invoice no contract dn ду м № # кабинет")
NOT_BEFORE = BEFORE_CODE | SIGNS.keys() | MONTHS.keys() | {"not", "не"}
OWNERS = vocabulary("my our your the this that an about")
AMBIGUOUS = frozenset({"один", "одна", "одно", "одну", "одного", "одной", "one", "ноль", "zero", "a", "an"})


@dataclass(frozen=True, slots=True)
class Quantity:
    """A count, the unit that was said (or nothing), its place, and its tokens `first:last` with the unit."""

    value: float
    unit: str
    start: int
    end: int
    first: int
    last: int


def _of_them(tokens: Sequence[Token], index: int) -> bool:
    """Such as "four of them", "two of those"."""
    return any(phrase_at(tokens, index, ("of", word)) for word in ("them", "those", "these"))


def quantities_in(tokens: Sequence[Token]) -> list[Quantity]:
    """Every number that counts things."""
    found: list[Quantity] = []
    for number in numbers_in(tokens):
        if number.ordinal or money_of(tokens, number).currency is not None:
            continue
        after = tokens[number.last].norm if number.last < len(tokens) else ""
        before = tokens[number.first - 1].norm if number.first else ""
        adjacent = number.last < len(tokens) and tokens[number.last].start - number.end <= 1
        word = after if adjacent else ""
        if (
            (word in NOT_COUNTED and not _of_them(tokens, number.last))
            or word in MONTHS
            or before in BEFORE_CODE | SIGNS.keys() | MONTHS.keys()
        ):
            continue
        if before == "order" and number.first > 1 and tokens[number.first - 2].norm in OWNERS:
            continue
        unit = word if word in UNITS or lemma(word) in UNITS else ""
        lone = number.last - number.first == 1 and tokens[number.first].norm in AMBIGUOUS
        if number.value <= 0 or tokens[number.first].norm in SCALES or (lone and not unit):
            continue
        last = number.last + 1 if unit else number.last
        found.append(Quantity(number.value, unit, number.start, tokens[last - 1].end, number.first, last))
    return found
