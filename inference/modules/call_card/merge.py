"""Joins what the code found with what the model found: agreement makes sure, a lone voice less so."""

from collections.abc import Mapping

from inference.modules.call_card.findings import Call, Finding, found
from inference.modules.call_card.mood import Guess, guess_intent, guess_sentiment
from inference.modules.call_card.opinion import is_in, quoted_turn
from inference.modules.call_card.people import is_colleague
from inference.modules.call_card.transcript import Turn
from inference.modules.call_card.view import ModelView, Told
from inference.text.matching import likeness
from inference.text.tokens import words_of

LONE, UNCLEAR, CLEAR = 0.5, 0.6, 0.85
ALIKE = 80.0
LEAST_QUOTE_WORDS = 2
MAX_NAME_WORDS = 4


def unsettled(call: Call, findings: list[Finding]) -> list[str]:
    """The fields on which the code wants a second voice."""
    have = {finding.field for finding in findings}
    fields = [name for name in ("person", "organisation", "product", "next_step") if name not in have]
    intent, sentiment = guess_intent(call), guess_sentiment(call)
    if intent is None or not intent.clear:
        fields.append("intent")
    if sentiment is None or not sentiment.clear:
        fields.append("sentiment")
    return fields


def intent_of(call: Call, view: ModelView | None) -> list[Finding]:
    """Clear words decide; unclear ones leave it to the model, when it quotes the client."""
    guess = guess_intent(call)
    told = view.intent if view is not None else None
    place = _by_client(call, told.quote) if told is not None else None
    if guess is not None:
        agreed = told is not None and guess.value == told.value
        if guess.clear or agreed or place is None:
            agreement = {"model_agrees": CLEAR - UNCLEAR} if agreed else {}
            signs = {"clear_words": CLEAR} if guess.clear else {"words": UNCLEAR} | agreement
            return [_of_guess(guess, "intent", signs)]
    if told is None or place is None:
        return []
    sure = LONE if guess is not None or told.value == "other" else UNCLEAR
    return [found(place[0], place[1:], "intent", told.value, signs={"model": sure})]


def _by_client(call: Call, quote: str) -> tuple[Turn, int, int] | None:
    """Where the client says these words, when they are more than one."""
    place = quoted_turn(call, quote)
    said = place is not None and place[0].speaker != "colleague" and len(words_of(quote)) >= LEAST_QUOTE_WORDS
    return place if said else None


def sentiment_of(call: Call, view: ModelView | None) -> list[Finding]:
    """The client's own words of feeling decide; without them a call is businesslike."""
    guess = guess_sentiment(call)
    if guess is None:
        return []
    told = view.sentiment if view is not None else None
    agreed = told is not None and told.value == guess.value
    agreement = {"model_agrees": 0.15} if agreed else {}
    return [_of_guess(guess, "sentiment", {"clear_words": CLEAR} if guess.clear else {"words": 0.55} | agreement)]


def _of_guess(guess: Guess, name: str, signs: Mapping[str, float]) -> Finding:  # type: ignore[type-arg]
    start = sum(len(s.text) + 1 for s in guess.turn.sentences if s.start < guess.sentence.start)
    span = start, start + len(guess.sentence.text)
    return found(guess.turn, span, name, guess.value, signs=signs)  # type: ignore[arg-type]


def with_model(call: Call, findings: list[Finding], view: ModelView | None) -> list[Finding]:
    """The code's findings, and the model's names and steps where the code has none."""
    if view is None:
        return findings
    have = {finding.field for finding in findings}
    joined = list(findings)
    if "person" not in have and view.person is not None:
        joined += _lone(call, view.person, "person")
    if "organisation" not in have and view.organisation is not None:
        joined += _lone(call, view.organisation, "organisation")
    return joined


def _lone(call: Call, told: Told, name: str) -> list[Finding]:
    """A name that only the model saw: said by the client, in the words it quotes, and not one of ours."""
    place = quoted_turn(call, told.quote)
    words = told.value.split()
    if place is None or place[0].speaker != "client" or len(words_of(told.quote)) < LEAST_QUOTE_WORDS:
        return []
    proper = bool(words) and len(words) <= MAX_NAME_WORDS and all(word[:1].isupper() for word in words)
    ours = is_colleague(call, told.value) or likeness(told.value, call.request.company.name) >= ALIKE
    if not proper or ours or not is_in(told.value, told.quote):
        return []
    spoken = place[0].text[place[1] : place[2]]
    if not all(word in spoken for word in words):
        return []
    return [found(place[0], (place[1], place[2]), name, told.value, signs={"model": LONE})]  # type: ignore[arg-type]
