"""Answers from passages: the model writes, code lets through only the sentences that a quote proves."""

import logging
from collections.abc import AsyncIterator, Sequence

from appliance.contract.modules import Citation, Language, Passage
from inference.modules.answer.checks import Proved, extract, prove, split_passage
from inference.modules.answer.relevance import LEAST_SHARE, Wanted, read_question, share
from inference.modules.answer.schema import Input, Output
from inference.modules.answer.sentences import whole_sentences
from inference.modules.base import ModelClient, ModelError

log = logging.getLogger(__name__)

PROMPT = "prompt.md.jinja"
MAX_TOKENS = 220
MAX_PASSAGES, PASSAGE_LIMIT = 5, 700
MAX_SENTENCES = 4
REFUSALS: dict[Language, str] = {
    "en": "I found nothing in the records that you may see that answers this.",
    "ru": "В доступных вам записях я не нашёл ответа на этот вопрос.",
}


async def run(request: Input, models: ModelClient) -> Output:
    """The answer as a whole."""
    async for piece in stream(request, models):
        if isinstance(piece, Output):
            return piece
    return refuse(request, "nothing was said")


async def stream(request: Input, models: ModelClient) -> AsyncIterator[str | Output]:
    """Checked sentences as they come, then the answer with its citations."""
    wanted = read_question(request.question)
    passages = _relevant(request.passages, wanted)
    if not passages:
        yield refuse(request, "no passage speaks of what is asked")
        return
    proved: list[Proved] = []
    try:
        async for sentence in whole_sentences(
            models.stream(PROMPT, _variables(request, passages), max_tokens=MAX_TOKENS)
        ):
            proof = prove(sentence, passages, wanted)
            if proof is not None and all(proof.text != other.text for other in proved):
                proved.append(proof)
                yield _shown(proof) + " "
            if len(proved) >= MAX_SENTENCES:
                break
    except ModelError as error:
        log.warning("answer.model_failed", extra={"reason": type(error).__name__})
    if not proved:
        lone = extract(passages, wanted)
        if lone is not None:
            proved.append(lone)
            yield _shown(lone)
    yield _output(proved, passages) if proved else refuse(request, "no sentence could be proved")


def _relevant(passages: Sequence[Passage], wanted: Wanted) -> list[Passage]:
    """The passages that can answer at all, those that hold more of what is asked first."""
    scored = [(share(wanted, f"{passage.title}. {passage.text}"), passage) for passage in passages]
    kept = [(score, passage) for score, passage in scored if score >= LEAST_SHARE]
    kept.sort(key=lambda pair: -pair[0])
    return [passage for _, passage in kept[:MAX_PASSAGES]]


def _variables(request: Input, passages: Sequence[Passage]) -> dict[str, object]:
    sources = [
        {"number": number, "title": passage.title, "text": " ".join(split_passage(passage.text))[:PASSAGE_LIMIT]}
        for number, passage in enumerate(passages, 1)
    ]
    return {"question": request.question, "sources": sources}


def _shown(proof: Proved) -> str:
    return f"{proof.text} [{proof.number}]"


def _output(proved: Sequence[Proved], passages: Sequence[Passage]) -> Output:
    """The answer; its numbers point into the list of citations."""
    order: list[tuple[int, str]] = []
    texts: list[str] = []
    for proof in proved:
        key = (proof.number, proof.quote)
        if key not in order:
            order.append(key)
        texts.append(f"{proof.text} [{order.index(key) + 1}]")
    citations = [
        Citation(
            ref=passages[number - 1].ref,
            type=passages[number - 1].type,
            id=passages[number - 1].id,
            quote=quote,
            second=passages[number - 1].second,
        )
        for number, quote in order
    ]
    return Output(answered=True, answer=" ".join(texts), citations=citations)


def refuse(request: Input, reason: str) -> Output:
    """A polite "I found nothing" in the language of the question."""
    russian = any("а" <= letter <= "я" for letter in request.question.lower())
    latin = any("a" <= letter <= "z" for letter in request.question.lower())
    language: Language = "ru" if russian else "en" if latin else request.locale
    return Output(answered=False, answer=REFUSALS[language], reason=reason)
