"""Telephone numbers, written in digits."""

from __future__ import annotations

import re

import phonenumbers

from inference.anonymise.context import digits_of, nearest
from inference.anonymise.spans import Found

NUMBER = re.compile(
    r"[+(\d](?<![\w+/№#$€£-].)(?<!\d[.,].)(?:(?<=\+) ?\(?\d|(?<=\()\d|(?<=0)0 ?\(?\d|(?<=\d))(?:[ ().-]{0,3}\d){4,14}(?!\d)(?![.,/:]\d|-\d|[\w%₽$€£])"
    r"(?P<extension>,? ?\(?(?:доб(?:авочный)?|вн(?:утр)?|ext(?:ension)?|x)\.? ?\d{1,5}\)?)?",
    re.IGNORECASE,
)
MEASURED = re.compile(
    r"\s?(?:руб|р\.|р\b|₽|коп|\$|€|£|usd|eur|rub|gbp|dollar|евро|доллар|тыс|млн|млрд|шт|штук|кг|тонн|т\b|км|м2|м²|кв\.|литр|%|процент|units|pcs|pieces"
    r"|kg|tons|boxes|items|users|licen[cs]es|rows|строк|запис|единиц|мест\b|человек|thousand|million|k\b|hours|days|лет\b|год)",
    re.IGNORECASE,
)
MONEY_BEFORE = re.compile(r"[$€£₽]\s?$")
DOTTED_DATE = re.compile(r"\d{1,2}\.\d{1,2}\.(?:\d{2}|\d{4})|\d{4}[-.]\d\d[-.]\d\d|\d{1,2}-\d{1,2}-\d{4}")
DATE_THEN_TIME = re.compile(r"\d{1,2}[.-]\d{1,2}[.-]\d{2,4} \d{1,2}.*|\d{4}-\d\d-\d\d.*")
DOTTED_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
YEARS = re.compile(r"(?:19|20)\d\d ?- ?(?:19|20)\d\d")
NO_PHONE = re.compile("|".join(shape.pattern for shape in (DOTTED_DATE, DATE_THEN_TIME, DOTTED_ADDRESS, YEARS)))
THOUSANDS = re.compile(r"\d{1,3}(?: \d{3})+")
AMERICAN = re.compile(r"\(?[2-9]\d\d\)?[ .-]{0,2}[2-9]\d\d[ .-]\d{4}")
RUSSIAN_TRUNK = re.compile(r"[78][ .-]?\(?[3489]\d\d")
AREA_IN_BRACKETS = re.compile(r"\(\d{3,5}\)[ ]?\d{1,3}[ -]\d\d[ -]?\d\d")
MOBILE_GROUPS = re.compile(r"9\d\d[ -]\d{3}[ -]\d\d[ -]?\d\d")
BRITISH = re.compile(r"\(?0\d{2,4}\)?[ -]\d{3,4}[ -]?\d{3,4}")
SMALL_TOWN = re.compile(r"\d-\d\d-\d\d")
LOCAL = re.compile(r"\d\d\d?[- ]\d\d[- ]\d\d|\d{3}[- ]\d{4}|\d{7}")
REGIONS = ("RU", "US", "GB")
SHORTEST, LEAST, MOST = 6, 10, 15
CLOSE = 24
OTHER_CLASSES = frozenset(
    {"inn", "snils", "ogrn", "account", "bik", "card", "passport", "driver_licence", "contract_number", "other"}
)


def find(text: str) -> list[Found]:
    """Every telephone number."""
    found: list[Found] = []
    for match in NUMBER.finditer(text):
        start = match.start()
        end = match.end() if match["extension"] else match.start() + len(match.group().rstrip(" ("))
        written = text[start : match.start("extension") if match["extension"] else end]
        if not _refused(text, written, start, end) and _is_phone(text, written, start):
            found.append(Found(start, end, "phone", 60 if written[0] in "+(" else 55, key_of(written)))
    return found


def key_of(written: str) -> str:
    """What stays the same however a number is written: its last ten digits."""
    return digits_of(written)[-10:]


def _refused(text: str, written: str, start: int, end: int) -> bool:
    """Dates, addresses of machines, sums and quantities."""
    if written[0] != "+" and (MEASURED.match(text, end) or MONEY_BEFORE.search(text, max(0, start - 2), start)):
        return True
    return NO_PHONE.fullmatch(written) is not None


def _is_phone(text: str, written: str, start: int) -> bool:
    """By its shape where that is unmistakable, else by the word before it and the numbering plans."""
    digits = digits_of(written)
    if written.startswith(("+", "00")):
        return 8 <= len(digits) <= MOST + 2 and _possible("+" + digits.removeprefix("00"))
    if len(digits) < SHORTEST and not SMALL_TOWN.fullmatch(written):
        return False
    near = nearest(text, start)
    name = near[0] if near and (near[1] <= CLOSE or near[0] == "phone") else ""
    called = name == "phone"
    if name in OTHER_CLASSES and digits == written:
        return False
    if THOUSANDS.fullmatch(written) and not called:
        return False
    return _shaped(written, digits, name) or (called and _callable(written, digits))


def _shaped(written: str, digits: str, name: str) -> bool:
    """A shape that telephones alone have; in a country's own way it must fit the country's plan."""
    called = name == "phone"
    if len(digits) == 11 and RUSSIAN_TRUNK.match(written):
        return called or _valid(digits, "RU")
    if AREA_IN_BRACKETS.fullmatch(written) or MOBILE_GROUPS.fullmatch(written):
        return True
    if AMERICAN.fullmatch(written) or (len(digits) == 11 and digits[0] == "1" and written != digits):
        return name not in OTHER_CLASSES
    if BRITISH.fullmatch(written) or (written == digits and re.fullmatch(r"07\d{9}", digits)):
        return name not in OTHER_CLASSES and (called or _valid(digits, "GB"))
    return False


def _callable(written: str, digits: str) -> bool:
    """What can be a telephone where one is named: a local number, ten or eleven digits, what a plan knows."""
    fits = len(digits) in {10, 11} or any(_valid(digits, region) for region in REGIONS)
    return (
        LOCAL.fullmatch(written) is not None
        or SMALL_TOWN.fullmatch(written) is not None
        or (LEAST - 1 <= len(digits) <= MOST and fits)
    )


def _valid(digits: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, region))
    except phonenumbers.NumberParseException:
        return False


def _possible(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False
