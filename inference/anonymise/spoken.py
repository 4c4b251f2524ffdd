"""Numbers and e-mail addresses said in words, as transcripts of calls write them."""

from __future__ import annotations

import re
from typing import Final

from stdnum import luhn

from inference.anonymise.context import digits_of, named
from inference.anonymise.spans import Found
from inference.anonymise.word_pattern import one_of, small
from inference.text.emails import find_emails
from inference.text.number_words import CARDINALS
from inference.text.phones import NOUN_DIGITS, OH, REPEATS, find_phones
from inference.text.tokens import normal, tokenize

_COUNTING: Final = (
    {word for word, (kind, _) in CARDINALS.items() if kind in {"unit", "teen", "ten", "hundred"} and len(word) > 1}
    | set(NOUN_DIGITS)
    | set(REPEATS)
    | (OH - {"о"})
    | {"hundred"}
)
_WORD: Final = rf"(?:{one_of(_COUNTING)}|\d{{1,5}})(?!\w)"
_FILLER: Final = r"(?:[ ,.–—-]{1,4}(?:и|так|э|эм|мм|ну|дальше|далее|потом|затем|код|плюс|and|um|uh|er|then|номер|серия|number|дефис|тире|dash|минус|minus)){0,2}"
RUN = re.compile(rf"(?<!\w){_WORD}(?:{_FILLER}[ ,.–—-]{{1,4}}{_WORD}){{3,40}}(?!\w)")
SORT_CODE = re.compile(rf"\bsort(?:ing)? ?code(?: is| was|,|:)? (?P<code>{_WORD}(?: {_WORD}){{2,5}})(?!\w)")
LETTERS_BEFORE = re.compile(r"(?<!\w)(?:[a-z] ){1,3}$")
HAS_WORD = re.compile(r"[^\W\d_]{2}")
AT = re.compile(r"(?<!\w)(?:собак\w|собачк\w|at|эт)(?!\w)[^\n]{1,80}?(?:точк\w|dot|дот|\.)(?!\w*@)")
PROVIDER = re.compile(
    r"\sсобак\w (?:яндекс|мейл|мэйл|майл|рамблер|жмейл|гмейл|джимейл|бк|лист|инбокс) (?:ру|ком)(?!\w)"
)
LOCAL_WORDS = re.compile(r"(?<!\S)[\w.-]{1,30}(?: [\w.-]{1,30}){0,3}$")
NOT_LOCAL = re.compile(r"^.*(?<!\w)(?:почт\w+|адрес|на|это|мейл|мэйл|моя|мой|имейл|пишите)\s", re.IGNORECASE)
MARGIN: Final = 90
LENGTHS: Final = {
    "bank_card": range(13, 20), "inn": range(10, 13), "snils": range(11, 12), "passport": range(8, 11),
    "driver_licence": range(7, 11), "account": range(7, 21), "ogrn": range(13, 16),
}  # fmt: skip
CLASS_OF_NAME: Final = {"card": "bank_card"} | {name: name for name in LENGTHS}
REGIONS: Final = ("RU", "US", "GB")
LEAST_WORDS: Final = 3
SORT_CODE_LENGTH: Final = 6
CARD_LENGTHS: Final = range(15, 17)
LOCAL_LENGTHS: Final = range(6, 8)
LETTERED: Final = frozenset({"driver_licence", "passport"})


def find(text: str) -> list[Found]:
    """Every number and address that is spoken rather than written."""
    return _numbers(text) + _emails(text)


