"""Numbers of contracts: a code that follows the word for contract."""

from __future__ import annotations

import re
from typing import Final

from inference.anonymise.spans import Found
from inference.anonymise.word_pattern import one_of, small
from inference.text.number_words import CARDINALS

_WORD = r"(?:договор\w{0,3}|дог\.|(?:гос)?контракт\w{0,3}|соглашени\w{1,3}|допсоглашени\w{1,3}|contracts?|agreements?|msa|sla|nda|sow)"
_SIGN = r"(?:№№?|n[o°]?\.?|номер\w{0,3}|#|number|num\.?|nr\.?|no\.?|ref(?:erence)?\.?|id|код\w{0,2})"
_DATE = r"(?:(?:от|from|dated|of) [\d./-]{6,10}(?: ?г(?:\.|ода))?|(?:от|from|dated|of) «?\d{1,2}»? [а-яa-z]+(?: \d{4}(?: ?г(?:\.|ода))?)?)"
_CODE = r"(?=[\w/.-]{0,24}\d)[a-zа-яё0-9](?:[a-zа-яё0-9]|[/.\-_](?=[a-zа-яё0-9])){0,30}"
NUMBERED = re.compile(
    rf"\b{_WORD}(?!\w)(?P<middle>[^\n;!?№#\d]{{0,60}}?(?:{_DATE}[ ,]{{1,3}})?)(?<!\w){_SIGN}[ :]{{0,3}}(?:is |as |— |- |это )?(?P<code>{_CODE})(?![\w])(?!\s+к\s(?:договор|контракт))"
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
LONG_NUMBER = re.compile(r"\d{6,}")
MIXED = re.compile(r"\d.*[a-zа-яё/_-]|[a-zа-яё].*[\d]")
DATE = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d|\d+(?:st|nd|rd|th|й|го|ый|ое|я|ая|х|ти|ми|шт|тыс|лет)?-?(?:[а-я]{1,6})?"
)
OTHER_NUMBER = re.compile(r"телефон|phone|счет|счёт|инн|карт|паспорт|заказ|order|invoice|account|ticket")


def find(text: str) -> list[Found]:
    """Every contract number."""
    low = small(text)
    numbered = (match for match in NUMBERED.finditer(low) if not OTHER_NUMBER.search(match["middle"]))
    found = [Found(match.start("code"), match.end("code"), "contract_number", 72) for match in numbered]
    for match in PLAIN.finditer(low):
        code = text[match.start("code") : match.end("code")]
        if LONG_NUMBER.fullmatch(code) or (MIXED.search(match["code"]) and not DATE.fullmatch(code)):
            found.append(Found(match.start("code"), match.end("code"), "contract_number", 71))
    said = (match for match in SPOKEN.finditer(low) if not OTHER_NUMBER.search(match.group()))
    found += (Found(match.start("code"), match.end("code"), "contract_number", 69) for match in said)
    return found
