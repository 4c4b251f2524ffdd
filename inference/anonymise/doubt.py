"""Which sentences a model must read: those with a capital word that nothing has explained; and what to believe of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from inference.anonymise.names_en import NO_SURNAMES, first_names, surnames
from inference.anonymise.organisation_en import ORDINARY
from inference.anonymise.person_ru import VEHICLE_BEFORE
from inference.anonymise.russian_words import NO_NAME_PARTS, reading
from inference.anonymise.segments import Segment
from inference.anonymise.spans import Found
from inference.text.date_words import MONTHS, WEEKDAYS

CAPITAL_RU = re.compile(r"(?<![\w-])[А-ЯЁ][а-яё]+(?:-[А-ЯЁ]?[а-яё]+)*")
CAPITAL_EN = re.compile(r"(?<![\w@.-])[A-Z][a-z'à-ž]+(?:[A-Z][a-z]+)*(?!\w*[@\d])")
AT_PLACE = re.compile(r"\b(?:in|to|near|via|into|across)\s$")
OPENING: Final = "\"“«'(-— >*•:[]"
NO_ORGANISATION: Final = frozenset(
    "crm api ндс инн огрн бик снилс кпп усн осно осго каско кп тз то упд ттн эдо эцп pdf vat faq sms usb ip it hr ok ceo cfo cto sla nda gdpr erp ssl url html "
    "рф сша ес снг мкад жк dob po ok asap eta iban swift bic usa uk eu pin cvv gps pos sku id ssn ein rma eod mvp roi kpi crm-система mr mrs ms dr miss prof lic dl мвд умвд омвд овд уфмс фмс гибдд мфц ифнс фнс пфр сфр егрюл еис личный кабинет wi-fi wifi "
    "excel word outlook zoom telegram whatsapp viber email e-mail интернет гугл номер договор счет счёт почта паспорт".split()
)
# Who issues documents is no party to anything.
AUTHORITIES: Final = frozenset("мвд умвд гумвд овд увд ровд уфмс фмс гибдд мрэо мфц загс загса".split())
KIND_ALONE = re.compile(
    r"(?:the )?(?:university|college|school|bank|council|hospital|ministry|club|institute|company|agency|department|university's)"
)
KNOWN_WORDS: Final = frozenset(MONTHS) | frozenset(WEEKDAYS)


def doubtful(segment: Segment, found: Sequence[Found]) -> bool:
    """Whether a capital word inside the sentence belongs to no find and is no usual word."""
    if segment.casing in {"lower", "first"}:
        return False
    if segment.casing == "upper":
        return any(item.kind in {"person", "organisation"} for item in found)
    covered = sorted((item.start - segment.start, item.end - segment.start) for item in found)
    pattern, usual = (CAPITAL_RU, _usual_russian) if segment.language == "ru" else (CAPITAL_EN, _usual_english)
    for match in pattern.finditer(segment.text):
        if any(start <= match.start() < end for start, end in covered):
            continue
        if segment.text[: match.start()].strip(OPENING) and not usual(match.group().lower()):
            return True
    return False


def _usual_russian(word: str) -> bool:
    found = reading(word)
    return word in KNOWN_WORDS or found.place > 0.5 or (found.known and found.part in NO_NAME_PARTS)


def _usual_english(word: str) -> bool:
    return word in KNOWN_WORDS or word in ORDINARY or word in NO_SURNAMES or word.removesuffix("'s") in ORDINARY


def acceptable(segment: Segment, item: Found) -> bool:
    """Whether to believe the model: names begin with a capital and are none of the abbreviations of business."""
    words = segment.text[item.start : item.end]
    low = words.lower().strip("«»\"“”' .")
    if not words[0].isupper() and words[0] not in '«"“':
        return False
    if low in NO_ORGANISATION or low in KNOWN_WORDS or low in ORDINARY or KIND_ALONE.fullmatch(low):
        return False
    if low.rpartition(" ")[2] in AUTHORITIES:
        return False
    if item.kind == "organisation":
        return len(low) > 2 and not any(letter.isdigit() for letter in low) and not _lone_usual(segment, item, low)
    if VEHICLE_BEFORE.search(segment.text[max(0, item.start - 16) : item.start]):
        return False
    single = " " not in low and low not in first_names() and low not in surnames()
    return not any(letter.isdigit() for letter in low) and not (single and AT_PLACE.search(segment.text, 0, item.start))


def _lone_usual(segment: Segment, item: Found, low: str) -> bool:
    """A single common word at the beginning of a sentence, which has its capital from there."""
    opening = not segment.text[: item.start].strip(OPENING)
    if segment.language == "ru":
        return opening and " " not in low and reading(low).known
    return opening and " " not in low
