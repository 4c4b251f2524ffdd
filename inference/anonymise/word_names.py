"""Russian first names that are also words ("вера", "вика", "лев"): where they stand for somebody."""

from __future__ import annotations

import re
from typing import Final

from inference.anonymise.russian_words import name_lemmas

WORD_NAMES: Final = frozenset(
    "вика надежда вера любовь слава света роман лев марк роза майя злата юля женя гена валя тома люба надя мила лилия венера флора".split()
)
BEFORE = re.compile(
    r"(?<!\w)(?:у|(?:спрос|переспрос)\w{1,4}|скажи\w*|сказать|напомни\w*|передай\w*|передать|набери\w*|позвони\w*|позвонить|привет|здравствуй\w*|спасибо"
    r"|зовут|зови\w*|пишет|звонит|звонила?|сказала?|просила?|уважаем\w{2}|дорог(?:ая|ой)|(?:звонок|письмо|заявка|ответ) от|поговори\w* с|созвон\w* с)\s$",
    re.IGNORECASE,
)
AFTER = re.compile(
    r",?\s(?:привет|здравствуй\w*|добр\w{2,3}\s(?:день|утро|вечер)|спасибо|(?:пере|по)?звони\w*|сказал\w?|прос(?:ил|ила|ит)|ответил\w?|обещал\w?|передал\w?"
    r"|написал\w?|подтвердил\w?|спрашивал\w?|говорит|пишет|прислал\w?|согласил\w{2}|уточнил\w?|скинь\w*|подскажи\w*|напомни\w*)(?!\w)",
    re.IGNORECASE,
)
QUOTES: Final = '«"“'


def is_word_name(low: str) -> bool:
    """Whether a word in small letters is a form of such a name."""
    return not WORD_NAMES.isdisjoint(name_lemmas(low, "Name"))


def stands_for_somebody(text: str, start: int, end: int, *, sure_capital: bool) -> bool:
    """Whether such a word is a name where it stands: a capital inside a sentence, a greeting, a verb of people."""
    if text[max(0, start - 1) : start] in QUOTES and start:
        return False
    return (
        sure_capital
        or BEFORE.search(text[max(0, start - 24) : start]) is not None
        or AFTER.match(text, end) is not None
    )
