"""People in Russian text by the dictionary of names: whole names, initials, patronymics, first names alone."""

from __future__ import annotations

import re
from typing import Final

from inference.anonymise.name_runs import Word, runs
from inference.anonymise.russian_words import NO_NAME_PARTS, Reading, reading
from inference.anonymise.segments import Segment
from inference.anonymise.spans import Found
from inference.anonymise.word_names import is_word_name, stands_for_somebody
from inference.text.date_words import MONTHS

WORD = re.compile(r"(?<![\w.])[А-ЯЁ]\.(?=[\s,:;)А-ЯЁ]|$)|(?<=[А-ЯЁ]\.)[А-ЯЁ]\.|[А-ЯЁа-яё]+(?:['-][А-ЯЁа-яё]+)*")
NAME_SHAPES = re.compile(
    r"v+[SXNFf]F?P?|I{1,2}[SXNF](?!P)|[fF]P?I(?![ISXN])|[SXNF]I{1,2}(?![SXN])|[SXNfA]FPS?|[fF]P[SXN]?|[SX]F|[Ff]S|S[fF]P?|F[XNf]|SX(?!P)|PS|SP|F|P|S"
)
# "Ван дер Берг", "аль Хасан": particles before a capital word.
PARTICLE = re.compile(
    r"(?:[Вв]ан(?: [Дд]е[рн])?|[Фф]он(?: [Дд]ер)?|[Дд]е(?: [Лл]а)?|[Дд]ер|[Аа]ль|[Ээ]ль|[Ии]бн|[Бб]ен|[Дд]и|[Дд]ель)$"
)
ADJECTIVE_ENDINGS: Final = ("ый", "ий", "ой", "ая", "яя", "ого", "его", "ому", "ему", "ым", "им", "ую", "юю")
CAPITAL_AFTER = re.compile(r"\s(?:[Дд]е[рн]\s|[Лл]а\s)?[А-ЯЁ][а-яё]")
VEHICLE_BEFORE = re.compile(
    r"(?:машин\w{0,3}|автомобил\w{0,3}|авто|а/м|грузовик\w{0,3}|фургон\w{0,3}|станк\w{1,3}|станок|трактор\w{0,3}|марк\w{1,2})\s$",
    re.IGNORECASE,
)
CUE = re.compile(
    r"(?:зовут|фамилия|имя|это|господин\w*|госпож\w+|г-н\w?|г-ж\w|товарищ\w*|беспокоит|говорит|клиент\w*|менеджер\w*|директор\w*|коллег\w+|юрист\w*"
    r"|бухгалтер\w*|инженер\w*|на имя|от имени|спросите|спросить|позовите|ваш\w?|уважаем\w+|здравствуйте|привет|добрый день|покупател\w+|заказчик\w*"
    r"|получател\w+|водител\w+|курьер\w*|секретар\w+|начальник\w*|подпис\w+|ответственн\w+|контактное лицо|руководител\w+)[\s,:-]{1,3}$",
    re.IGNORECASE,
)
SURE_CUE = re.compile(
    r"(?:меня зовут|(?:его|её|ее|вас|тебя|их) зовут|фамилия|по фамилии|господин\w{0,2}|госпож\w{1,2}|г-н\w?|г-ж\w)(?: моя| его| её)?[\s,:-]{1,3}$",
    re.IGNORECASE,
)
STREET_BEFORE = re.compile(
    r"(?:ул\.?|улиц\w*|просп\w*\.?|пр-т\w?|проспект\w*|переул\w*|пер\.|площад\w*|пл\.|бульвар\w*|б-р|шоссе|метро|м\.|станци\w+|имени|им\.|набережн\w+|город\w*"
    r"|г\.|район\w*|област\w*|памятник\w*|музе\w+|сквер\w*|парк\w*)\s+(?:[А-ЯЁа-яё]+\s)?$",
    re.IGNORECASE,
)
LISTED = re.compile(
    r"(?<=[а-яё:] )[А-ЯЁ][а-яё]{2,}(?:-[А-ЯЁ][а-яё]+)?(?:, [А-ЯЁ][а-яё]{2,}(?:-[А-ЯЁ][а-яё]+)?)+ и [А-ЯЁ][а-яё]{2,}(?:-[А-ЯЁ][а-яё]+)?(?! [А-ЯЁ«])"
)
CAPITAL = re.compile(r"[А-ЯЁ][\w-]+")
SURNAME_ENDINGS: Final = (
    "ов",
    "ев",
    "ёв",
    "ин",
    "ын",
    "ова",
    "ева",
    "ина",
    "ко",
    "ук",
    "юк",
    "ян",
    "швили",
    "дзе",
    "ский",
    "цкий",
    "ская",
    "цкая",
    "ых",
    "их",
    "ич",
)
SURE, WEAK, CAPITAL_SURNAME, SMALL_SURNAME, LONE_SURNAME = 0.6, 0.1, 0.3, 0.5, 0.7
RANK: Final = 50


def find(segment: Segment) -> list[Found]:
    """Every person that the dictionary and the words around give away."""
    found: list[Found] = []
    for run in _runs(segment):
        shape = "".join(word.letter for word in run)
        for match in NAME_SHAPES.finditer(shape):
            first, last = run[match.start()], run[match.end() - 1]
            if _stands(segment, match.group(), first, last):
                found.append(Found(segment.start + first.start, segment.start + last.end, "person", RANK))
    if segment.casing == "cased" and ", " in segment.text and " и " in segment.text:
        found += _listed(segment)
    return found


