"""Passports: Russian internal ones in every spelling, travel passports, those of other countries by name."""

from __future__ import annotations

import re

from inference.anonymise.context import digits_of, named, named_after
from inference.anonymise.spans import Found
from inference.anonymise.word_pattern import small, windows

_NUMBER = r"(?:№|N[o°]?\.?|номер\w*|number|no\.?)"
INTERNAL = re.compile(
    rf"(?P<series>\d(?<![\d.,/+-]\d)(?<!\d \d)\d ?-?\d\d)(?P<between>[ ,.;:]{{0,3}}(?:и )?{_NUMBER}?:? ?|-)(?P<number>\d{{6}}|\d{{3}}[ -]\d{{3}})(?![\d/]|[.-]\d)",
    re.IGNORECASE,
)
TRAVEL = re.compile(rf"\d(?<![\d.,/+-]\d)(?<!\d \d)\d[ ,]{{0,2}}{_NUMBER}? ?\d{{7}}(?![\d/]|[ .-]\d)", re.IGNORECASE)
ELSEWHERE = re.compile(
    r"(?<![\w.,/+-])(?=[A-Za-z]{0,3} ?\d)(?:[A-Za-z]{1,3} ?)?\d[\dA-Za-z]{4,9}(?: \d{3}){0,2}(?![\w/]|[.-]\d)"
)
CALLED = re.compile(
    r"(?:passports?(?:'s)?|(?<!\w)p/port|(?<!\w)ppt?)\W{1,3}(?:(?:is|was|are|number|no|num|nr|details|id|code|reads|with|the|under|says|shows|copy|s|data|of|my|his|her"
    r"|valid|us|uk|british|american|russian|travel)\W{1,3}){0,5}$|паспорт\w*\W{1,3}(?:(?:гражданина|гражданки|рф|сша|казахстана|беларуси|республики|номер|серия"
    r"|иностранного|с номером|мой|номером|украины|узбекистана|кыргызстана|германии)\W{1,3}){0,5}$",
    re.IGNORECASE,
)
GATE = re.compile(r"passport|паспорт|\bp/port|\bppt?\b")
WINDOW, BEFORE = 150, 48
LEAST_DIGITS = 6
LETTERED = re.compile(r"[A-Z]{1,3}(?=[A-Z]*\d)[A-Z\d]{7,8}")
JOINED = frozenset({" and ", " & ", ", ", " и ", ", and "})


def find(text: str) -> list[Found]:
    """Every passport number."""
    found: list[Found] = []
    for match in INTERNAL.finditer(text):
        name = named(text, match.start(), 80)
        spaced = re.fullmatch(r"\d\d \d\d", match["series"]) is not None
        lettered = re.search(r"[№Nн]", match["between"]) is not None
        told = name == "passport" or named_after(text, match.end(), "passport", 40)
        unnamed = name in {"", "phone"} and (
            lettered or (spaced and match["between"] == " " and " " not in match["number"])
        )
        if told or unnamed:
            found.append(Found(match.start(), match.end(), "passport", 76, digits_of(match.group())))
    travel = (match for match in TRAVEL.finditer(text) if named(text, match.start(), 80) == "passport")
    found += (Found(m.start(), m.end(), "passport", 75, digits_of(m.group())) for m in travel)
    called_so = windows(GATE, small(text), BEFORE, WINDOW)
    for match in (match for first, last in called_so for match in ELSEWHERE.finditer(text, first, last)):
        if len(digits_of(match.group())) < LEAST_DIGITS and not LETTERED.fullmatch(match.group()):
            continue
        another = bool(found) and text[found[-1].end : match.start()] in JOINED
        introduced = CALLED.search(text[max(0, match.start() - 64) : match.start()])
        if another or introduced or named_after(text, match.end(), "passport"):
            found.append(Found(match.start(), match.end(), "passport", 74, match.group().replace(" ", "").upper()))
    return found
