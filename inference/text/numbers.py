"""Finds numbers in speech: digits, words, and the mixtures that speech recognition writes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inference.text.number_words import CARDINALS, HALF_SCALES, ONLY_AFTER_DIGITS, ORDINALS
from inference.text.tokens import Token, phrase_at, tokenize

GROUPED = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")
DIGIT_GROUP = 3
LEAST_SCALE = 1000.0
HALVES = (("с", "половиной"), ("and", "a", "half"))
HALF_OF = (("half", "a"), ("half", "of", "a"), ("пол",), ("half",))


@dataclass(frozen=True, slots=True)
class Number:
    """A number and its place: characters `start:end`, tokens `first:last` (last is not part of it)."""

    value: float
    start: int
    end: int
    first: int
    last: int
    ordinal: bool = False
    in_digits: bool = False


def read_digits(text: str) -> float | None:
    """The value of a written number: "1,5", "250,000", "1.200.000"; None for dates and times."""
    if ":" in text:
        return None
    if GROUPED.fullmatch(text) and not text.startswith("0"):
        return float(re.sub(r"[.,]", "", text))
    if text.count(".") + text.count(",") > 1:
        return None
    return float(text.replace(",", "."))


class _Reader:
    """Adds up number words from one place on, as long as they form one number."""

    def __init__(self, tokens: Sequence[Token], index: int) -> None:
        self.tokens = tokens
        self.first = self.index = index
        self.total = 0.0
        self.current = 0.0
        self.seen = False
        self.closed = False  # a fraction was read: only a scale may follow
        self.in_digits = False
        self.ordinal = False
        self.last_scale = float("inf")

    def read(self) -> Number | None:
        """The longest number that starts here."""
        while self.index < len(self.tokens) and not self.ordinal and self._step():
            pass
        if not self.seen:
            return None
        last = self.index
        return Number(
            self.total + self.current,
            self.tokens[self.first].start,
            self.tokens[last - 1].end,
            self.first,
            last,
            self.ordinal,
            self.in_digits,
        )

    def _step(self) -> bool:
        token = self.tokens[self.index]
        if self.seen and not self._adjacent():
            return False
        if self.seen and token.text == ",":
            return self._smaller_scale_follows() and self._past_comma()
        if token.is_number:
            return self._digits(token)
        if self.seen and self._joint():
            return True
        return self._word(token.norm)

    def _adjacent(self) -> bool:
        """A number does not go on over a comma or a full stop."""
        gap = self.tokens[self.index].start - self.tokens[self.index - 1].end
        return gap <= 1

    def _smaller_scale_follows(self) -> bool:
        """Such as "миллион, сто тысяч": recognition puts a comma where the speaker drew breath."""
        if self.current or not LEAST_SCALE < self.last_scale < float("inf"):
            return False
        rest = _Reader(self.tokens, self.index + 1)
        number = rest.read() if self.index + 1 < len(self.tokens) else None
        return number is not None and rest.current == 0 and LEAST_SCALE <= rest.last_scale < self.last_scale

    def _past_comma(self) -> bool:
        self.index += 1
        token = self.tokens[self.index]
        return self._digits(token) if token.is_number else self._word(token.norm)

    def _take(self, count: int = 1) -> bool:
        self.seen = True
        self.index += count
        return True

    def _digits(self, token: Token) -> bool:
        if self.seen and not (self.last_scale < float("inf") and self.current == 0):
            return False
        value = read_digits(token.text)
        if value is None or (self.seen and value >= self.last_scale):
            return False
        digits, count = token.text, 1
        while len(digits) <= 9 and value == int(value) and self._group_follows(count):
            digits += self.tokens[self.index + count].text
            count += 1
        self.current = value if count == 1 else float(digits)
        self.closed = self.in_digits = True
        return self._take(count)

    def _group_follows(self, count: int) -> bool:
        """Whether "200" in "1 200 000" comes next."""
        place = self.index + count
        if place >= len(self.tokens):
            return False
        before, token = self.tokens[place - 1], self.tokens[place]
        first = self.tokens[self.index].text
        fits = len(first) <= DIGIT_GROUP and first.isdigit() and not first.startswith("0")
        next_is_group = token.text.isdigit() and len(token.text) == DIGIT_GROUP
        return fits and next_is_group and token.start - before.end == 1

    def _joint(self) -> bool:
        """Words inside a number: "с половиной", "and", the hyphen of "twenty-five", "point five"."""
        for half in HALVES:
            if phrase_at(self.tokens, self.index, half) and not self.closed:
                self.current += 0.5
                self.closed = True
                return self._take(len(half))
        token = self.tokens[self.index]
        after = self.tokens[self.index + 1].norm if self.index + 1 < len(self.tokens) else ""
        kind, value = CARDINALS.get(after, ("", 0.0))
        if token.norm == "point" and kind == "unit" and not self.closed:
            self.current += value / 10
            self.closed = True
            return self._take(2)
        if token.norm == "and" and kind in {"unit", "teen", "ten"} and self._whole_hundreds():
            self.index += 1
            return self._word(after)
        if token.text == "-" and (kind == "unit" or after in ORDINALS) and self.current % 100 >= 20:
            self.index += 1
            if self._word(after):
                return True
            self.index -= 1
        return False

    def _whole_hundreds(self) -> bool:
        return self.current % 100 == 0 and (self.current > 0 or self.total > 0) and not self.in_digits

    def _word(self, word: str) -> bool:
        if word in HALF_SCALES and not self.seen:
            self.total = HALF_SCALES[word]
            return self._take()
        if not self.seen and self._half_of():
            return True
        if word in {"a", "an"} and not self.seen:
            after = self.tokens[self.index + 1].norm if self.index + 1 < len(self.tokens) else ""
            countable = CARDINALS.get(after, ("", 0))[0] in {"times", "scale"} and after not in ONLY_AFTER_DIGITS
            return self._take() if countable else False
        if word in ORDINALS:
            return self._order(ORDINALS[word])
        if word not in CARDINALS or (word in ONLY_AFTER_DIGITS and not (self.in_digits and self._stands_alone())):
            return False
        kind, value = CARDINALS[word]
        return self._add(kind, value)

    def _stands_alone(self) -> bool:
        """Whether a letter is no beginning of a hyphenated word, as "K" of "K-Rose" is."""
        here, after = self.tokens[self.index], self.tokens[self.index + 1 : self.index + 3]
        return not (len(after) > 1 and after[0].text == "-" and after[0].start == here.end and after[1].is_word)

    def _half_of(self) -> bool:
        for half in HALF_OF:
            if not phrase_at(self.tokens, self.index, half):
                continue
            place = self.index + len(half)
            after = self.tokens[place].norm if place < len(self.tokens) else ""
            kind, value = CARDINALS.get(after, ("", 0.0))
            if kind == "scale" and after not in ONLY_AFTER_DIGITS:
                self.total = value / 2
                self.last_scale = value / 2
                return self._take(len(half) + 1)
        return False

    def _order(self, value: int) -> bool:
        fits = self.current in {20, 30} and value < 10 if self.current else True
        if not fits or self.total or self.in_digits:
            return False
        self.current += value
        self.ordinal = True
        return self._take()

    def _add(self, kind: str, value: float) -> bool:
        if kind == "scale":
            return self._scale(value)
        if self.closed:
            return False
        if kind == "times":
            return self._times(value)
        rest = self.current % 100
        fits = {
            "unit": rest == 0 or (rest >= 20 and rest % 10 == 0),
            "teen": rest == 0,
            "ten": rest == 0,
            "hundred": self.current == 0,
            "sesqui": self.current == 0,
        }[kind]
        if not fits or (self.seen and self.current == 0 and self.total == 0 and not self._after_a()):
            return False
        if value == 0 and self.seen:
            return False
        self.current += value
        self.closed = kind == "sesqui"
        return self._take()

    def _after_a(self) -> bool:
        return self.tokens[self.first].norm in {"a", "an"} and self.index == self.first + 1

    def _times(self, value: float) -> bool:
        if self.current >= 100 or (self.seen and self.current == 0 and not self._after_a()):
            return False
        self.current = (self.current or 1) * value
        return self._take()

    def _scale(self, value: float) -> bool:
        if value >= self.last_scale or (self.seen and self.current == 0 and not self._after_a()):
            return False
        self.total += (self.current or 1) * value
        self.current, self.last_scale = 0.0, value
        self.closed = False
        return self._take()


def number_at(tokens: Sequence[Token], index: int) -> Number | None:
    """The number that starts at this token, if any."""
    return _Reader(tokens, index).read()


def numbers_in(tokens: Sequence[Token]) -> list[Number]:
    """Every number, in order, none overlapping."""
    found: list[Number] = []
    index = 0
    while index < len(tokens):
        number = number_at(tokens, index)
        if number is None:
            index += 1
        else:
            found.append(number)
            index = number.last
    return found


def find_numbers(text: str) -> list[Number]:
    """Every number of a text."""
    return numbers_in(tokenize(text))