def _listed(segment: Segment) -> list[Found]:
    """Surnames in a row, of which one is known: "были Лыков, Дзюба и Петров"."""
    more: list[Found] = []
    for match in LISTED.finditer(segment.text):
        words = list(CAPITAL.finditer(segment.text, match.start(), match.end()))
        alike = [word for word in words if _may_be_surname(word.group().lower())]
        if len(alike) == len(words) and any(_sounds_like_surname(word.group().lower()) for word in words):
            more += (Found(segment.start + w.start(), segment.start + w.end(), "person", RANK - 6) for w in words)
    return more


def _may_be_surname(low: str) -> bool:
    """No month, no place that is nothing else, no ordinary noun."""
    found = reading(low)
    ordinary = (
        found.known
        and found.part == "NOUN"
        and not low.endswith(SURNAME_ENDINGS)
        and found.surname + found.first < WEAK
    )
    return low not in MONTHS and not ordinary and not (found.known and found.place > SURE)


def _sounds_like_surname(low: str) -> bool:
    return reading(low).surname >= CAPITAL_SURNAME or reading(low).first >= SURE or low.endswith(SURNAME_ENDINGS)


def _runs(segment: Segment) -> list[list[Word]]:
    """Words that may be parts of names, in stretches with nothing but a space between."""
    words = (Word(match.start(), match.end(), _letter(segment, match)) for match in WORD.finditer(segment.text))
    return runs(segment.text, words)


def _letter(segment: Segment, match: re.Match[str]) -> str:
    """I initial, F first name, f word that can be one, P patronymic, S surname, X unknown, N ordinary but capital."""
    word = match.group()
    if word.endswith("."):
        return "I"
    low = word.lower()
    if low in MONTHS or len(word) < 2:
        return ""
    capital = word[0].isupper() and segment.casing in {"cased", "first"}
    opening = capital and not segment.text[: match.start()].strip('"«“(- —')
    if not capital and not _worth_a_look(low):
        return ""
    found = _reading(low)
    if PARTICLE.fullmatch(low) and CAPITAL_AFTER.match(segment.text, match.end()) and segment.casing == "cased":
        kind = "v"
    elif is_word_name(low):
        inside = capital and not opening and segment.casing == "cased"
        alone = stands_for_somebody(segment.text, match.start(), match.end(), sure_capital=inside)
        return "F" if alone else "f"
    elif capital:
        kind = _capital_letter(word, found, opening=opening)
    else:
        kind = _small_letter(low, found, upper=segment.casing == "upper")
    if kind in {"", "f"} and not capital and SURE_CUE.search(segment.text[max(0, match.start() - 24) : match.start()]):
        return "F" if found.part not in NO_NAME_PARTS and len(word) > 2 else kind
    return kind


def _worth_a_look(low: str) -> bool:
    """Short words and those with the endings of verbs are no names, and are not worth a look into the dictionary."""
    return len(low) > 2 and not low.endswith(
        ("ть", "ться", "тся", "ешь", "ете", "ите", "ого", "его", "ция", "ции", "ние", "ния", "нию")
    )


def _reading(low: str) -> Reading:
    """The reading of a word; of a double name that of its likelier half."""
    if "-" not in low:
        return reading(low)
    halves = [reading(half) for half in low.split("-") if half]
    return max(halves, key=lambda half: half.first + half.surname + half.patronymic) if halves else reading(low)


def _capital_letter(word: str, found: Reading, *, opening: bool) -> str:
    if word.isupper() and len(word) < 4:
        return ""
    shares = (
        found.patronymic >= SURE,
        found.first >= (SURE if opening else 0.25),
        found.surname >= CAPITAL_SURNAME,
        found.first >= WEAK,
    )
    for letter, enough in zip("PFSf", shares, strict=True):
        if enough:
            return letter
    if found.part in NO_NAME_PARTS and found.known:
        return ""
    if opening or found.place > SURE or word.isupper():
        return "" if found.known or word.isupper() else "X"
    return "N" if found.known else "X"


def _small_letter(low: str, found: Reading, *, upper: bool) -> str:
    if found.patronymic >= SURE and found.known:
        return "P"
    if found.first >= SURE and (found.known or upper):
        return "F"
    if found.surname >= SMALL_SURNAME and (found.known or upper):
        return "S"
    if found.first >= WEAK:
        return "f"
    if upper and found.part == "ADJF" and low.endswith(ADJECTIVE_ENDINGS):
        return "A"
    return "X" if upper and not found.known and found.part == "NOUN" else ""


def _stands(segment: Segment, shape: str, first: Word, last: Word) -> bool:
    """Whether a shape is a person where it stands: surnames alone need some support, streets bear names of people."""
    before = segment.text[max(0, first.start - 32) : first.start]
    if STREET_BEFORE.search(before) or VEHICLE_BEFORE.search(before):
        return False
    if shape[0] == "v":
        return segment.casing == "cased" and len(shape) > 1
    if shape in {"S", "F"}:
        return _stands_alone(segment, shape, segment.text[first.start : last.end], before)
    if shape in {"FN", "FX", "Ff", "SX"} and segment.casing != "cased":
        return segment.casing == "upper"
    return True


def _stands_alone(segment: Segment, shape: str, word: str, before: str) -> bool:
    """Whether a first name or a surname with nothing beside it is a person."""
    found = _reading(word.lower())
    inside = word[0].isupper() and segment.casing == "cased" and bool(before.strip('"«“(- —'))
    introduced = CUE.search(before) is not None
    if shape == "F":
        sure = found.first >= SURE or is_word_name(word.lower()) or inside
        return sure or introduced or SURE_CUE.search(before) is not None
    if inside:
        return found.surname >= SMALL_SURNAME or introduced
    return (found.surname >= LONE_SURNAME and len(word) > 4) or introduced
