"""Firms that are known by name alone, in the forms of the language of the text."""

from __future__ import annotations

import re
from typing import Final

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
INFLECTED = re.compile(rf"(?<![\w«-])(?:{one_of(_INFLECTED)})(?:ь|а|у|ом|е|и|ь?ю|ей|я|ого|ому|ий)?(?![\w-])")
FIXED = re.compile(rf"(?<![\w@./-])(?:{one_of(_FIXED)})(?![\w@/-]|\.\w)")
RANK: Final = 43


def find(text: str) -> list[Found]:
    """Every well-known firm."""
    return [
        Found(m.start(), m.end(), "organisation", RANK)
        for pattern in (INFLECTED, FIXED)
        for m in pattern.finditer(text)
    ]
