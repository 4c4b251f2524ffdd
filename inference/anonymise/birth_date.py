"""Birth dates: a date beside a word of birth."""

from __future__ import annotations

import re
from typing import Final

from inference.anonymise.dates import BARE_YEAR, DATE, SAID_YEAR
from inference.anonymise.russian_words import reading
from inference.anonymise.spans import Found
from inference.anonymise.word_pattern import small, windows

BIRTH = re.compile(
    r"(?<![\w])(?:родил(?:ся|ась|ись)|рожд\w*|рожден\w*|рождён\w*|д\.\s?р\.|д/р|др(?![\w.])|г\.\s?р\.|гр(?=[ ,:])|именин\w*|юбилей|днюх\w+"
    r"|(?:date|year|day)\sof\sbirth|birth\s?(?:date|day|year)s?|b-?days?|yob|born(?:\son)?|d\.?o\.?b\.?(?!\w)|b\.\s?(?=\d))",
    re.IGNORECASE,
)
DATED = re.compile(DATE, re.IGNORECASE)
YEAR = re.compile(BARE_YEAR, re.IGNORECASE)
YEAR_OF_BIRTH = re.compile(
    r"[12](?<![\d.][12])(?:(?<=1)9|(?<=2)0)\d\d(?=\s?(?:г\.\s?р|года?\s(?:рождения|р\.)|г\.?\s?рожд))", re.IGNORECASE
)
SAID_YEAR_OF_BIRTH = re.compile(
    rf"\b(?:{SAID_YEAR}|\d\d(?:-?(?:го|й))?)\s(?:года?|г\.?)(?=\s?(?:рожд\w*|р\.))", re.IGNORECASE
)
SAID_GATE = re.compile(r"г(?:ода?|\.)?\s?р(?:ожд\w*|\.)")
# Without a word of birth: "она с восемьдесят пятого года", "born '86", "birthday 4/17".
OF_A_YEAR = re.compile(
    rf"(?<!\w)(?P<who>[а-яё]+)\s(?:сам\w?\s|сама\s)?с\s(?P<year>(?:{SAID_YEAR}|(?:19|20)?\d\d(?:-?го)?)\s(?:года?(?!\w)|г\.))",
    re.IGNORECASE,
)
OF_A_YEAR_GATE = re.compile(r" с (?:[^\n.]{2,40}) г(?:ода?\b|\.)")
SOMEBODY: Final = frozenset(
    "я ты он она муж жена сын дочь дочка мама мать папа отец брат сестра внук внучка клиент клиентка".split()
)
SHORT = re.compile(
    r"(?:\W{1,3}|\s(?:is|was|on|in)\s|\sв\s){1,2}(?P<date>'\d\d(?!\d)|\d{1,2}[./]\d{1,2}(?![\d./]))", re.IGNORECASE
)
AFTER, BEFORE = 64, 24
LIKELY: Final = 0.4
BREAK = re.compile(r"[.;!?]\s|\n\s*\n|\d{5}")
OTHER_DATE = re.compile(
    r"(?<!\w)(?:от|выдан\w*|дат\w+ выдачи|действ\w+|догов\w+|приказ\w*|доставк\w+|отгруз\w+|встреч\w+|позвон\w+|перезвон\w+|issued|expir\w+|valid|contract"
    r"|delivery|signed|meeting|call(?:ed|ing)?|ship\w*|оформ\w+|прин[яе]т\w*|заехал\w*|переехал\w*|умер\w*)(?!\w)",
    re.IGNORECASE,
)


def find(text: str) -> list[Found]:
    """Every date that follows a word of birth closely, or that such a word follows."""
    found: list[Found] = []
    low = small(text)
    for birth in BIRTH.finditer(text):
        short = SHORT.match(text, birth.end())
        if short is not None:
            found.append(Found(short.start("date"), short.end("date"), "birth_date", 64))
        after = _after(text, birth.end())
        match = after or _before(text, birth.start())
        if match is not None:
            found.append(Found(match.start(), match.end(), "birth_date", 65))
    found += (Found(m.start(), m.end(), "birth_date", 64) for m in YEAR_OF_BIRTH.finditer(text))
    found += (
        Found(m.start(), m.end(), "birth_date", 64)
        for first, last in windows(SAID_GATE, low, 60, 0)
        for m in SAID_YEAR_OF_BIRTH.finditer(text, first, last)
    )
    for first, last in windows(OF_A_YEAR_GATE, low, 40, 8):
        for match in OF_A_YEAR.finditer(text, first, last):
            who = match["who"].lower()
            if who in SOMEBODY or reading(who).first >= LIKELY:
                found.append(Found(match.start("year"), match.end("year"), "birth_date", 63))
    return found


def _after(text: str, end: int) -> re.Match[str] | None:
    """The date that follows, with no sentence end, other date word or long number between."""
    window = min(len(text), end + AFTER + 40)
    match = DATED.search(text, end, window)
    if match is None or match.start() - end > AFTER:
        match = YEAR.search(text, end, min(window, end + 24))
    if match is None:
        return None
    between = text[end : match.start()]
    if not between.strip(" .:,-"):
        return match
    return None if BREAK.search(between) or OTHER_DATE.search(between) else match


def _before(text: str, start: int) -> re.Match[str] | None:
    """The date that stands right before."""
    last = None
    for match in DATED.finditer(text, max(0, start - BEFORE - 48), start):
        last = match
    if last is None or start - last.end() > BEFORE:
        return None
    between = text[last.end() : start]
    return None if BREAK.search(between) or OTHER_DATE.search(text[max(0, last.start() - 20) : last.start()]) else last
