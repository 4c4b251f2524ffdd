"""Firms that are known by name alone, in the forms of the language of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from inference.anonymise.russian_words import reading
from inference.anonymise.spans import Found
from inference.anonymise.word_pattern import one_of

_INFLECTED: Final = (
    "Сбербанк Сбер Газпром Газпромбанк Газпромнефт Роснефт Лукойл Татнефт Ростелеком Мегафон Билайн Яндекс Озон Авито Тинькофф Совкомбанк Промсвязьбанк "
    "Райффайзенбанк Росбанк Альфа-Банк Т-Банк Ростех Росатом Росгосстрах Ингосстрах Аэрофлот Камаз Автоваз Норникел Северстал Евраз Фосагро Русал Магнит Перекрёсток "
    "Ашан Леруа Самокат Битрикс Касперск Вайлдберриз Мегамаркет Ситилинк Эльдорадо Почтабанк Россет Интеррао Русгидро Сибур Мечел Уралкали Мираторг Черкизово".split()
)
_FIXED: Final = (
    "ВТБ РЖД МТС ПИК МКБ ВЭБ Битрикс24 amoCRM Wildberries Ozon Авито СДЭК DNS Amazon Google Microsoft Apple Oracle Siemens Bosch Samsung Huawei Cisco Intel Nvidia "
    "IBM SAP Salesforce HubSpot Deloitte KPMG PwC Accenture McKinsey Barclays HSBC Lloyds NatWest Santander Citibank JPMorgan Tesla Toyota Volkswagen BMW Unilever "
    "Nestle Walmart Tesco IKEA Netflix Facebook Vodafone Verizon FedEx UPS DHL Maersk Airbus Boeing Pfizer Shell BP Revolut Stripe Shopify Zendesk Xero Foxconn".split()
)
SHORT: Final = 3
INFLECTED = re.compile(rf"(?<![\w«-])(?:{one_of(_INFLECTED)})(?:ь|а|у|ом|е|и|ь?ю|ей|я|ого|ому|ий)?(?![\w-])")
FIXED = re.compile(rf"(?<![\w@./-])(?:{one_of(_FIXED)})(?![\w@/-]|\.\w)")
# Of those above, the ones that mean nothing else when they are written small, as in chats and transcripts.
_ALSO_WORDS: Final = frozenset(
    "магнит перекрёсток самокат камаз apple oracle intel shell stripe boss visa dns sap ups bp ikea pik".split()
)
SMALL_INFLECTED = re.compile(
    rf"(?<![\w«-])(?:{one_of(word.lower() for word in _INFLECTED if word.lower() not in _ALSO_WORDS)})(?:ь|а|у|ом|е|и|ь?ю|ей|я|ого|ому|ий)?(?![\w-])"
)
SMALL_FIXED = re.compile(
    rf"(?<![\w@./-])(?:{one_of(word.lower() for word in _FIXED if len(word) > SHORT and word.lower() not in _ALSO_WORDS)})(?![\w@/-]|\.\w)"
)
# The names with nothing around them: a pattern that begins with a letter is searched several times faster.
FIXED_GATE, INFLECTED_GATE = re.compile(one_of(_FIXED)), re.compile(one_of(_INFLECTED))
SMALL_FIXED_GATE = re.compile(
    one_of(word.lower() for word in _FIXED if len(word) > SHORT and word.lower() not in _ALSO_WORDS)
)
FOLLOWING = re.compile(r"\s(?P<word>[А-ЯЁ][а-яё]+)(?![\w«-])")
RANK, WHOLE_RANK = 43, 53
LIKELY: Final = 0.4


def find(text: str) -> list[Found]:
    """Every well-known firm."""
    found = [Found(m.start(), m.end(), "organisation", RANK) for m in _whole(FIXED_GATE, FIXED, text)]
    found += (Found(m.start(), m.end(), "organisation", RANK) for m in SMALL_INFLECTED.finditer(text))
    found += (Found(m.start(), m.end(), "organisation", RANK) for m in _whole(SMALL_FIXED_GATE, SMALL_FIXED, text))
    for match in _whole(INFLECTED_GATE, INFLECTED, text):
        second = FOLLOWING.match(text, match.end())
        if second and _belongs(second["word"].lower()):
            found.append(Found(match.start(), second.end(), "organisation", WHOLE_RANK))
        else:
            found.append(Found(match.start(), match.end(), "organisation", RANK))
    return found


def _whole(gate: re.Pattern[str], pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Where a pattern fits at a place that a cheaper one has found; no name begins inside of another."""
    return (match for found in gate.finditer(text) if (match := pattern.match(text, found.start())))


def _belongs(low: str) -> bool:
    """Whether a second capital word is a part of the firm's name: in no dictionary, and no name of a person."""
    found = reading(low)
    return not found.known and found.surname < LIKELY and found.first < LIKELY and found.patronymic < LIKELY
