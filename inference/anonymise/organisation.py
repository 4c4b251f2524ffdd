"""Russian organisations: legal forms, quoted names, names after the word for company and the like."""

from __future__ import annotations

import re
from typing import Final

from inference.anonymise.russian_words import NO_NAME_PARTS, reading
from inference.anonymise.segments import Segment
from inference.anonymise.spans import Found
from inference.anonymise.word_names import is_word_name
from inference.text.date_words import MONTHS

# State and municipal institutions: whose (federal, state, regional, municipal), of which kind, of what trade.
_INSTITUTION: Final = r"(?:ФГ|КГ|ОГ|РГ|ЛОГ|ТОГ|СПб ?Г|Ф|Г|М)(?:Б|А|К)?(?:ДОУ|ПОУ|ОУ|УЗ|УК|УП|У)(?: ?[ВД]ПО| ?ВО| ?ДО)?(?!\s(?:МВД|УМВД|МЧС|ФСИН|МИД))"
_FORM: Final = (
    rf"(?:{_INSTITUTION}|"
    r"ООО|ОАО|ЗАО|ПАО|НАО|АО|ГК|НПО|НПП|НПФ|ФГУП|МУП|ГУП|ФГБУ|МБУ|ГБУ|ГБУЗ|МБОУ|ТОО|ОДО|ЧОП|ТД|КФХ|АНО|НКО|СПК|СНТ|ТСЖ|ПК|УК|СК|АКБ|КБ|ЧУП|УП|ИП|ТК"
    r"|ЖСК|ПКФ|НИИ|МФО|МКК|РОО|ДНП|ГБОУ|МАОУ|МКОУ|МАДОУ|МБДОУ|ГБПОУ|СОШ|ГКБ)"
)
_LONG_FORM: Final = (
    r"(?:[Оо]бществ\w+ с ограниченной ответственностью|(?:[Пп]убличн\w+ |[Зз]акрыт\w+ |[Оо]ткрыт\w+ )?[Аа]кционерн\w+ обществ\w+"
    r"|[Тт]оргов\w+ [Дд]ом\w?|[Гг]рупп\w+ [Кк]омпаний|[Уу]правляющ\w+ компани\w+)"
)
_KIND: Final = (
    r"(?:[Кк]омпани\w{1,3}|[Фф]ирм\w{1,3}|[Оо]рганизаци\w{1,2}|[Зз]авод\w{0,2}|[Хх]олдинг\w{0,2}|[Бб]анк\w{0,2}|[Мм]агазин\w{0,2}|[Аа]гентств\w{1,2}"
    r"|[Сс]туди\w{1,3}|[Кк]линик\w{1,2}|[Рр]есторан\w{0,2}|[Кк]афе|[Оо]тел\w{1,2}|[Гг]остиниц\w{1,2}|[Кк]орпораци\w{1,2}|[Пп]редприяти\w{1,2}|[Фф]абрик\w{1,2}"
    r"|[Кк]омбинат\w{0,2}|[Аа]грохолдинг\w{0,2}|[Сс]алон\w{0,2}|[Сс]ет\w{1,2}|[Тт]ипографи\w{1,2}|[Пп]екарн\w{1,2}|[Кк]онцерн\w{0,2}|[Фф]онд\w{0,2}"
    r"|[Уу]ниверситет\w{0,2}|[Аа]втосалон\w{0,2}|[Аа]птек\w{1,2}|[Бб]юро|[Сс]тройфирм\w{1,2}|[Оо]ператор\w{0,2} связи|[Ии]нтернет-магазин\w{0,2}|[Мм]аркетплейс\w{0,2}"
    r"|[Сс]тартап\w{0,2}|[Кк]оллекти\w+|[Аа]телье|[Шш]кол\w{1,2}|[Цц]ентр\w{0,2}|[Пп]оставщик\w{0,2}|[Пп]одрядчик\w{0,2}|[Зз]аказчик\w{0,2}|[Кк]онтрагент\w{0,2}"
    r"|[Пп]артн[её]р\w{0,2}|[Кк]онкурент\w{0,2}|[Кк]лиент\w{0,2}|[Аа]рендатор\w{0,2}|[Аа]втосервис\w{0,2}|[Аа]втоцентр\w{0,2}|[Мм]астерск\w{2,3}|[Пп]итомник\w{0,2}"
    r"|[Пп]лемзавод\w{0,2}|[Кк]олхоз\w{0,2}|[Сс]овхоз\w{0,2}|[Сс]анатори\w{1,2}|[Пп]ансионат\w{0,2}|[Кк]ондитерск\w{2,3}"
    r"|[Пп]ивоварн\w{1,2}|[Лл]аборатори\w{1,2}|[Ии]здательств\w{1,2}|[Тт]елеканал\w{0,2}|[Тт]урфирм\w{1,2}|[Тт]урагентств\w{1,2}|[Аа]втошкол\w{1,2}"
    r"|[Гг]имнази\w{1,2}|[Лл]ице[йяюе]\w{0,2}|[Пп]оликлиник\w{1,2}|[Бб]ольниц\w{1,2}|[Сс]томатологи\w{1,2}|[Кк]офейн\w{1,2}|(?:[Сс]упер|[Гг]ипер)маркет\w{0,2}"
    r"|[Дд]истрибьютор\w{0,2}|[Пп]редставител\w{1,2}|[Дд]илер\w{0,2}|[Ии]мпорт[её]р\w{0,2}|[Пп]роизводител\w{1,2}|[Лл]изингодател\w{1,2}|[Ээ]кспедитор\w{0,2}|[Сс]траховщик\w{0,2}"
    r"|[Зз]астройщик\w{0,2}|[Аа]рендодател\w{1,2}|[Гг]рузоотправител\w{1,2}|[Гг]рузополучател\w{1,2}|[Пп]окупател\w{1,2}|[Пп]еревозчик\w{0,2})"
)
_QUOTED: Final = r"(?:[«\"“„][^«»\"“”„\n]{2,60}[»\"”“])"
_CAPITAL: Final = r"(?:[А-ЯЁA-Z][\w&'.-]*\w|[А-ЯЁA-Z]+)"
_TRADE: Final = r"(?:завод|комбинат|фабрик|компани|банк|холдинг|дом|объединени|предприяти|институт|университет|порт|рынок|рынк|союз|обществ|центр|концерн)[а-яё]{0,2}"
FORMED = re.compile(
    rf"(?<![\w«-])(?:{_FORM}|{_LONG_FORM})\s{{1,2}}(?:(?:{_FORM}|{_KIND}|[А-ЯЁ]{{1,4}}(?=\s[«\"“„]))\s)?(?:{_QUOTED}|{_CAPITAL}(?:[ -](?:и |& )?{_CAPITAL}|\s[А-ЯЁ]\.\s?(?:[А-ЯЁ]\.)?){{0,3}}(?:(?:\s[а-яё-]+(?:ый|ий|ой|ая|ое|ого|ому|ым|ом|ную|ные|ных)){{0,2}}\s{_TRADE}(?![\w]))?)"
)
QUOTED_FIRST = re.compile(rf"(?<![\w«-])(?P<head>{_CAPITAL}\s)?{_QUOTED},?\s(?:{_FORM})(?!\w)")
# Branches of banks, with the legal form behind in brackets: "Филиал «Центральный» Банка ВТБ (ПАО)".
BRANCH = re.compile(
    rf"(?<!\w)(?:[Фф]илиал|[Оо]тделени|[Пп]редставительств)\w{{0,2}}\s(?:№\s?\d{{1,5}}\s?|{_QUOTED}\s|{_CAPITAL}\s){{0,2}}(?:{_FORM}\s)?(?:[Бб]анк\w{{0,2}}\s)?"
    rf"(?:{_QUOTED}|{_CAPITAL}|(?<=»)|(?<=\"))(?:\s?\((?:{_FORM})\))?"
)
BRANCH_WORD = re.compile(r"илиал|тделени|редставительств")
INITIALS = re.compile(r" [А-ЯЁ]{3,5}(?![\w-])")
# Carriers by their initials: "отправили через ПЭК", "взял ПЭК".
CARRIED = re.compile(
    r"(?<!\w)(?:через|[Пп]еревозчик\w{0,2}|[Пп]еревозк\w|груз\w{0,2}|доставк\w{1,2}|экспедитор\w{0,2})\s(?:взял\w?\s|вез[её]т\s|доставит\s|отправим\s|через\s)?(?P<name>[А-ЯЁ]{3,5})(?![\w-])"
)
NUMBERED = re.compile(rf"(?<!\w){_FORM}(?:\s{_FORM})?\s№\s?\d{{1,4}}(?!\d)")
SYLLABLES: Final = "сервис транс строй торг снаб инвест трейд пром холдинг групп маркет логистик комплект пласт лизинг телеком фарм агро водоканал сбыт нефть энерго".split()
SYLLABLE = re.compile("|".join(SYLLABLES))
COMPOUND = re.compile(rf"(?<![\w«\"-])[А-ЯЁа-яё][а-яё]{{2,}}(?:{'|'.join(SYLLABLES)})(?:а|у|ом|е|ы|ой|и|ю)?(?![\w-])")
TRADER = re.compile(r"(?<!\w)ИП\s(?:[А-ЯЁ][а-яё-]+)(?:\s[А-ЯЁ]\.\s?(?:[А-ЯЁ]\.)?|(?:\s[А-ЯЁ][а-яё]+){1,2})?")
SMALL_FORMED = re.compile(
    r"(?<!\w)(?:ооо|оао|зао|пао|ао|ип|тоо)\s(?:[«\"“][^«»\"“”\n]{2,60}[»\"”]|[а-яёa-z][\w-]{2,}(?:\s(?:плюс|групп?|трейд|сервис|строй|торг|маркет|инвест))?)"
)
KIND_QUOTED = re.compile(rf"(?<!\w){_KIND}\s(?P<name>{_QUOTED})")
KIND_NAMED = re.compile(
    rf"(?<!\w){_KIND}\s(?:под названием\s|называется\s)?(?P<name>{_CAPITAL}(?:[ -](?:и |& )?{_CAPITAL}){{0,3}})"
)
KIND_SMALL = re.compile(
    r"(?<!\w)(?:компани[яиюей]{1,3}|фирм(?:а|ы|у|е|ой)|холдинг\w{0,2}|агентств\w{1,2}|магазин\w{0,2}|завод\w{0,2}|клиник(?:а|и|у|е|ой)|студи(?:я|и|ю|ей)|организаци(?:я|и|ю|ей))\s(?:под названием\s)?(?P<name>[а-яёa-z][\w-]{2,}(?:\s[а-яё]{3,})?)"
)
FROM = re.compile(
    r"(?<!\w)(?:[Ии]з|[Оо]т|представля\w+|[Вв]|[Сс])\s(?P<name>«[^«»\n]{2,60}»|\"[А-ЯЁA-Z][^\"\n]{1,60}\")|(?<!\w)(?:звон\w+|беспоко\w+|пиш\w+|[Яя]|[Мм]ы|это|коллег\w+|менеджер\w*|представител\w+"
    r"|сотрудни\w+|ребят\w+|бухгалтер\w*|директор\w*|из)\s(?:вам\s|к вам\s)?(?:из|от)\s(?P<bare>[А-ЯЁ][\w-]+(?:[ -][А-ЯЁ][\w-]+){0,2})"
)
NAMED_FROM = re.compile(r"(?<!\w)(?:из|от)\s(?P<bare>[А-ЯЁ][а-яё]+(?:[А-ЯЁ][а-яё]+)*(?:-[А-ЯЁ][а-яё]+)?)(?!\s[А-ЯЁ])")
SMALL_FROM = re.compile(
    r"(?<!\w)(?:звон\w+|беспоко\w+|я|мы|это)\s(?:вам\s)?(?:\w+\s){0,3}?из\s(?P<bare>[а-яё][\w-]{3,})(?=\s|[.,!?]|$)"
)
QUOTED_ALONE = re.compile(r"(?<![\w])«(?=[А-ЯЁA-Z])[^«»\n]{2,40}»")
NO_NAME_BEFORE = re.compile(
    r"(?:тариф\w*|модел\w+|книг\w+|проект\w*|программ\w+|продукт\w*|акци\w+|курс\w*|пункт\w*|раздел\w*|кнопк\w+|пол[ея]\w*|вкладк\w+|статус\w*|фильм\w*|пакет\w*|услуг\w+"
    r"|линейк\w+|сери\w+|журнал\w*|товар\w*|тем\w+|метк\w+|папк\w+|файл\w*|отч[её]т\w*|систем\w+|опци\w+|функци\w+|форм\w+|кабел\w+|сорт\w*|марк\w+|цвет\w*|план\w*|названи\w+"
    r"|метро|станци\w+|конкурс\w*|выставк\w+|столбец|столбц\w+|строк\w+|галочк\w+|меню|режим\w*|документ\w*|письм\w+|тег\w*|номинаци\w+|семинар\w*|вебинар\w*)\s$",
    re.IGNORECASE,
)
COMMON_NAMES: Final = frozenset(
    "интернет россия рф excel crm word whatsapp telegram почта windows google яндекс москва россии эксель бухгалтерия клиент покупатель поставщик "
    "отдел отпуск отпуска офис офиса склад склада которая которой который она они мы вы нам вам банк дом дома города город магазина компании".split()
)
NOT_ORGANISATION_PARTS: Final = NO_NAME_PARTS | {"PRTF"}
SECOND_WORDS: Final = frozenset("плюс груп групп трейд сервис строй торг маркет инвест".split())
NO_CARRIER: Final = frozenset("эдо ттн упд мкад кад цкад асо снг црм срм еис смс".split())
RANK: Final = 66


