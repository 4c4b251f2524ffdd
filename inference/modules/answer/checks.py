"""Whether a sentence of an answer is proved by a quote from the passage that it cites."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.contract.modules import Passage
from inference.modules.answer.relevance import LEAST_SHARE, SURE_SHARE, Wanted, share
from inference.text.emails import find_emails
from inference.text.instructions import is_instruction
from inference.text.matching import likeness
from inference.text.numbers import find_numbers
from inference.text.stems import concepts
from inference.text.tokens import tokenize, words_of

REFERENCE = re.compile(r"\s*\[(\d+)\]")
SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\S)[^.!?\n]*)*[.!?]*(?:\s*\[\d+\])*[.!?]?\s*|\n+")
NOT_FOUND = re.compile(
    r"not found|no information|not (?:mentioned|specified|stated|provided|given|"
    r"available)|do(?:es)? not (?:say|mention|answer|contain|tell)|"
    r"don't know|не найдено|нет информации|не указан\w*|не упомин\w+|не содерж\w+|неизвестно|не сказано|не говорится",
    re.IGNORECASE,
)
SUPPORT, NAME_ALIKE = 0.5, 88.0
QUOTE_LIMIT = 320
LITTLE = concepts("the a an of to in on at is are was were be by for from with and or it its this that")


@dataclass(frozen=True, slots=True)
class Proved:
    """A sentence without its references, the number of its passage, and the quote that proves it."""

    text: str
    number: int
    quote: str


def split_passage(text: str) -> list[str]:
    """The sentences of a passage, verbatim; those that speak to a machine are left out."""
    parts = re.split(r"(?<=[.!?…])\s+|\n+", text)
    return [part.strip() for part in parts if part.strip() and not is_instruction(part)]


def prove(sentence: str, passages: Sequence[Passage], wanted: Wanted) -> Proved | None:
    """The proof of a sentence, or None when it has none or does not speak to the question."""
    cited = [int(number) for number in REFERENCE.findall(sentence)]
    text = " ".join(REFERENCE.sub("", sentence).split()).strip()
    if len(words_of(text)) < 2 or NOT_FOUND.search(text) or is_instruction(text):
        return None
    numbers = [number for number in cited if 1 <= number <= len(passages)]
    for number in numbers or range(1, len(passages) + 1):
        passage = passages[number - 1]
        if share(wanted, f"{passage.title}. {passage.text}") < LEAST_SHARE:
            continue
        quote = best_quote(text, passage)
        if quote and facts_hold(text, quote, passage, wanted) and supports(text, quote, passage):
            return Proved(text if text[-1] in ".!?" else text + ".", number, quote)
    return None


def best_quote(text: str, passage: Passage) -> str | None:
    """The sentence of the passage nearest to a text, with the next one where that proves more."""
    words = concepts(text) - LITTLE
    sentences = split_passage(passage.text)
    best, score = None, 0.0
    for position in range(len(sentences)):
        for length in (1, 2, 3):
            window = _verbatim(passage.text, sentences[position : position + length])
            if window is None or len(window) > QUOTE_LIMIT:
                continue
            common = len(words & concepts(window)) + _shared_numbers(text, window) - 0.9 * (length - 1)
            if common > score:
                best, score = window, common
    return best


def _shared_numbers(text: str, window: str) -> int:
    return len({n.value for n in find_numbers(text)} & {n.value for n in find_numbers(window)})


def _verbatim(text: str, sentences: Sequence[str]) -> str | None:
    """The slice of a passage from the first of some sentences to the last."""
    if not sentences:
        return None
    start = text.find(sentences[0])
    end = text.find(sentences[-1], start)
    return text[start : end + len(sentences[-1])] if start >= 0 and end >= 0 else None


def facts_hold(text: str, quote: str, passage: Passage, wanted: Wanted) -> bool:
    """Every number, address and name of a text stands in the quote; a name may stand in the title or the question."""
    if not {n.value for n in find_numbers(text)} <= {n.value for n in find_numbers(f"{quote} {passage.title}")}:
        return False
    if not {e.address for e in find_emails(text)} <= {e.address for e in find_emails(quote)}:
        return False
    known = [*words_of(quote), *words_of(passage.title), *wanted.names]
    return all(any(likeness(name, word) >= NAME_ALIKE for word in known) for name in _names(text))


def _names(text: str) -> list[str]:
    """Capitalised words after the first of a sentence."""
    words = [token for token in tokenize(text) if token.is_word]
    return [token.norm for token in words[1:] if token.text[0].isupper() and len(token.text) > 1]


def supports(text: str, quote: str, passage: Passage) -> bool:
    """Whether most of what a text says is said by the quote."""
    words = concepts(text)
    said = concepts(quote) | concepts(passage.title)
    return len(words & said) >= SUPPORT * len(words)


def extract(passages: Sequence[Passage], wanted: Wanted) -> Proved | None:
    """The words of a passage that answer by themselves, where they hold nearly all that is asked about."""
    best: Proved | None = None
    best_score = 0.0
    for number, passage in enumerate(passages, 1):
        sentences = split_passage(passage.text)
        for position in range(len(sentences)):
            for length in (1, 2):
                window = _verbatim(passage.text, sentences[position : position + length])
                if window is None or len(window) > QUOTE_LIMIT:
                    continue
                score = share(wanted, f"{passage.title}. {window}") - 0.05 * (length - 1) - 0.01 * number
                if score > max(best_score, SURE_SHARE - 0.1):
                    best, best_score = Proved(window, number, window), score
    return best
