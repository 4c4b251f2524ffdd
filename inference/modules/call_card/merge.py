"""Joins what the code found with what the model found: agreement makes sure, a lone voice less so."""

from dataclasses import replace

from inference.modules.call_card.findings import Call, Finding, found
from inference.modules.call_card.mood import Guess, guess_intent, guess_sentiment
from inference.modules.call_card.opinion import is_in, quoted_turn
from inference.modules.call_card.people import is_colleague
from inference.modules.call_card.view import ModelView, Told
from inference.text.matching import likeness
from inference.text.tokens import words_of

AGREED, LONE, UNCLEAR = 0.04, 0.5, 0.6
ALIKE = 80.0
LEAST_QUOTE_WORDS = 2
MAX_NAME_WORDS = 4


def intent_of(call: Call, view: ModelView | None) -> list[Finding]:
    """Clear words decide; unclear ones leave it to the model, when it quotes the client."""
    guess = guess_intent(call)
    told = quoted_turn(call, view.intent.quote) if view is not None else None
    by_client = told is not None and told[0].speaker != "colleague" and len(words_of(view.intent.quote if view else "")) > 1
    value = view.intent.value if view is not None else None
    if guess is not None:
        agreed = guess.value == value
        if guess.clear or agreed or not by_client:
            sure = 0.93 if guess.clear and agreed else 0.82 if guess.clear or agreed else UNCLEAR
            return [_of_guess(guess, "intent", sure)]
    if told is None or value is None or not by_client:
        return []
    sure = LONE if guess is not None or value == "other" else UNCLEAR
    return [found(told[0], (told[1], told[2]), "intent", value, confidence=sure)]


def sentiment_of(call: Call, view: ModelView | None) -> list[Finding]:
    """The client's own words of feeling decide; without them a call is businesslike."""
    guess = guess_sentiment(call)
    if guess is None:
        return []
    agreed = view is not None and view.sentiment.value == guess.value
    sure = 0.9 if guess.clear and agreed else 0.8 if guess.clear else 0.7 if agreed else 0.55
    return [_of_guess(guess, "sentiment", sure)]


def _of_guess(guess: Guess, name: str, sure: float) -> Finding:  # type: ignore[type-arg]
    start = sum(len(s.text) + 1 for s in guess.turn.sentences if s.start < guess.sentence.start)
    span = start, start + len(guess.sentence.text)
    return found(guess.turn, span, name, guess.value, confidence=sure)  # type: ignore[arg-type]


def with_model(call: Call, findings: list[Finding], view: ModelView | None) -> list[Finding]:
    """The code's names and products, surer where the model agrees, and the model's where the code has none."""
    if view is None:
        return findings
    told = {"person": view.person, "organisation": view.organisation, "product": view.product, "next_step": view.next_step}
    joined: list[Finding] = []
    for finding in findings:
        other = told.get(finding.field)
        agreed = other is not None and likeness(other.value, str(finding.value)) >= ALIKE
        joined.append(replace(finding, confidence=min(0.98, finding.confidence + AGREED)) if agreed else finding)
    have = {finding.field for finding in findings}
    if "person" not in have:
        joined += _lone(call, view.person, "person")
    if "organisation" not in have:
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
    return [found(place[0], (place[1], place[2]), name, told.value, confidence=LONE)]  # type: ignore[arg-type]
