"""What the words before a number say it is: the nearest naming word on the left decides."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

from inference.anonymise.word_pattern import small

ALTERNATIVE = re.compile(r"(?:[^|()]|\((?:[^()]|\([^()]*\))*\))+")
REACH: Final = 64
FARTHEST: Final = 80


def _by_first_letter(names: Mapping[str, str]) -> tuple[re.Pattern[str], list[str]]:
    """A pattern that tries only the words with the letter that stands there, and the class of each of its groups."""
    branches: dict[str, list[tuple[str, str]]] = {}
    for kind, words in names.items():
        for word in ALTERNATIVE.findall(words):
            branches.setdefault(word[0], []).append((kind, word[1:]))
    kinds = [""]
    parts: list[str] = []
    for letter, branch in branches.items():
        rests: list[str] = []
        for kind, same in groupby(branch, key=lambda item: item[0]):
            # The empty group behind the words of a class tells which class it was.
            rests.append("(?:" + "|".join(rest for _, rest in same) + ")()")
            kinds.append(kind)
        parts.append(letter + "(?:" + "|".join(rests) + ")")
    return re.compile(r"\b(?<!/)(?:" + "|".join(parts) + r")(?![^\W\d]|/)"), kinds


# Every alternative begins with a letter, by which it is found.
_NAMES: Final = {
    "inn": r"инн ?/ ?кпп|инн(?:а|у|ом|е|ы|ов|к[иау]|ок)?|inn ?/ ?kpp|inn|tin|tax(?:payer)?(?:'s)?(?: identification| id)?(?: number| no)?|идентификационн\w+ номер\w*(?: налогоплательщика)?",
    "snils": r"снилс\w*|snils|страхов\w+ (?:свидетельств\w+|номер\w*)|пенсионное(?: свидетельство| удостоверение)?|pension insurance(?: account)?(?: number| no)?|individual insurance(?: account)?(?: number| no)?",
    "ogrn": r"огрн(?:ип)?|ogrn(?:ip)?|primary state registration(?: number| no)?|main state registration(?: number| no)?|основн\w+ государственн\w+ регистрационн\w+ номер\w*",
    "bik": r"бик\w{0,2}|bik|bic",
    "account": (
        r"р/с\w*|р\.? ?с\.|р с(?= )|р/сч\w*|к/с\w*|л/с\w*|корр?\w*\.? ?сч[её]т\w*|корсч[её]т\w*|рсч[её]т\w*|расч\w*\.? ?сч[её]т\w*"
        r"|лицев\w+ сч[её]т\w*|сч[её]т(?:а|у|ом|е)?|сч\.|bank account|account|acct|a/c|sort(?:ing)? ?code|sort(?=\W{1,2}\d)|bank code|branch code|clearing code|bsb|routing|aba|checking(?=\W{1,3}\d)|savings(?=\W{1,3}\d)|current(?=\W{1,3}\d)"
    ),
    "card": r"карт(?:а|ы|е|у|ой|очк\w+)|credit card|debit card|bank card|payment card|card|visa|mastercard|maestro|amex|american express|мир|виз[аыеу]",
    "passport": r"загранпаспорт\w*|паспорт\w*|пасп\.|passports?|p/port|ppt?(?=(?: no\.?| number|:)? [a-z]{0,3}\d)|загран\w*|удостоверени\w+ личности",
    "series": r"сери\w{1,2}",
    "driver_licence": (
        r"водит\w*\.? удост\w*|вод(?:ит)?\.? ?уд\.|удостоверени\w+ водител\w+|водительск\w+(?: прав\w*)?|в/у|в\. ?у\.|ву|вод\. ?удост\w*|прав(?:а|ам|ах|ами)?"
        r"|driv(?:er|ing)(?:'?s)? lic(?:en[cs]e|\.)|operator'?s? lic(?:en[cs]e|\.)|chauffeur'?s? lic(?:en[cs]e|\.)|cdl|dl|dvla|licen[cs]e"
    ),
    "contract_number": r"субдоговор\w*|госдоговор\w*|допдоговор\w*|договор\w*|дог\.?|дог-р?\w{0,2}|субконтракт\w*|госконтракт\w*|контракт\w*|соглашени\w*|subcontract|contract|agreement|lease",
    "phone": (
        r"тел(?:ефон\w*)?|моб(?:ильн\w+|ил\w+|\.)?|сотов\w+|городск\w{2,3}|домашн\w{2,3}|рабоч\w{2,3}|звон\w+|созвон\w+|перезвон\w+|позвон\w+|дозвон\w+|наб(?:рать|ерите|ирай\w*)|whatsapp|вотсап\w*"
        r"|ватсап\w*|telegram|телеграм\w*|вайбер\w*|viber|факс\w*|смс|sms|факсу|phone|telephone|tel|mobile|cell(?:phone)?|call(?:ed|ing)?|ring"
        r"|rang|dial|fax|text(?: me| him| her)?|reach|reachable|диспетчер\w{0,3}|справочн\w{2}|при[её]мн\w{2,3}|коммутатор\w?|на связи|контакт\w*|contact|т\.|м\.|добавочн\w+"
    ),
    "other": (
        r"заказ\w*|артикул\w*|арт\.|накладн\w+|трек\w*|отправлени\w*|заявк\w*|тикет\w*|обращени\w*|код\w*|ттн|упд|сч[её]т-фактур\w*"
        r"|партн?и\w*|лот\w*|серийн\w+|s/n|sn|imei|vin|инвентарн\w+|модел\w+|штрих-?код\w*|ean|гтин|gtin|кадастров\w+|товар\w*|позици\w+"
        r"|id|идентификатор\w*|кпп|окпо|оквэд|октмо|окато|kpp|пин|pin|лицензи\w+|сертификат\w*|декларац\w+|полис\w*|приказ\w*|акт\w?|гост"
        r"|лояльност\w+|loyalty|order|invoice|sku|ticket|tracking|parcel|consignment|part|serial|ref(?:erence)?|barcode|upc|model|batch|lot"
        r"|item|product|policy|case|booking|flight|version|build|certificate|purchase order|po|quote|сумм\w+|total|amount|шасси|партия"
    ),
}
# For text in small letters, which is several times faster to search than with IGNORECASE.
NAMING, _KINDS = _by_first_letter(_NAMES)
NO_DIGIT = re.compile(r"[^0-9]+")
DOCUMENTS: Final = frozenset({"passport", "driver_licence"})
LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){5,}")
JOINED: Final = frozenset({" и ", " или ", " and ", " or ", " & "})


def named(text: str, start: int, reach: int = REACH) -> str:
    """The class that the nearest naming word before a place stands for, "other" for orders and the like, else ""."""
    found = nearest(text, start, reach)
    return found[0] if found else ""


def nearest(text: str, start: int, reach: int = REACH) -> tuple[str, int] | None:
    """The nearest naming word before a place and how far its end is; a long number between breaks the reach."""
    for kind, first, end in _namings(text, start):
        return (kind, end) if first <= reach else None
    return None


def mentioned(text: str, start: int, kind: str, reach: int = REACH) -> bool:
    """Whether a class is named somewhere before a place, even if another word stands nearer."""
    return any(kind == name and first <= reach for name, first, _ in _namings(text, start))


def _namings(text: str, start: int) -> list[tuple[str, int, int]]:
    """The naming words before a place, the nearest first: class, distance of the first and of the last letter."""
    words, numbers = _index(text)
    earliest = max(start - FARTHEST, _long_number_before(text, numbers, start))
    found: list[tuple[str, int, int]] = []
    for place in range(bisect_left(words, (start,)) - 1, -1, -1):
        first, end, kind = words[place]
        if first < earliest:
            break
        if end <= start:
            found.append((kind, start - first, start - end))
    return _documents_of_series(found)


def _long_number_before(text: str, numbers: Sequence[tuple[int, int]], start: int) -> int:
    """Where the nearest long number before a place ends; one that "and" joins to it has the same name."""
    place = bisect_right(numbers, start, key=lambda number: number[1]) - 1
    follows = start
    while place >= 0 and text[numbers[place][1] : follows] in JOINED:
        follows = numbers[place][0]
        place -= 1
    return numbers[place][1] if place >= 0 else 0


@lru_cache(maxsize=8)
def _index(text: str) -> tuple[list[tuple[int, int, str]], list[tuple[int, int]]]:
    """Where a text has naming words, and where its long numbers are."""
    words = [(match.start(), match.end(), _KINDS[match.lastindex or 0]) for match in NAMING.finditer(small(text))]
    return words, [match.span() for match in LONG_NUMBER.finditer(text)]


def forget() -> None:
    """Let go of the texts that were asked about; who has read a text calls this, so that none outlives its run."""
    _index.cache_clear()


def _documents_of_series(found: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """The word for a series stands for the document named before it, for a passport where none is."""
    document = next((kind for kind, _, _ in found if kind in DOCUMENTS), "passport")
    return [(document if kind == "series" else kind, first, last) for kind, first, last in found]


def named_after(text: str, end: int, kind: str, reach: int = 28) -> bool:
    """Whether the words right after a number name it: "7707083893 - это их ИНН"."""
    words = small(text[end : end + reach])
    match = NAMING.search(words)
    return (
        match is not None
        and _KINDS[match.lastindex or 0] == kind
        and not re.search(r"[.;\n\d]", words[: match.start()])
    )


def digits_of(text: str) -> str:
    """The digits of a text."""
    return NO_DIGIT.sub("", text)