def find(segment: Segment) -> list[Found]:
    """Every organisation that its form or the words before it give away."""
    text, start = segment.text, segment.start
    found = [Found(start + m.start(), start + m.end(), "organisation", RANK + 1) for m in TRADER.finditer(text)]
    found += (Found(start + m.start(), start + m.end(), "organisation", RANK) for m in FORMED.finditer(text))
    found += (Found(start + m.start(), start + m.end(), "organisation", RANK - 1) for m in SMALL_FORMED.finditer(text))
    found += _of_parts(segment)
    found += _branches_and_carriers(segment)
    for match in KIND_QUOTED.finditer(text):
        found.append(Found(start + match.start("name"), start + match.end("name"), "organisation", RANK - 2))
    for match in KIND_NAMED.finditer(text):
        if _may_be_name(match["name"]) and not _is_person(match["name"]) and _is_thing(match["name"]):
            found.append(Found(start + match.start("name"), start + match.end("name"), "organisation", 49))
    for match in QUOTED_ALONE.finditer(text):
        if (
            not NO_NAME_BEFORE.search(text[max(0, match.start() - 16) : match.start()])
            and len(match.group().split()) < 5
        ):
            found.append(Found(start + match.start(), start + match.end(), "organisation", 47))
    return found + _called_from(segment)


