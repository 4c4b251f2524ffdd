"""What the Russian dictionary says about a word as a name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from inference.text.russian import is_known, parses

WORDS: Final = 65_536
RARE: Final = frozenset({"Abbr", "Init"})
# Parts of speech that no name of a person or a firm is.
NO_NAME_PARTS: Final = frozenset("PREP CONJ PRCL NPRO VERB ADVB PRTS ADJS INFN INTJ PRED COMP GRND NUMR".split())
# The dictionary gives these as names too, and in business text they hardly ever are.
NOT_NAMES: Final = frozenset(
    "акт анализ вид вход дата день дом заказ им итог код магазин мая мир мне мой нас наш отдел оплата план пока при проект рада рад роль рус сам "
    "сроки сумма товар тон тому топ тест фото хорошо цена чай шеф юг или ким так там тип она он лист ян дай пусть лад будь кора роза "
    "марте марта март мая май июня июля августа август милая дорогая светлый ада ли эти эта это ту та тот хана дара дина вила ника пак пан".split()
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How likely a word is a first name, a patronymic, a surname, a place, something ordinary; each 0..1."""

    first: float
    patronymic: float
    surname: float
    place: float
    known: bool
    part: str

    @property
    def ordinary(self) -> float:
        """What is left for ordinary words."""
        return max(0.0, 1 - self.first - self.patronymic - self.surname - self.place)


@lru_cache(maxsize=WORDS)
def reading(word: str) -> Reading:
    """The reading of a word in lower case."""
    first = patronymic = surname = place = total = 0.0
    found = parses(word)
    for parse in found:
        tag = parse.tag
        total += parse.score
        if "Name" in tag and not RARE & tag.grammemes:
            first += parse.score
        elif "Patr" in tag and not RARE & tag.grammemes:
            patronymic += parse.score
        elif "Surn" in tag:
            surname += parse.score
        elif "Geox" in tag:
            place += parse.score
    total = total or 1.0
    if word in NOT_NAMES:
        first = min(first, 0.15)
    part = str(found[0].tag.POS or "") if found else ""
    return Reading(first / total, patronymic / total, surname / total, place / total, bool(is_known(word)), part)


@lru_cache(maxsize=WORDS)
def name_lemmas(word: str, grammeme: str) -> frozenset[str]:
    """The dictionary forms that a name can come from, ё as е."""
    found = {str(parse.normal_form) for parse in parses(word) if grammeme in parse.tag}
    return frozenset(form.replace("ё", "е") for form in found)


@lru_cache(maxsize=WORDS)
def genders(word: str, grammeme: str) -> frozenset[str]:
    """masc, femn or both: the genders that a word can have as a name."""
    return frozenset(str(p.tag.gender) for p in parses(word) if grammeme in p.tag and p.tag.gender)


def nominative(word: str, grammeme: str, gender: str) -> str:
    """The nominative of a name in a gender; the word itself where the dictionary knows none."""
    readings: list[Any] = [p for p in parses(word.lower()) if grammeme in p.tag and "plur" not in p.tag]
    fitting = [p for p in readings if not gender or p.tag.gender in {gender, None, "ms-f"}] or readings
    for parse in fitting:
        form = parse.inflect({"sing", "nomn", *({gender} if gender and grammeme == "ADJF" else ())})
        if form is not None:
            return "-".join(part.capitalize() for part in str(form.word).split("-"))
    return word
