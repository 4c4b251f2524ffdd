"""What of the model's reading stands up: words that are in the call, values that are in the words."""

import logging
from collections.abc import Collection, Sequence
from typing import Any

from inference.modules.base import ModelClient, ModelError
from inference.modules.call_card.findings import Call
from inference.modules.call_card.transcript import Turn, is_backchannel
from inference.modules.call_card.view import ModelView, asked_for
from inference.text.russian import lemma
from inference.text.tokens import words_of

log = logging.getLogger(__name__)

PROMPT = "prompt.md.jinja"
MAX_TOKENS = 480
TEXT_LIMIT, HEAD_LIMIT = 3600, 2400
LABELS = {"client": "client", "colleague": "us", "unknown": "speaker"}


async def ask_model(call: Call, models: ModelClient, fields: Collection[str]) -> ModelView | None:
    """The model's reading of these fields and of the whole; None when it cannot be had: the card can do without it."""
    if not any(turn.speaker != "colleague" for turn in call.turns):
        return None
    filled = {**variables(call), "fields": [*fields, "summary"]}
    try:
        answer = await models.complete(PROMPT, filled, output=asked_for(fields), max_tokens=MAX_TOKENS)
        return ModelView.model_validate(answer.model_dump())
    except ModelError as error:
        log.warning("call_card.model_failed", extra={"reason": type(error).__name__})
        return None


def variables(call: Call) -> dict[str, Any]:
    """What the prompt is filled with."""
    request = call.request
    return {
        "language": "Russian" if call.language == "ru" else "English",
        "company": request.company.name,
        "colleagues": [colleague.name for colleague in request.colleagues[:8]],
        "lines": _shortened([turn for turn in call.turns if not is_backchannel(turn.text)]),
    }


def _shortened(turns: Sequence[Turn]) -> list[dict[str, str]]:
    """The lines of a call; of a long one the beginning and the end, where the facts mostly are."""
    lines = [{"speaker": LABELS[turn.speaker], "text": turn.text} for turn in turns]
    if sum(len(line["text"]) for line in lines) <= TEXT_LIMIT:
        return lines
    head, tail, used = [], [], 0
    for line in lines:
        if used + len(line["text"]) > HEAD_LIMIT:
            break
        head.append(line)
        used += len(line["text"])
    for line in reversed(lines[len(head) :]):
        if used + len(line["text"]) > TEXT_LIMIT:
            break
        tail.append(line)
        used += len(line["text"])
    return [*head, {"speaker": "...", "text": "..."}, *reversed(tail)]


def quoted_turn(call: Call, quote: str) -> tuple[Turn, int, int] | None:
    """The turn that holds a quote and its place in the turn; None when nobody said it."""
    place = call.transcript.find(quote)
    if place is None:
        return None
    for turn in call.turns:
        for sentence in turn.sentences:
            if sentence.start <= place[0] < sentence.end:
                offset = sum(len(s.text) + 1 for s in turn.sentences if s.start < sentence.start)
                start = offset + place[0] - sentence.start
                return turn, start, min(start + place[1] - place[0], len(turn.text))
    return None


def is_in(value: str, quote: str) -> bool:
    """Whether every word of a value is in the quote, in any inflection."""
    said = {lemma(word) for word in words_of(quote)} | set(words_of(quote))
    words = words_of(value)
    return bool(words) and all(word in said or lemma(word) in said for word in words)