def _branches_and_carriers(segment: Segment) -> list[Found]:
    """Branches of banks, and firms that carry goods and are called by their initials."""
    text, start = segment.text, segment.start
    found: list[Found] = []
    if BRANCH_WORD.search(text):
        found += (Found(start + m.start(), start + m.end(), "organisation", RANK + 2) for m in BRANCH.finditer(text))
    if segment.casing == "cased" and INITIALS.search(text):
        for match in CARRIED.finditer(text):
            low = match["name"].lower()
            if low not in NO_CARRIER and not reading(low).known:
                found.append(Found(start + match.start("name"), start + match.end("name"), "organisation", 46))
    return found


def _of_parts(segment: Segment) -> list[Found]:
    """Names with the legal form behind, numbered schools and the like, names put together of "сервис", "строй"."""
    text, start = segment.text, segment.start
    found = [Found(start + m.start(), start + m.end(), "organisation", RANK) for m in NUMBERED.finditer(text)]
    for match in QUOTED_FIRST.finditer(text):
        head = match["head"] or ""
        first = match.end("head") if head and reading(head.strip().lower()).known else match.start()
        found.append(Found(start + first, start + match.end(), "organisation", RANK + 1))
    if SYLLABLE.search(text):
        made = (match for match in COMPOUND.finditer(text) if not reading(match.group().lower()).known)
        found += (Found(start + m.start(), start + m.end(), "organisation", 52) for m in made)
    return found


