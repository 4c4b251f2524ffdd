"""Numbers of contracts: a code that follows the word for contract."""

from __future__ import annotations

import re
from typing import Final

from inference.anonymise.spans import Found
from inference.anonymise.word_pattern import one_of, small, windows
from inference.text.number_words import CARDINALS

_WORD = (
    r"(?:(?:суб|гос|доп)?договор\w{0,3}|дог\.?(?!\w)|дог-р?[ауе]?\w?(?!\w)|(?:гос|суб)?контракт\w{0,3}|соглашени\w{1,3}|допсоглашени\w{1,3}"
    r"|(?:sub)?contracts?|agreements?|lease|msa|sla|nda|sow)"
)
_SIGN = r"(?:№№?|#|(?:n[o°]?|номер\w{0,3}|number|num|nr|ref(?:erence)?|id|код\w{0,2})(?:\.|(?![a-zа-яё])))"
_DATE = r"(?:(?:от|from|dated|of) [\d./-]{6,10}(?: ?г(?:\.|ода))?|(?:от|from|dated|of) «?\d{1,2}»? [а-яa-z]+(?: \d{4}(?: ?г(?:\.|ода))?)?)"
_CODE = r"(?=[\w/.-]{0,24}\d)[a-zа-яё0-9](?:[a-zа-яё0-9]|[/.\-_](?=[a-zа-яё0-9])){0,30}"
NUMBERED = re.compile(
    rf"\b{_WORD}(?!\w)(?:-сч[её]т\w{{0,2}}(?!\w))?(?P<middle>[^\n;!?№#\d]{{0,60}}?(?:{_DATE}[ ,]{{1,3}})?)(?<!\w){_SIGN}[ :]{{0,3}}(?:is |as |— |- |это )?(?P<letters>[a-zа-яё]{{1,5}} (?=\d))?(?P<code>{_CODE})(?![\w])(?!\s+к\s(?:договор|контракт))"
)
PLAIN = re.compile(
    rf"\b{_WORD}(?:\s+(?:поставки|аренды|подряда|услуг|лизинга|займа|купли-продажи|комиссии))?[ :]{{1,3}}(?:is )?(?P<code>{_CODE})(?![\w])"
)
_SAID: Final = one_of(word for word in CARDINALS if len(word) > 2) + r"(?!\w)"
_STROKE: Final = r"(?:дробь|тире|дефис|слэш|dash|slash|stroke|hyphen)"
SPOKEN = re.compile(
    rf"\b{_WORD}(?!\w)[^\n;!?№#\d]{{0,40}}?(?<!\w){_SIGN}(?:[ :,]{{1,3}}(?:is|это))?[ :,]{{1,3}}"
    rf"(?P<code>{_SAID}(?:[ -]{_SAID}|[ -]{_STROKE}[ -](?:{_SAID}|[a-zа-яё](?!\w)))*)"
)
# The number of a contract is said before the number itself: "номер договора тридцать семь дробь двенадцать".
SPOKEN_AFTER = re.compile(
    rf"(?<!\w)(?:номер\w{{0,3}}|number of the)\s{_WORD}(?:[ :,]{{1,3}}(?:is|это))?[ :,]{{1,3}}"
    rf"(?P<code>{_SAID}(?:[ -]{_SAID}|[ -]{_STROKE}[ -](?:{_SAID}|[a-zа-яё](?!\w)))*)"
)
GATE = re.compile(r"догов|дог[.\s-]|контракт|соглаш|contract|agreement|lease|\b(?:msa|sla|nda|sow)\b")
BEFORE, AFTER = 24, 160
LONG_NUMBER = re.compile(r"\d{6,}")
MIXED = re.compile(r"\d.*[a-zа-яё/_-]|[a-zа-яё].*[\d]")
DATE = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d|\d+(?:st|nd|rd|th|й|го|ый|ое|я|ая|х|ти|ми|шт|тыс|лет)?-?(?:[а-я]{1,6}|years?|months?|weeks?|days?|hours?)?"
)
OTHER_NUMBER = re.compile(r"телефон|phone|счет|счёт|инн|карт|паспорт|заказ|order|invoice|account|ticket")


def find(text: str) -> list[Found]:
    """Every contract number."""
    low = small(text)
    return [found for first, last in windows(GATE, low, BEFORE, AFTER) for found in _within(text, low, first, last)]


def _within(text: str, low: str, first: int, last: int) -> list[Found]:
    """The contract numbers between two places; `low` is the text in small letters."""
    found: list[Found] = []
    numbered = (match for match in NUMBERED.finditer(low, first, last) if not OTHER_NUMBER.search(match["middle"]))
    for match in numbered:
        letters = text[match.start("letters") : match.end("letters")] if match["letters"] else ""
        if not letters or letters.isupper():
            found.append(Found(match.start("code") - len(letters), match.end("code"), "contract_number", 72))
    for match in PLAIN.finditer(low, first, last):
        code = text[match.start("code") : match.end("code")]
        if LONG_NUMBER.fullmatch(code) or (MIXED.search(match["code"]) and not DATE.fullmatch(code)):
            found.append(Found(match.start("code"), match.end("code"), "contract_number", 71))
    for pattern in (SPOKEN, SPOKEN_AFTER):
        said = (match for match in pattern.finditer(low, first, last) if not OTHER_NUMBER.search(match.group()))
        found += (Found(match.start("code"), match.end("code"), "contract_number", 69) for match in said)
    return found
