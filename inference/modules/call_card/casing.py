"""Gives the capitals back to names in words that the recogniser wrote all in small letters; no place moves."""

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from inference.text.date_words import MONTHS, WEEKDAYS
from inference.text.matching import mentions
from inference.text.russian import is_known, name_tags, parses, part_of_speech
from inference.text.tokens import Token, normal, tokenize, vocabulary

LEAST_WORDS = 2
PUNCTUATED = re.compile(r"[.,?!:;](?:\s|$)")
MAX_COMPANY, MAX_PERSON = 3, 2
INTRODUCES = re.compile(r"\b(?:this is|it'?s|i'?m|my name|name'?s|calling|speaking|here)\b")
PERSON_EN = re.compile(
    r"\b(?:my name is|my name'?s|name'?s|the name is)\s+(?P<sure>[a-z'-]+(?: [a-z'-]+)?)|"
    r"(?:\b(?:this is|it'?s|i'?m|i am|mr|mrs|ms|yes|sure|hi|hello)\s+|^)(?P<weak>[a-z'-]+(?: [a-z'-]+)?)"
    r"(?=\s+(?:from|with|at|of|over at|calling|here|speaking)\b)"
)
COMPANY_EN = re.compile(r"\b(?:from|with|at|on behalf of|represent)\s+(?:the\s+)?(?=[a-z])")
COMPANY_RU = re.compile(
    r"\b(?:компани[яиюей]+|фирм[аыуе]|завод[ае]?|ооо|зао|оао|пао|ип|холдинг[ае]?|агентств[оа]|гостиниц[аы]|магазин[ае]?|"
    r"организаци[яиюей]+|отел[ья]|ресторан[а]?|кафе|торгов\w+ дом\w*|агрохолдинг[ае]?)\s+(?=[а-яa-z])"
)
SET_OFF_RU = re.compile(
    r"\b(?:компани[яию]|фирм[аыу]?|завод[ае]?|ооо|зао|оао|пао|холдинг[ае]?|кафе|ресторан[а]?|магазин[ае]?|"
    r"гостиниц[аы]|агентств[оа])[\s-]+(?P<name>[а-я]{4,})(?=\s*(?:[,.!?]|$))"
)
FROM_RU = re.compile(r"\bиз\s+(?=[а-яa-z])")
CUED_RU = re.compile(r"(?:зовут|это|беспокоит|говорит|фамилия|имя|здравствуйте|день|утро|вечер|слушаю|оператор)\W*$")
ADDRESS = re.compile(r"[\w-]+(?: [\w-]+)? dot\b")
NOT_NAMES = frozenset({"PREP", "CONJ", "PRCL", "NPRO", "VERB", "ADVB", "PRTS", "ADJS", "INFN", "INTJ", "PRED"})
STOP = vocabulary(
    "we we're we'd we've we'll i i'm i'd i've i'll and about it it's its my our would could can calling here need "
    "looking want you your the a an to for in on of regarding just have has had is are was were with from at please "
    "thanks thank hi hello yes yeah okay ok good morning afternoon speaking how may that they there this bit again "
    "interested sorry still going trying not no so also who where what when if but or do does did will over "
    "one two "
    "since network system internet account order office email three four five six seven eight nine ten least "
    "most first last all any some more home work school moment"
)


def with_capitals(text: str, known: Sequence[str]) -> str:
    """The text with names capitalised, where it has no capitals of its own; `known` are names of the CRM."""
    tokens = tokenize(text)
    words = [token for token in tokens if token.is_word]
    if len(words) < LEAST_WORDS:
        return text
    low = normal(text)
    if any(letter.isupper() for letter in text[1:]) or PUNCTUATED.search(text):
        return _capitalised(text, _left_small(tokens, low))
    starts = {tokens[place].start for m in mentions(tokens, known) for place in range(m.first, m.last)}
    starts |= _russian(tokens, low) if any("а" <= letter <= "я" for letter in low) else _english(low)
    return _capitalised(text, starts)


