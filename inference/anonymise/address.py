"""Postal addresses as Russian writes and says them: a street or a village with a house, and what stands around it."""

from __future__ import annotations

import re
from typing import Final

from inference.anonymise.russian_words import reading
from inference.anonymise.spans import Found
from inference.anonymise.word_pattern import one_of, small, windows
from inference.text.number_words import CARDINALS

_SAID: Final = one_of(
    w for w, (kind, _) in CARDINALS.items() if kind in {"unit", "teen", "ten", "hundred"} and "а" <= w[0] <= "я"
)
_SAID_NUMBER: Final = rf"(?:{_SAID}(?:\s{_SAID}){{0,2}})(?!\w)"
_FIRST_TO_TENTH: Final = r"(?:(?:перв|втор|четв[её]рт|пят|шест|седьм|восьм|девят|десят)(?:ую|ой)|трет(?:ью|ьей))"
_WRITTEN_NUMBER: Final = r"\d{1,4}(?:[а-яa-z]|\s(?-i:[А-Я]))?(?:[/-](?:\d{1,3}[а-яa-z]?|[а-яa-z]))?(?:к\d{1,2}|с\d{1,2}){0,2}(?![\d\w])(?![.,:-]\d)"
_NUMBER: Final = rf"(?:{_WRITTEN_NUMBER}|{_SAID_NUMBER})"
_STREET: Final = (
    r"(?:ул(?:иц[аеыу]|\.)|просп(?:ект[аеу]?|\.)|пр-к?т[ае]?\.?|пр\.|проезд[ае]?|пр-д\.?|пер(?:еул(?:ок|к[аеу])|\.)|бульвар[ае]?|б-р\.?"
    r"|бул\.|набережн(?:ая|ой|ую)|наб\.|шоссе|ш\.|площад[ьи]|пл\.|тупик[ае]?|алле[яеи]|микрорайон[ае]?|мкрн?\.?|квартал[ае]?|кв-л"
    r"|(?<!горячая )(?<!горячей )(?<!горячую )лини[яию]|тракт[ае]?|(?:ул|наб|пер|пр|пл|ш|просп|бул)(?=, ?(?:д|дом|зд|вл|стр|уч)\b)|ul\.|ulitsa|prospekt|pereulok)"
)
_TOWN: Final = (
    r"(?:г\.|город[ае]?|гор\.|пос(?:[её]лок|[её]лк[ае]|\.)|п\.|пгт\.?|с\.|сел[оае]|дер(?:евня|евне|евни|\.)|д\.|ст(?:аница|-ца|\.)|хутор[ае]?"
    r"|с/п|г/п|с/с|с/о|снт|снп|тсн|днт|днп|кп|рп|аул[ае]?|разъезд[ае]?|слобод[аеу])"
)
_NAME: Final = r"(?:\d{1,3}(?:-?(?:я|й|ая|ый|ой|го|е)|-?\s?лет(?:ия)?)?\s)?[А-ЯЁA-Zа-яёa-z][\w.-]*(?:\s[А-ЯЁA-Zа-яёa-z\d][\w-]*){0,3}?"
_CASED: Final = r"(?:\d{1,3}-?(?:я|й|ая|ый|ой)\s)?(?-i:[А-ЯЁ])[\w-]+(?:\s(?-i:[А-ЯЁ])[\w-]+){0,2}"
_HOUSE_WORD: Final = (
    r"(?:д\.|дом[аеу]?(?!\w)|д(?=\s?\d)|№|зд\.|здани[ея]|вл\.|владени[ея]|уч\.|участ(?:ок|ке|ка)|стр\.|строени[ея]|домовладение|bld\.?"
    r"|building|d\.)"
)
_PART: Final = (
    r"(?:корп(?:ус[е]?|\.)?|к(?:\.|(?=\s?\d))|стр(?:оени[ея]|\.)?|лит(?:ера?|\.)|кв(?:артир[аеу]|\.)?|оф(?:ис[ае]?|\.)"
    r"|пом(?:ещени[ея]|\.)|под(?:ъезд[ае]?|\.)|этаж[ае]?|эт\.|ауд(?:итори[яи]|\.)|каб(?:инет[ае]?|\.)|бокс[ае]?|павильон[ае]?|ангар[ае]?|комн?(?:ат[аеу]|\.)|ап(?:артаменты|\.)|ворота|въезд|секци[яи]|блок[ае]?|помещ\."
    r"|kv\.|apt\.?|office|flat)"
)
_PLACED: Final = rf"(?:,?\s{{0,2}}{_HOUSE_WORD}\s?№?\s?|,\s?|\s){_NUMBER}"
_TAIL: Final = rf"(?:,?\s{{0,2}}(?:{_PART}\s?№?\s?(?:{_NUMBER}|[А-ЯA-Z](?!\w)|[IVX]+(?!\w))|\d{{1,3}}[-\s]?(?:й|ый|ой)?\s(?:этаж|подъезд))){{0,5}}"
HOUSED = re.compile(
    rf"(?<![\w-])(?:{_STREET}\s?{_NAME}{_PLACED}|{_CASED}\s{_STREET}{_PLACED}|\w[\w-]*\s{_STREET}{_PLACED}"
    rf"|{_CASED},\s?(?:д\.|дом)\s?{_NUMBER}|{_TOWN}\s?{_NAME},?\s{{1,2}}{_HOUSE_WORD}\s?{_NUMBER}){_TAIL}",
    re.IGNORECASE,
)
GATE = re.compile(rf"(?<![\w-])(?:{_STREET}|{_TOWN}|дом(?=\s?\d))(?![\w])")
BEFORE_GATE, AFTER_GATE = 50, 160
# A street that has a number for a name, with nothing to say that it is one: "на третью парковую двадцать шесть".
NUMBERED_STREET = re.compile(
    rf"(?<!\w)(?:на|по)\s(?P<address>{_FIRST_TO_TENTH}\s[а-яё]{{3,}}(?:ск|ов|ев|ин|ен|ян|ч|н)(?:ую|ой)\s(?:дом\s)?{_NUMBER})",
    re.IGNORECASE,
)
NUMBERED_GATE = re.compile(rf"(?<!\w)(?:на|по)\s{_FIRST_TO_TENTH}\s")
BOX = re.compile(r"(?<!\w)(?:а/я|абонентский ящик)\s?№?\s?\d{1,6}", re.IGNORECASE)
_PLACE: Final = r"[А-ЯЁA-Z][\w-]+(?:[ -][А-ЯЁA-Zа-яё][\w-]+){0,2}"
PARTS_LEFT = re.compile(
    rf"(?:^|(?<=[\s:(\"«,]))(?:{_TOWN}\s?{_PLACE}|{_PLACE}\s(?:обл(?:асть|асти|\.)?|кра[йяе]|р-н|район[ае]?|респ(?:ублика|\.)?|округ[ае]?|АО|(?:г|пгт|рп|пос|с|д|дер|х|ст-ца)(?!\w))"
    rf"|(?:Респ(?:ублика|\.)|Республике)\s{_PLACE}|тер(?:ритори[яи]|\.)|\d{{6}}|Росси[яи]|РФ)$"
)
CITY_LEFT = re.compile(
    r"(?:^|(?<=[\s:(\"«]))[А-ЯЁA-Z][а-яёa-z]+(?:-[А-ЯЁA-Zа-яёa-z][а-яёa-z]*){0,3}(?:\s[А-ЯЁ][а-яё]+)?$"
)
TOWN_SAID_LEFT = re.compile(
    r"(?:^|(?<=[\s:(\"«]))(?:(?:город[ае]?|г\.?|пос[её]л(?:ок|к[ае])(?: городского типа)?|пгт|сел[оае]|деревн[яеию]|станиц[аеу]|хутор[ае]?)\s[а-яё-]+|москв\w|санкт-петербург\w?|питер\w?|спб|мск|екатеринбург\w?|новосибирск\w?|казан\w"
    r"|самар\w|омск\w?|челябинск\w?|тюмен\w|перм\w|воронеж\w?|волгоград\w?|краснодар\w?|уф\w|минск\w?)$",
    re.IGNORECASE,
)
INDEX_RIGHT = re.compile(
    r"(?:,\s?(?:г\.\s?)?[А-ЯЁA-Z][\w-]+)?,?\s\d{6}(?!\d)|,\s?(?:г|пос|с|дер|д)\.\s?[А-ЯЁ][\w-]+"
    r"|,\s?[А-ЯЁ][\w-]+(?:\s[а-яё]+)?\s(?:г\.\s?о\.|городской округ|р-н|район|обл(?:асть|\.)|край)"
)
# Gardens with a plot are an address, though their kind is a legal form too.
GARDENS = re.compile(r"(?:снт|снп|тсн|днт|днп)\s.*уч(?:асток|\.)", re.IGNORECASE)
LEFT_REACH: Final = 120
SURELY: Final = 0.5
COUNTED = re.compile(
    r"\s?(?:руб|₽|шт|тыс|млн|процент|%|лет\b|час|мин|метр|км|человек|раз[ао]?\b|дн|этаж\w* дом|[-.]й|-ть)",
    re.IGNORECASE,
)


