"""People in Russian text by the dictionary of names: whole names, initials, patronymics, first names alone."""

from __future__ import annotations

import re
from typing import Final

from inference.anonymise.name_runs import Word, runs
from inference.anonymise.russian_words import Reading, reading
from inference.anonymise.segments import Segment
from inference.anonymise.spans import Found
from inference.anonymise.word_names import is_word_name, stands_for_somebody
from inference.text.date_words import MONTHS

WORD = re.compile(r"(?<![\w.])[А-ЯЁ]\.(?=[\s,:;)А-ЯЁ]|$)|(?<=[А-ЯЁ]\.)[А-ЯЁ]\.|[А-ЯЁа-яё]+(?:['-][А-ЯЁа-яё]+)*")
NAME_SHAPES = re.compile(
    r"I{1,2}[SXNF](?!P)|[fF]P?I(?![ISXN])|[SXNF]I{1,2}(?![SXN])|[SXN]FPS?|[fF]P[SXN]?|[SX]F|[Ff]S|S[fF]P?|F[XNf]|SX(?!P)|PS|SP|F|P|S"
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
SURE, WEAK, CAPITAL_SURNAME, SMALL_SURNAME, LONE_SURNAME = 0.6, 0.1, 0.3, 0.5, 0.7
RANK: Final = 50
NO_SURNAME_PARTS: Final = frozenset(
    {"PREP", "CONJ", "PRCL", "NPRO", "VERB", "ADVB", "PRTS", "ADJS", "INFN", "INTJ", "PRED", "COMP", "GRND", "NUMR"}
)


def find(segment: Segment) -> list[Found]:
    """Every person that the dictionary and the words around give away."""
    found: list[Found] = []
    for run in _runs(segment):
        shape = "".join(word.letter for word in run)
        for match in NAME_SHAPES.finditer(shape):
            first, last = run[match.start()], run[match.end() - 1]
            if _stands(segment, match.group(), first, last):
                found.append(Found(segment.start + first.start, segment.start + last.end, "person", RANK))
    return found


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
    if is_word_name(low):
        inside = capital and not opening and segment.casing == "cased"
        alone = stands_for_somebody(segment.text, match.start(), match.end(), sure_capital=inside)
        return "F" if alone else "f"
    found = _reading(low)
    kind = (
        _capital_letter(word, found, opening=opening)
        if capital
        else _small_letter(found, upper=segment.casing == "upper")
    )
    if kind in {"", "f"} and not capital and SURE_CUE.search(segment.text[max(0, match.start() - 24) : match.start()]):
        return "F" if found.part not in NO_SURNAME_PARTS and len(word) > 2 else kind
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
    if found.part in NO_SURNAME_PARTS and found.known:
        return ""
    if opening or found.place > SURE or word.isupper():
        return "" if found.known or word.isupper() else "X"
    return "N" if found.known else "X"


def _small_letter(found: Reading, *, upper: bool) -> str:
    if found.patronymic >= SURE and found.known:
        return "P"
    if found.first >= SURE and (found.known or upper):
        return "F"
    if found.surname >= SMALL_SURNAME and (found.known or upper):
        return "S"
    if found.first >= WEAK:
        return "f"
    return "X" if upper and not found.known and found.part == "NOUN" else ""


def _stands(segment: Segment, shape: str, first: Word, last: Word) -> bool:
    """Whether a shape is a person where it stands: surnames alone need some support, streets bear names of people."""
    before = segment.text[max(0, first.start - 32) : first.start]
    if STREET_BEFORE.search(before):
        return False
    if shape in {"S", "F"}:
        word = segment.text[first.start : last.end]
        found = _reading(word.lower())
        capital = word[0].isupper() and segment.casing == "cased"
        opening = not before.strip('"«“(- —')
        if shape == "F":
            return (
                found.first >= SURE
                or is_word_name(word.lower())
                or (capital and not opening)
                or CUE.search(before) is not None
                or SURE_CUE.search(before) is not None
            )
        if capital and not opening:
            return found.surname >= SMALL_SURNAME or CUE.search(before) is not None
        return (found.surname >= LONE_SURNAME and len(word) > 4) or CUE.search(before) is not None
    if shape in {"FN", "FX", "Ff", "SX"} and segment.casing != "cased":
        return segment.casing == "upper"
    return True