def _called_from(segment: Segment) -> list[Found]:
    """Where someone is from: "звоню из Ромашки", "Ирина из «Вектора»"."""
    text, start = segment.text, segment.start
    found: list[Found] = []
    for pattern in (FROM, NAMED_FROM):
        for match in pattern.finditer(text):
            group = "bare" if match["bare"] else "name"
            if group == "bare" and not (
                _may_be_name(match[group]) and not _sender(text, match) and _is_thing(match[group])
            ):
                continue
            if not NO_NAME_BEFORE.search(text[max(0, match.start() - 16) : match.start()]):
                found.append(Found(start + match.start(group), start + match.end(group), "organisation", 47))
    if segment.casing in {"lower", "first"}:
        for match in KIND_SMALL.finditer(text):
            words = match["name"].split()
            if _small_name(words[0]) or words[-1] in SECOND_WORDS:
                whole = len(words) == 2 and (reading(words[0]).part == "ADJF" or words[1] in SECOND_WORDS)
                length = len(match["name"]) if whole else len(words[0])
                found.append(
                    Found(start + match.start("name"), start + match.start("name") + length, "organisation", 45)
                )
        said = (m for m in SMALL_FROM.finditer(text) if _small_name(m["bare"]) and _is_thing(m["bare"]))
        found += (Found(start + m.start("bare"), start + m.end("bare"), "organisation", 44) for m in said)
    return found


