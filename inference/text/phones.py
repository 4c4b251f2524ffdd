"""Finds telephone numbers, written or spoken digit by digit, and gives them in E.164."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

import phonenumbers

from inference.text.number_words import CARDINALS
from inference.text.tokens import Token, tokenize, vocabulary

FILLERS = vocabulary("и так э эм мм ну дальше далее потом затем код and um uh er then area code okay ок extension")
SIGNS = frozenset("()-.,–—…/+")
PLUS = frozenset({"+", "плюс", "plus"})
REPEATS = {"double": 2, "triple": 3, "treble": 3, "дважды": 2, "трижды": 3}
NOUN_DIGITS = {
    "нуля": "0", "нулей": "0", "единицы": "1", "единички": "1", "двойки": "2", "тройки": "3", "четверки": "4",
    "пятерки": "5", "шестерки": "6", "семерки": "7", "восьмерки": "8", "девятки": "9",
    "единица": "1", "двойка": "2", "тройка": "3", "семерка": "7", "восьмерка": "8", "девятка": "9",
}  # fmt: skip
OH = frozenset({"oh", "o", "nought", "о"})
MIN_DIGITS, MAX_DIGITS = 10, 15
MAX_VARIANTS = 64


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164 and its place; `valid` when the numbering plan knows it, else only possible."""

    e164: str
    start: int
    end: int
    valid: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A few digits of a run: every way to read them, the likeliest first."""

    readings: tuple[str, ...]
    start: int
    end: int


def find_phones(text: str, regions: Sequence[str]) -> list[Phone]:
    """Every telephone number; national forms are read by the rules of `regions`, the first that fits."""
    found: list[Phone] = []
    for run, plus in _runs(tokenize(text)):
        phone = _best(run, regions, plus=plus)
        if phone is not None:
            found.append(phone)
    return found


def _runs(tokens: Sequence[Token]) -> Iterator[tuple[list[Piece], bool]]:
    """Stretches of digits with nothing but signs and fillers between them."""
    run: list[Piece] = []
    plus = False
    index = 0
    while index < len(tokens):
        piece, used = _piece(tokens, index)
        if piece is not None:
            run.append(piece)
            index += used
            continue
        token = tokens[index]
        if token.norm in PLUS:
            if run:
                yield run, plus
            run, plus = [], True
        elif token.norm not in FILLERS and token.text not in SIGNS:
            if run:
                yield run, plus
            run, plus = [], False
        index += 1
    if run:
        yield run, plus


def _piece(tokens: Sequence[Token], index: int) -> tuple[Piece | None, int]:
    """The digits that start at a token, and how many tokens they take."""
    token = tokens[index]
    if token.is_number:
        if ":" in token.text:
            return None, 1
        digits = "".join(letter for letter in token.text if letter.isdigit())
        return Piece((digits,), token.start, token.end), 1
    if token.norm in OH and token.norm != "о":
        return Piece(("0",), token.start, token.end), 1
    repeated = _repeated(tokens, index)
    if repeated is not None:
        return repeated, 2
    words: list[tuple[str, float]] = []
    place = index
    while place < len(tokens) and tokens[place].norm in CARDINALS:
        kind, value = CARDINALS[tokens[place].norm]
        hundred = kind == "times" and value == 100 and words
        if kind not in {"unit", "teen", "ten", "hundred"} and not hundred:
            break
        if words and tokens[place].start - tokens[place - 1].end > 1:
            break
        words.append((kind, value))
        place += 1
    if not words:
        return None, 1
    return Piece(_readings(words), token.start, tokens[place - 1].end), place - index


def _repeated(tokens: Sequence[Token], index: int) -> Piece | None:
    """Such as "double five", "дважды ноль", "три семёрки"."""
    if index + 1 >= len(tokens):
        return None
    first, second = tokens[index], tokens[index + 1]
    kind, value = CARDINALS.get(second.norm, ("", -1.0))
    digit = "0" if second.norm in OH else f"{value:.0f}" if kind == "unit" else ""
    if second.is_number and second.text.isdigit() and len(second.text) == 1:
        digit = second.text
    times = REPEATS.get(first.norm, 0)
    if second.norm in NOUN_DIGITS:
        digit = NOUN_DIGITS[second.norm]
        kind, value = CARDINALS.get(first.norm, ("", 0.0))
        times = times or (int(value) if kind == "unit" else 0)
    return Piece((digit * times,), first.start, second.end) if digit and times else None


def _readings(words: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    """Ways to read number words as digits: "сто двадцать три" is 123, or 100 and 23, or 100 20 3."""
    choices: list[tuple[str, ...]] = []
    index = 0
    while index < len(words):
        group = [words[index]]
        while index + len(group) < len(words) and _fits(group[-1], words[index + len(group)]):
            group.append(words[index + len(group)])
        choices.append(tuple(dict.fromkeys(_splits(group))))
        index += len(group)
    return tuple("".join(parts) for parts in islice(product(*choices), MAX_VARIANTS))


def _fits(before: tuple[str, float], after: tuple[str, float]) -> bool:
    """Whether a word can go on the number that the word before began."""
    if after[0] == "times":
        return before[0] == "unit"
    order = {"times": 3, "hundred": 3, "ten": 2, "teen": 1, "unit": 1}
    can_go_on = before[0] in {"hundred", "ten", "times"}
    return can_go_on and order[after[0]] < order[before[0]] and after[1] > 0


def _splits(group: Sequence[tuple[str, float]]) -> Iterator[str]:
    """A group read as one number first, then cut into two or more."""
    if len(group) > 1 and group[1][0] == "times":
        head = [("hundred", group[0][1] * 100), *group[2:]]
        yield from _splits(head)
        return
    yield f"{sum(value for _, value in group):.0f}"
    for cut in range(1, len(group)):
        left = f"{sum(value for _, value in group[:cut]):.0f}"
        for right in _splits(group[cut:]):
            yield left + right


def _best(run: Sequence[Piece], regions: Sequence[str], *, plus: bool) -> Phone | None:
    """The longest part of a run that is a valid number, else one that is possible."""
    possible: Phone | None = None
    for length in range(len(run), 0, -1):
        for first in range(len(run) - length + 1):
            part = run[first : first + length]
            if not _set_off(run, first, first + length, plus=plus):
                continue
            phone = _read(part, regions, plus=plus and first == 0)
            if phone is not None and phone.valid:
                return phone
            possible = possible or phone
    return possible


def _set_off(run: Sequence[Piece], first: int, last: int, *, plus: bool) -> bool:
    """Digits may be left out of a number only where a sign or a filler parts them from it."""
    if first and (plus or run[first].start - run[first - 1].end < 2):
        return False
    return last == len(run) or run[last].start - run[last - 1].end > 1


def _read(part: Sequence[Piece], regions: Sequence[str], *, plus: bool) -> Phone | None:
    if sum(len(piece.readings[0]) for piece in part) < MIN_DIGITS - 2:
        return None
    possible: Phone | None = None
    for digits in _digit_strings(part):
        if not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
            continue
        for e164, valid in _parsed(digits, regions, plus=plus):
            phone = Phone(e164, part[0].start, part[-1].end, valid)
            if valid:
                return phone
            possible = possible or phone
    return possible


def _digit_strings(part: Sequence[Piece]) -> Iterator[str]:
    """The digits of every reading, then those in which one hundred or ten takes in what was written apart from it."""
    readings = list(islice(product(*(piece.readings for piece in part)), MAX_VARIANTS))
    yield from ("".join(pieces) for pieces in readings)
    for pieces in readings:
        joined = [index for index in range(len(pieces) - 1) if _goes_on(pieces[index], pieces[index + 1])]
        if len(joined) == 1:
            index = joined[0]
            whole = str(int(pieces[index]) + int(pieces[index + 1]))
            yield "".join([*pieces[:index], whole, *pieces[index + 2 :]])


def _goes_on(round_number: str, rest: str) -> bool:
    """Whether a number such as "100" and the "23" after it can be one number, said as a hundred and twenty-three."""
    hundred = len(round_number) == 3 and round_number.endswith("00") and round_number[0] != "0"
    ten = len(round_number) == 2 and round_number.endswith("0") and round_number[0] not in "01"
    fits = (hundred and len(rest) in {1, 2}) or (ten and len(rest) == 1)
    return fits and rest[0] != "0"


def _parsed(digits: str, regions: Sequence[str], *, plus: bool) -> Iterator[tuple[str, bool]]:
    """Readings of a digit string by the numbering plans."""
    forms = [("+" + digits, None)] if plus else [(digits, region) for region in regions]
    for form, region in forms:
        try:
            number = phonenumbers.parse(form, region)
        except phonenumbers.NumberParseException:
            continue
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if phonenumbers.is_valid_number(number):
            yield e164, True
        elif phonenumbers.is_possible_number(number):
            yield e164, False