def find(text: str) -> list[Found]:
    """Every Russian address that has at least a house or a post box."""
    found: list[Found] = []
    for first, last in windows(GATE, small(text), BEFORE_GATE, AFTER_GATE):
        for match in HOUSED.finditer(text, first, last):
            cut = first and match.start() == first and text[first - 1].isalnum()
            if not cut and not COUNTED.match(text, match.end()):
                rank = 68 if GARDENS.match(match.group()) else 62
                found.append(Found(_more_left(text, match.start()), _more_right(text, match.end()), "address", rank))
    found += (Found(_more_left(text, m.start()), m.end(), "address", 61) for m in BOX.finditer(text))
    for first, last in windows(NUMBERED_GATE, small(text), 0, 60):
        for match in NUMBERED_STREET.finditer(text, first, last):
            if not COUNTED.match(text, match.end()):
                found.append(Found(match.start("address"), match.end(), "address", 58))
    return found


def _is_person(words: str) -> bool:
    """Whether capital words before a street are rather its inhabitant than its town."""
    found = reading(words.split(maxsplit=1)[0].lower())
    return found.first > SURELY or found.surname > SURELY


def _more_right(text: str, end: int) -> int:
    """An index or a town that follows."""
    match = INDEX_RIGHT.match(text, end)
    return match.end() if match else end


def _more_left(text: str, start: int) -> int:
    """Where the address begins: index, region, district and town before the street."""
    while True:
        before = text[max(0, start - LEFT_REACH) : start]
        bare = before.rstrip(" ,;\n")
        gap = before[len(bare) :]
        if gap.count("\n") > 1 or not gap:
            return start
        match = PARTS_LEFT.search(bare) or TOWN_SAID_LEFT.search(bare)
        if match is None and "," in gap:
            match = CITY_LEFT.search(bare)
            match = None if match and _is_person(match.group()) else match
        if match is None:
            return start
        start -= len(before) - match.start()