def _capitalised(text: str, starts: Collection[int]) -> str:
    return "".join(letter.upper() if place in starts else letter for place, letter in enumerate(text))


def _left_small(tokens: Sequence[Token], low: str) -> set[int]:
    """Names that the recogniser left small beside others: "завод прибор, хотим купить", "это жанна из кафе"."""
    starts = {match.start("name") for match in SET_OFF_RU.finditer(low) if _can_name(match.group("name"))}
    for token, after in pairwise(tokens):
        reading = parses(token.norm)[0].tag
        named = is_known(token.norm) and {"Name", "sing", "nomn"} in reading
        if named and after.norm in {"из", "от"} and CUED_RU.search(low[: token.start]):
            starts.add(token.start)
    return starts


def _can_name(word: str) -> bool:
    """A noun in the nominative, or a word of no dictionary."""
    reading = parses(word)[0].tag
    return not is_known(word) or (reading.POS == "NOUN" and "nomn" in reading and not name_tags(word))


def _russian(tokens: Sequence[Token], low: str) -> set[int]:
    """Names by the dictionary, two together or after a cue, and the word after "компания" and the like."""
    starts: set[int] = set()
    for index, token in enumerate(tokens):
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        if after is not None and _full_name(token.norm, after.norm):
            starts |= {token.start, after.start}
        elif "Name" in name_tags(token.norm) and CUED_RU.search(low[: token.start]):
            starts.add(token.start)
    for match in COMPANY_RU.finditer(low):
        word = re.match(r"\w+", low[match.end() :])
        if word is not None and part_of_speech(word.group()) not in {
            "PREP",
            "CONJ",
            "PRCL",
            "NPRO",
            "VERB",
            "ADVB",
            "PRTS",
            "ADJS",
            "INFN",
        }:
            starts.add(match.end())
    for match in FROM_RU.finditer(low):
        word = re.match(r"\w+", low[match.end() :])
        if word is not None and not is_known(word.group()):
            starts.add(match.end())
    return starts


def _full_name(first: str, second: str) -> bool:
    """A first name with a surname or a patronymic, a patronymic with a surname, or a surname with a first name."""
    if part_of_speech(first) in NOT_NAMES or part_of_speech(second) in NOT_NAMES:
        return False
    left, right = name_tags(first), name_tags(second)
    if "Name" in left:
        return bool(right & {"Surn", "Patr"})
    if "Patr" in left:
        return "Surn" in right and not _common(second)
    return "Surn" in left and "Name" in right and not _common(first)


def _common(word: str) -> bool:
    """A word that is rather an everyday one than a surname."""
    return "Surn" not in parses(word)[0].tag and is_known(word)


def _english(low: str) -> set[int]:
    """Who introduces himself, and the company after "from" in such a sentence."""
    starts: set[int] = set()
    introduced = INTRODUCES.search(low) is not None
    for match in PERSON_EN.finditer(low):
        name = "sure" if match.group("sure") else "weak"
        words = _leading(low, match.start(name), MAX_PERSON)
        complete = name == "sure" or len(words) == len(match.group(name).split())
        if complete:
            introduced = introduced or bool(words)
            starts |= set(words)
    if introduced:
        for match in COMPANY_EN.finditer(low):
            if ADDRESS.match(low[match.end() :]):
                continue
            starts |= set(_leading(low, match.end(), MAX_COMPANY))
    return starts


def _leading(low: str, start: int, most: int) -> list[int]:
    """Where the words begin that can be a name, from a place on."""
    run = re.match(r"[a-z][a-z'-]*(?: [a-z][a-z'-]*)*", low[start:])
    starts: list[int] = []
    for match in re.finditer(r"\S+", run.group() if run is not None else ""):
        if match.group() in STOP or match.group() in WEEKDAYS or match.group() in MONTHS or len(starts) == most:
            break
        starts.append(start + match.start())
    return starts
