"""The words of a promise as the title of a task: "вышлю вам счёт завтра" is "Выслать счёт завтра"."""

import re
from collections.abc import Mapping

from inference.text.russian import infinitive
from inference.text.tokens import normal

LEAD = re.compile(
    r"^(?:(?:хорошо|тогда|я|мы|ну|давайте|и|а|да|так|вам|вас|отлично|конечно|"
    r"значит|обязательно|сейчас|ok|okay|so|great|then|"
    r"well|sure|and|yes|perfect|alright|all right|of course|right|fine|good|thanks|thank you)\b[\s,.:—-]*)+",
    re.IGNORECASE,
)
TAIL = re.compile(
    r"[,;]\s+(?:а|но|если|чтобы|хорошо|договорились|удобно|подойд[её]т|верно|"
    r"but|if|is that|does that|okay|ok|right|would|"
    r"and (?:is|do|can|what)|что|как)\b.*$",
    re.IGNORECASE,
)
TO_YOU = re.compile(r"(?<!\bу)(?<!\bк)(?<!\bс)(?<!\bдля)\s+(?:вам|вас|тебе)(?=\s|[,.!?]|$)", re.IGNORECASE)
SEND_YOU = re.compile(r"^(\w+)\s+(?:you|it over to you)\s+(?=\w)", re.IGNORECASE)
KEEP_YOU = frozenset({"call", "ring", "phone", "visit", "contact", "meet", "let", "text", "see"})
MODALS = frozenset({"могу", "можем", "скажем", "предлагаю", "думаю", "надеюсь"})
OFFERED = re.compile(r"^(?:могу (?:вам )?предложить|предлагаю)\s+", re.IGNORECASE)
PRONOUN = re.compile(r"^(\w+) (?:it(?: over| across)?|them|его|ее|её|их)\b", re.IGNORECASE)
# What is agreed in the present tense is done once: "созваниваемся" is "созвониться".
COMPLETED = {"созваниваться": "созвониться", "встречаться": "встретиться"}
MAX_OBJECT = 6
LIMIT = 140


def step_text(sentence: str, span: tuple[int, int], groups: Mapping[str, str | None], *, russian: bool) -> str:
    """The clause of a sentence that holds the promise at `span`, said as something to do."""
    text = _russian(sentence, span) if russian else _english(sentence, span, groups)
    text = TAIL.sub("", text).strip(" ,.;:!?—-")
    if len(text) > LIMIT:
        text = text[:LIMIT].rsplit(" ", 1)[0]
    return text[:1].upper() + text[1:]


def with_object(text: str, thing: str, when: str) -> str:
    """A promise that lacks its object gets the one that was asked for: "send it" is "send the contract"."""
    if not thing or len(thing.split()) > MAX_OBJECT:
        return text
    if PRONOUN.search(text):
        return PRONOUN.sub(lambda found: f"{found.group(1)} {thing}", text, count=1)
    bare = text.replace(when, "").split()
    if when and when in text and len(bare) == 1:
        return f"{text.split(maxsplit=1)[0]} {thing} {when}"
    return text


def _clause_start(sentence: str, place: int) -> int:
    """After the last comma before the promise, unless only the object of the verb stands there."""
    return max(sentence.rfind(sign, 0, place) for sign in ",;—") + 1


def _russian(sentence: str, span: tuple[int, int]) -> str:
    """The clause with its verb in the infinitive and without "вам"."""
    begin = _clause_start(sentence, span[0])
    if sentence[begin:].strip().lower().startswith(("будет", "будут")):
        begin = 0  # its subject stands before the comma
    clause = sentence[begin:]
    words = re.split(r"(\s+)", clause)
    for index, word in enumerate(words):
        bare = word.strip(",.!?")
        form = infinitive(normal(bare)) if bare and normal(bare) not in MODALS else None
        if form is not None:
            form = COMPLETED.get(form, form)
            words[index] = word.replace(bare, form)
    clause = LEAD.sub("", "".join(words).strip())
    clause = OFFERED.sub("", clause)
    return TO_YOU.sub("", clause)


def _english(sentence: str, span: tuple[int, int], groups: Mapping[str, str | None]) -> str:
    """From the verb on; a step that someone else will do keeps its subject."""
    verb = groups.get("verb") or groups.get("joint")
    if verb is None:
        return LEAD.sub("", sentence[_clause_start(sentence, span[0]) :].strip())
    clause = sentence[span[1] - len(verb) :]
    first = clause.split(maxsplit=1)[0].lower()
    return clause if first in KEEP_YOU else SEND_YOU.sub(r"\1 ", clause)