def _may_be_name(words: str) -> bool:
    first = words.split(maxsplit=1)[0].lower()
    return (
        first not in COMMON_NAMES
        and first not in MONTHS
        and not (reading(first).known and reading(first).part in NOT_ORGANISATION_PARTS)
    )


def _is_person(words: str) -> bool:
    found = reading(words.split(maxsplit=1)[0].lower())
    return found.first > 0.3 or found.surname > 0.3 or found.patronymic > 0.3


def _sender(text: str, match: re.Match[str]) -> bool:
    """Whether "от ..." tells a person: "звонок от Надежды"."""
    words = match["bare"]
    sent = text[: match.start("bare")].lower().endswith("от ")
    return _is_person(words) or (sent and is_word_name(words.lower()))


def _is_thing(words: str) -> bool:
    """No place."""
    return reading(words.split(maxsplit=1)[0].lower()).place < 0.3


def _small_name(words: str) -> bool:
    """A noun in small letters that can be the name of a firm."""
    first = words.split(maxsplit=1)[0]
    if first in COMMON_NAMES or first in MONTHS:
        return False
    found = reading(first)
    return (
        not (found.known and _is_person(first))
        and found.place < 0.3
        and found.part not in NOT_ORGANISATION_PARTS
        and found.part in {"NOUN", "ADJF", ""}
    )
