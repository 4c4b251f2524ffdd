"""Whether a passage can answer a question at all: it names what is asked about and holds the kind of fact asked for."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from inference.text.dates import find_dates
from inference.text.emails import find_emails
from inference.text.matching import likeness
from inference.text.numbers import find_numbers
from inference.text.phones import find_phones
from inference.text.stems import concept, concepts
from inference.text.tokens import normal, tokenize, vocabulary, words_of

REASON = re.compile(
    r"\b(?:because|since|due to|as a result|so that|in order to|reason\w*|caused?|потому|так как|поскольку|из-за|"
    r"причин\w*|чтобы|ввиду|вследствие|благодаря|ради)\b"
)
KINDS = (
    (
        "reason",
        re.compile(r"\b(?:why|for what reason|what (?:caused|is the reason)|почему|зачем|отчего|по какой причине)\b"),
    ),
    ("phone", re.compile(r"\b(?:phone|telephone|mobile|телефон\w*|номер (?:телефона|мобильн\w+))\b")),
    ("email", re.compile(r"\b(?:e-?mail|почт[ауые]|емейл|мейл|электронн\w+ адрес)\b")),
    (
        "when",
        re.compile(
            r"\b(?:when|what (?:date|day|time)|by what date|когда|какого числа|во сколько|"
            r"в какой день|к какому (?:числу|сроку))\b"
        ),
    ),
    (
        "number",
        re.compile(
            r"\b(?:how (?:much|many)|сколько|budget|бюджет\w*|price|цен[аеуы]|какая сумма|"
            r"стоимость|quantity|количеств\w*)\b"
        ),
    ),
)
ASKING = vocabulary(
    "what which who whom whose when where why how is are was were do does did done can could will would "
    "should has have had the a an of for to in on at with by from about and or any there we our us i me "
    "my you your he she his her they their it its this that these those tell say said says know give get "
    "got show find please client customer last latest much many that's what's who's name names что какой "
    "какая какое какие каков кто кого кому чей когда где куда почему зачем как сколько есть был была "
    "были быть ли у нас нам мы наш наша наши вы ваш я мне мой он она они его ее их это этот эта эти тот "
    "в на по для от из с со о об к и или а скажи подскажи покажи найди расскажи известно знать узнать "
    "клиент последний такой сказать говорить можно чем который звать зовут имя называться число день"
)
SURE_SHARE, LEAST_SHARE = 0.67, 0.5
ALIKE = 84.0
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Wanted:
    """What a question asks about: names that must occur, concepts, and the kind of fact."""

    names: tuple[str, ...]
    concepts: frozenset[str]
    kind: str | None


def read_question(question: str) -> Wanted:
    """Names are capitalised words after the first, words with digits, and quoted words."""
    tokens = [token for token in tokenize(question) if token.text[0].isalnum()]
    names = [
        token.norm
        for position, token in enumerate(tokens)
        if (token.text[0].isupper() and position and token.norm not in ASKING) or token.is_number
    ]
    about = {concept(token.norm) for token in tokens if token.norm not in ASKING and token.norm not in names}
    about &= concepts(question)
    about -= {concept(word) for word in ASKING if concept(word) == word}
    text = normal(question)
    kind = next((name for name, pattern in KINDS if pattern.search(text)), None)
    return Wanted(tuple(names), frozenset(about), kind)


def share(wanted: Wanted, text: str) -> float:
    """How much of what is asked about a text holds, 0 to 1; 0 when it lacks a name or the kind of fact."""
    words = words_of(text)
    if not all(_holds_name(name, words) for name in wanted.names):
        return 0.0
    if wanted.kind is not None and not has_kind(wanted.kind, text):
        return 0.0
    if not wanted.concepts:
        return 1.0 if wanted.names or wanted.kind else 0.0
    return len(wanted.concepts & _meanings(wanted, text)) / len(wanted.concepts)


def _meanings(wanted: Wanted, text: str) -> set[str]:
    """The concepts of a text, with those that its facts stand for: an address is an e-mail, an "I'll" a promise."""
    found = concepts(text)
    for kind, word in (("phone", "phone"), ("email", "email")):
        if concept(word) in wanted.concepts and has_kind(kind, text):
            found.add(concept(word))
    if re.search(r"\b(?:\w+'ll|will|\w+[аеёиюу]м|\w+лю|\w+шу|\w+жу)\b", normal(text)):
        found.add(concept("promise"))
    if wanted.kind == "number" and has_kind("number", text):
        found.add(concept("many"))
    return found


def _holds_name(name: str, words: list[str]) -> bool:
    """Whether a name occurs, in any case, slightly misspelt, or in the other script."""
    return any(name == word or likeness(name, word) >= ALIKE for word in words)


def has_kind(kind: str, text: str) -> bool:
    """Whether a text holds a fact of this kind."""
    if kind == "phone":
        return bool(find_phones(text, ("RU", "US", "GB")))
    if kind == "email":
        return bool(find_emails(text))
    if kind == "reason":
        return REASON.search(normal(text)) is not None
    if kind == "when":
        return bool(find_dates(text, NOW)) or re.search(r"\b\d{1,2}:\d{2}\b|\b(?:19|20)\d\d\b", text) is not None
    return bool(find_numbers(text))
