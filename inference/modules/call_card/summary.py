"""A short summary of which every sentence rests on words of the call."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from appliance.contract.modules import SummarySentence
from inference.modules.call_card.findings import Call, Finding
from inference.modules.call_card.people import is_colleague
from inference.modules.call_card.view import SENTENCE_LIMIT, ModelView
from inference.text.dates import find_dates
from inference.text.numbers import find_numbers
from inference.text.russian import lemma, part_of_speech
from inference.text.tokens import normal, tokenize, vocabulary, words_of

MAX_SENTENCES = 4
SUPPORTED = 0.6
COPIED = 0.75
NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-ZА-ЯЁ][\w'-]+(?:\s+[A-ZА-ЯЁ][\w'-]+)*")
SMALL_WORDS = vocabulary(
    "the a an and or to of in on at for from with by is are was were be been has have had that this it "
    "he she they his her their client customer caller called calling asked asks wants said says will "
    "would about our company клиент клиента клиентка звонит звонил позвонил сообщил попросил просит "
    "хочет сказал спросил компания наш сотрудник менеджер agent employee representative agreed request "
    "requested"
)

INTENTS = {
    "ru": {
        "purchase": "Клиент хочет сделать заказ", "quote_request": "Клиент просит цену или предложение",
        "support": "Клиент просит помощи: что-то не работает", "complaint": "Клиент жалуется",
        "renewal": "Клиент хочет продлить договор или подписку",
        "cancellation": "Клиент хочет отменить заказ или договор",
        "information": "Клиент спрашивает", "meeting": "Клиент хочет встретиться",
        "delivery": "Клиент спрашивает о доставке", "payment": "Клиент говорит об оплате", "other": "Клиент звонит",
    },
    "en": {
        "purchase": "The client wants to place an order", "quote_request": "The client asks for a price or an offer",
        "support": "The client needs help with something that does not work", "complaint": "The client complains",
        "renewal": "The client wants to renew", "cancellation": "The client wants to cancel",
        "information": "The client asks a question", "meeting": "The client wants to meet",
        "delivery": "The client asks about a delivery", "payment": "The client speaks of a payment",
        "other": "The client calls",
    },
}  # fmt: skip


def summarise(call: Call, findings: Sequence[Finding], view: ModelView | None) -> list[SummarySentence]:
    """The card in sentences, then what the model adds to it and the call supports."""
    sentences = list(_composed(call, findings))
    if view is not None:
        for text in view.summary:
            sentence = _checked(call, text)
            if sentence is not None and not _repeats(sentence, sentences):
                sentences.append(sentence)
    return sentences[:MAX_SENTENCES]


def _sentence(call: Call, text: str, finding: Finding) -> SummarySentence:
    quote = call.transcript.quote(finding.start, finding.end)
    return SummarySentence(text=text, quote=quote.text, second=quote.second)


def _composed(call: Call, findings: Sequence[Finding]) -> Iterator[SummarySentence]:
    """Who called and why, about what, for how much, and what comes next."""
    of = {
        name: [f for f in findings if f.field == name]
        for name in ("person", "organisation", "intent", "product", "budget", "next_step")
    }
    russian = call.language == "ru"
    who = ", ".join(str(f.value) for f in (*of["person"][:1], *of["organisation"][:1]))
    for intent in of["intent"][:1]:
        why = INTENTS[call.language][str(intent.value)]
        things = ", ".join(_counted(product, findings) for product in of["product"][:4])
        text = f"{why}: {things}" if things else why
        yield _sentence(call, text + ".", intent)
    if who:
        first = (of["person"] or of["organisation"])[0]
        yield _sentence(
            call, f"{'Звонил' if russian else 'Caller'}: {who}." if not russian else f"На связи: {who}.", first
        )
    for budget in of["budget"][:1]:
        yield _sentence(call, f"{'Бюджет' if russian else 'Budget'}: {budget.display}.", budget)
    for step in of["next_step"][:1]:
        yield _sentence(call, f"{'Дальше' if russian else 'Next'}: {step.value}.", step)


def _counted(product: Finding, findings: Sequence[Finding]) -> str:
    counts = [f.display for f in findings if f.field == "quantity" and f.group == product.group]
    return f"{product.value} ({counts[0]})" if counts else str(product.value)


def _whole(text: str) -> str:
    """The text without a last sentence that the schema's limit has cut off in the middle."""
    if len(text) < SENTENCE_LIMIT - 1 or text[-1] in ".!?":
        return text
    return text[: max(text.rfind(mark) for mark in ".!?") + 1]


def _checked(call: Call, text: str) -> SummarySentence | None:
    """A sentence of the model when its numbers, names and most of its words are in the call."""
    text = _whole(text.strip())
    if not text or not _numbers_hold(call, text) or not _names_hold(call, text):
        return None
    words = _content(text)
    best, share = None, 0.0
    for turn in call.turns:
        for sentence in turn.sentences:
            said = _content(sentence.text)
            common = len(words & said) / max(1, len(words))
            if common > share:
                best, share = sentence, common
    overall = len(words & _content(call.transcript.text)) / max(1, len(words))
    if best is None or overall < SUPPORTED:
        return None
    if _is_copied(call, text):
        return None
    quote = call.transcript.quote(best.start, best.end)
    return SummarySentence(text=text if text[-1] in ".!?" else text + ".", quote=quote.text, second=quote.second)


def _is_copied(call: Call, text: str) -> bool:
    """Whether a sentence only strings together words of the call, in their order: that tells nobody anything."""
    said, words = words_of(call.transcript.text), words_of(text)
    pairs = set(pairwise(said))
    copied = sum(pair in pairs for pair in pairwise(words))
    return copied >= COPIED * max(1, len(words) - 1)


def _content(text: str) -> set[str]:
    """The dictionary forms of the words that carry meaning."""
    return {lemma(word) for word in words_of(text) if len(word) > 2 and word not in SMALL_WORDS and _carries(word)}


def _carries(word: str) -> bool:
    return part_of_speech(word) not in {"PREP", "CONJ", "PRCL", "NPRO"}


def _numbers_hold(call: Call, text: str) -> bool:
    """Every number and date of a sentence is said in the call."""
    said = {number.value for number in find_numbers(call.transcript.text)}
    days = {moment.day for moment in find_dates(call.transcript.text, call.now)}
    return {n.value for n in find_numbers(text)} <= said and {m.day for m in find_dates(text, call.now)} <= days


def _names_hold(call: Call, text: str) -> bool:
    """Every capitalised name is said in the call, and none of ours is made a client."""
    said = {lemma(word) for word in words_of(call.transcript.text)} | set(words_of(call.transcript.text))
    names = [match.group() for match in NAME.finditer(text)]
    first = tokenize(text)[0].text if tokenize(text) else ""
    if is_colleague(call, first) or any(is_colleague(call, name) for name in names):
        return False
    words = [word for name in names for word in words_of(name)]
    return all(word in said or lemma(word) in said for word in words)


def _repeats(sentence: SummarySentence, others: Sequence[SummarySentence]) -> bool:
    """Whether most of a sentence is told already."""
    words = _content(sentence.text)
    told: set[str] = set()
    for other in others:
        told |= _content(other.text)
    return len(words - told) < max(2, len(words) / 3) or normal(sentence.text) in {normal(o.text) for o in others}