def _numbers(text: str) -> list[Found]:
    """Runs of number words: what they are called decides, a telephone when they can be dialled."""
    found: list[Found] = []
    for run in RUN.finditer(small(text)):
        if len(HAS_WORD.findall(run.group())) < LEAST_WORDS:
            continue
        called = named(text, run.start(), 80)
        name, digits = CLASS_OF_NAME.get(called, ""), _digits(run.group())
        if name and len(digits) in LENGTHS[name]:
            letters = LETTERS_BEFORE.search(text[: run.start()].lower()[-8:]) if name in LETTERED else None
            first = run.start() - len(letters.group()) if letters else run.start()
            found.append(Found(first, run.end(), name, 68))
            continue
        if len(digits) in CARD_LENGTHS and digits[0] in "23456" and luhn.is_valid(digits):
            found.append(Found(run.start(), run.end(), "bank_card", 67))
            continue
        if called == "phone" and len(digits) in LOCAL_LENGTHS:
            found.append(Found(run.start(), run.end(), "phone", 54, digits))
            continue
        for phone in find_phones(run.group(), REGIONS):
            start, end = run.start() + phone.start, run.start() + phone.end
            if phone.valid or _dialled(phone.e164, named(text, run.start())):
                plus = re.search(r"(?:плюс|plus)\s$", text[max(0, start - 6) : start], re.IGNORECASE)
                first = start - len(plus.group()) if plus else start
                found.append(Found(first, end, "phone", 56, digits_of(phone.e164)[-10:]))
    codes = (match for match in SORT_CODE.finditer(small(text)) if len(_digits(match["code"])) == SORT_CODE_LENGTH)
    found += (Found(match.start("code"), match.end("code"), "account", 69) for match in codes)
    return found


def _dialled(e164: str, name: str) -> bool:
    """Whether a number that no plan lists is one all the same: it is called a telephone or begins as one."""
    return name == "phone" or (name == "" and e164.startswith(("+440", "+447", "+442", "+7")))


def _digits(run: str) -> str:
    """The digits that a run of number words stands for; a hundred, a ten and a unit after each other are one number."""
    digits, times, places = "", 1, 0
    for token in tokenize(run):
        if token.norm in REPEATS:
            times = REPEATS[token.norm]
            continue
        written = digits_of(token.text) if token.is_number else _written(normal(token.text), token.norm)
        if not written:
            continue
        value = written.lstrip("0")
        # "двести", "двадцать", "три": what follows takes the zeros of what stood before.
        if not token.is_number and places and value and len(written) <= places:
            digits = digits[: -len(written)] + written
        else:
            digits += written * times
        spoken = "" if token.is_number else written
        places = len(spoken) - len(spoken.rstrip("0")) if spoken.strip("0") else 0
        times = 1
    return digits


def _written(word: str, norm: str) -> str:
    """The digits of one number word."""
    if norm in OH:
        return "0"
    if norm in NOUN_DIGITS:
        return NOUN_DIGITS[norm]
    kind, value = CARDINALS.get(word, ("", 0.0))
    return str(int(value)) if kind in {"hundred", "ten", "teen", "unit"} else "00" if kind == "times" else ""


def _emails(text: str) -> list[Found]:
    """Addresses around a spoken "at"; only the words near it are read."""
    found: list[Found] = []
    for match in AT.finditer(small(text)):
        first = max(text.rfind("\n", 0, match.start()) + 1, match.start() - MARGIN)
        first = text.find(" ", first, match.start()) + 1 if first > 0 and text[first - 1].isalnum() else first
        last = min(len(text), match.end() + MARGIN)
        found += (
            Found(first + email.start, first + email.end, "email", 85, email.address)
            for email in find_emails(text[first:last])
        )
    return found + _without_dots(text)


def _without_dots(text: str) -> list[Found]:
    """Addresses at well-known providers that are said without their dots: "петров собака яндекс ру"."""
    found: list[Found] = []
    for match in PROVIDER.finditer(small(text)):
        words = LOCAL_WORDS.search(text[max(0, match.start() - MARGIN) : match.start()])
        if words is not None:
            asked = NOT_LOCAL.match(words.group())
            length = len(words.group()) - (asked.end() if asked else 0)
            found.append(Found(match.start() - length, match.end(), "email", 84))
    return found
