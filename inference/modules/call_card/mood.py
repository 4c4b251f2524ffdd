"""What the client wants of the call and how the client feels, by the words that say so."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from appliance.contract.modules import Intent, Sentiment
from inference.modules.call_card.cues import INTENT_CUES, NEGATIVE, POSITIVE, POSITIVE_STRONG
from inference.modules.call_card.findings import Call
from inference.modules.call_card.transcript import Sentence, Turn, is_backchannel
from inference.text.tokens import normal, words_of

Value = TypeVar("Value")

WRONG_NUMBER = re.compile(
    r"\bошибся номером|ошиблась номером|ошиблись номером|вы ошиблись\W*$|не туда (?:попал\w*|звон\w+)|"
    r"\bwrong number\b|misdialled|misdialed"
)
THREAT = re.compile(r"\b(?:если|иначе|otherwise|or else|if you|if it|if this)\b")
THREAT_WEIGHT = 0.3
EARLY_SHARE, EARLY_WEIGHT = 0.4, 1.3
CLEAR_SCORE, CLEAR_MARGIN = 2.0, 1.0
LEAST_WORDS, MOST_CONNECTING_WORDS = 3, 7
PROPOSED = 2.2
PROPOSES = re.compile(
    r"\b(?:вышлет|пришлет|отправит|подготовит|составит|вышлю|вышлем|пришлю|пришлем|отправлю|отправим|подготовлю|подготовим|сделаю|сделаем|составлю|направлю|направим)"
    r"\W+(?:\w+\W+){0,3}?(?:коммерческ\w+|предложени\w+|\bкп\b|расчет\w*|прайс\w*|смет[уы])|"
    r"\b(?:расчет|смету|прайс|предложение)\W+(?:\w+\W+){0,2}(?:пришлю|вышлю|отправлю|подготовлю|сделаю)|"
    r"\b(?:with|email you|send you) (?:a |the |our )?(?:prices?|quote|price (?:list|sheet))\b|"
    r"\b(?:посчита(?:ю|ем)|рассчита(?:ю|ем))\b|"
    r"\b(?:i|we)(?:'ll| will| can)\W+(?:\w+\W+){0,6}?"
    r"(?:quote|quotation|pricing|proposal|an? (?:offer|estimate|price))\b"
)
# Said of the line itself, by whom nobody answers: no word of a mood.
CONNECTING = re.compile(
    r"\b(?:слышите|слышно|слышу|связь|прерывается|is (?:anybody|anyone|somebody) there|(?:hello|hi)\W+hello|"
    r"can you hear|can't hear|cannot hear|hear me|hang(?:ing)? up|bad line|breaking up)\b"
)
NOT_NEGATIVE = re.compile(r"\b(?:не|нет|no|not|without|isn't|wasn't|без)\W+(?:\w+\W+)?$")


@dataclass(frozen=True)
class Guess(Generic[Value]):
    """A value, the sentence that says so, and whether the words leave no doubt."""

    value: Value
    turn: Turn
    sentence: Sentence
    clear: bool


def _client_sentences(call: Call) -> Iterator[tuple[Turn, Sentence]]:
    for turn in call.turns:
        if turn.speaker != "colleague":
            yield from ((turn, sentence) for sentence in turn.sentences)


def guess_intent(call: Call) -> Guess[Intent] | None:
    """The intent whose cues weigh most; what is said early weighs more."""
    sentences = list(_client_sentences(call))
    mistaken = _wrong_number(call)
    if mistaken is not None:
        return mistaken
    scores: dict[Intent, float] = _offered(call)
    best: dict[Intent, tuple[float, Turn, Sentence]] = {}
    for position, (turn, sentence) in enumerate(sentences):
        early = EARLY_WEIGHT if position <= EARLY_SHARE * len(sentences) else 1.0
        text = normal(sentence.text)
        for intent, cues in INTENT_CUES.items():
            weight = early * sum(weight for weight, cue in cues if cue.search(text))
            weight *= THREAT_WEIGHT if THREAT.search(text) else 1.0
            if not weight:
                continue
            scores[intent] = scores.get(intent, 0.0) + weight
            if weight > best.get(intent, (0.0, turn, sentence))[0]:
                best[intent] = (weight, turn, sentence)
    if "quote_request" not in best and "purchase" in best and _offered(call):
        best["quote_request"] = best["purchase"]
    scores = {intent: score for intent, score in scores.items() if intent in best}
    if not scores:
        return None
    ranked = sorted(scores, key=lambda intent: -scores[intent])
    margin = scores[ranked[0]] - (scores[ranked[1]] if len(ranked) > 1 else 0.0)
    _, turn, sentence = best[ranked[0]]
    return Guess(ranked[0], turn, sentence, scores[ranked[0]] >= CLEAR_SCORE and margin >= CLEAR_MARGIN)


def _offered(call: Call) -> dict[Intent, float]:
    """A price or an offer that our colleague promises says what the client was after."""
    for turn in call.of("colleague"):
        if PROPOSES.search(normal(turn.text)):
            return {"quote_request": PROPOSED}
    return {}


def _wrong_number(call: Call) -> Guess[Intent] | None:
    """Whoever says so: the call was not for us."""
    for turn in call.turns:
        for sentence in turn.sentences:
            if WRONG_NUMBER.search(normal(sentence.text)):
                return Guess("other", turn, sentence, clear=True)
    return None


def _only_connects(text: str) -> bool:
    """A sentence that only tries whether the other one is there."""
    return CONNECTING.search(text) is not None and len(words_of(text)) <= MOST_CONNECTING_WORDS


def guess_sentiment(call: Call) -> Guess[Sentiment] | None:
    """Negative or positive when the client says so, else neutral on the client's longest sentence."""
    bad: list[tuple[float, Turn, Sentence]] = []
    good: list[tuple[float, Turn, Sentence]] = []
    said: list[tuple[Turn, Sentence]] = []
    for turn, sentence in _client_sentences(call):
        text = normal(sentence.text)
        hits = [match for match in NEGATIVE.finditer(text) if not NOT_NEGATIVE.search(text[: match.start()])]
        if hits:
            bad.append((float(len(hits)), turn, sentence))
        joy = 2.0 * len(POSITIVE_STRONG.findall(text)) + len(POSITIVE.findall(text))
        if joy and not hits:
            good.append((joy, turn, sentence))
        if len(words_of(sentence.text)) >= LEAST_WORDS and not (is_backchannel(sentence.text) or _only_connects(text)):
            said.append((turn, sentence))
    worst, nicest = sum(item[0] for item in bad), sum(item[0] for item in good)
    if worst and worst >= nicest / 2:
        _, turn, sentence = max(bad, key=lambda item: item[0])
        return Guess("negative", turn, sentence, worst > 1)
    if nicest >= 2:
        _, turn, sentence = max(good, key=lambda item: item[0])
        return Guess("positive", turn, sentence, nicest > 2)
    if not said:
        return None
    turn, sentence = max(said, key=lambda pair: len(pair[1].text))
    return Guess("neutral", turn, sentence, clear=False)
