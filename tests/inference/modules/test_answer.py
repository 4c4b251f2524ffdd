"""Answers: only what a quote proves, else a refusal in the language of the question."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel

from appliance.contract.modules import AnswerInput, AnswerOutput, Passage
from inference.modules import load_module
from inference.modules.base import ModelError
from inference.modules.evaluation import read_cases

Output = TypeVar("Output", bound=BaseModel)
MODULE = load_module("inference.modules.answer")
CASES = read_cases(MODULE)
PUMPS = Passage(
    ref="a", type="document", id="4", title="Warranty", text="Pumps carry a warranty of 24 months. Filters: 6."
)


class Says:
    """A model that writes a given text, in small pieces; None is a model that is down."""

    def __init__(self, text: str | None) -> None:
        self.text = text

    async def complete(
        self, prompt: str, variables: Mapping[str, Any], *, output: type[Output], max_tokens: int
    ) -> Output:
        raise ModelError(prompt)

    async def stream(self, prompt: str, variables: Mapping[str, Any], *, max_tokens: int) -> AsyncIterator[str]:
        if self.text is None:
            raise ModelError(prompt)
        for place in range(0, len(self.text), 5):
            yield self.text[place : place + 5]


def ask(question: str, text: str | None, *passages: Passage) -> AnswerOutput:
    output = asyncio.run(MODULE.run(AnswerInput(question=question, passages=list(passages)), Says(text)))
    assert isinstance(output, AnswerOutput)
    return output


def test_a_proved_sentence_is_answered_with_its_quote() -> None:
    output = ask("How long is the warranty on pumps?", "The warranty on pumps is 24 months [1].", PUMPS)
    assert output.answered
    assert output.answer == "The warranty on pumps is 24 months. [1]"
    assert output.citations[0].quote == "Pumps carry a warranty of 24 months."


def test_a_number_that_the_source_does_not_have_is_not_said() -> None:
    output = ask("How long is the warranty on pumps?", "The warranty on pumps is 36 months [1].", PUMPS)
    assert "36" not in output.answer


def test_a_question_about_somebody_else_is_refused_whatever_the_model_says() -> None:
    output = ask("What is the warranty of Boris?", "The warranty on pumps is 24 months [1].", PUMPS)
    assert not output.answered
    assert output.citations == []


@pytest.mark.parametrize(
    ("question", "text", "answered"),
    [
        ("Why did James Whitfield ask for black labels?", "James Whitfield asked for black labels.", False),
        (
            "Why did James Whitfield ask for black labels?",
            "James Whitfield asked for black labels because white ones fade.",
            True,
        ),
        ("Почему протекают старые клапаны?", "Старые клапаны протекают с прошлой недели.", False),
        ("Почему протекают старые клапаны?", "Старые клапаны протекают из-за износа прокладок.", True),
    ],
)
def test_a_reason_is_not_answered_by_the_bare_fact(question: str, text: str, answered: bool) -> None:
    passage = Passage(ref="a", type="note", id="5", title="Call", text=text)
    assert ask(question, f"{text} [1]", passage).answered is answered


def test_a_refusal_speaks_the_language_of_the_question() -> None:
    assert "не нашёл" in ask("Кто выиграл чемпионат?", "24 months [1].", PUMPS).answer


def test_only_checked_sentences_are_streamed() -> None:
    async def pieces() -> list[Any]:
        request = AnswerInput(question="How long is the warranty on pumps?", passages=[PUMPS])
        text = "The warranty on pumps is 99 years [1]. The warranty on pumps is 24 months [1]."
        assert MODULE.stream is not None
        return [piece async for piece in MODULE.stream(request, Says(text))]

    *shown, last = asyncio.run(pieces())
    assert "".join(shown).strip() == "The warranty on pumps is 24 months. [1]"
    assert isinstance(last, AnswerOutput)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_what_cannot_be_answered_is_not_answered(case: Mapping[str, Any]) -> None:
    request = AnswerInput.model_validate(case["input"])
    texts = {passage.ref: passage.text for passage in request.passages}
    nonsense = "The discount is 90 percent [6]. Скидка 90 процентов [6]. The client pays 5 dollars [1]."
    for text in (None, nonsense):
        output = asyncio.run(MODULE.run(request, Says(text)))
        assert isinstance(output, AnswerOutput)
        if not case["gold"]["answered"]:
            assert not output.answered
        assert all(citation.quote in texts[citation.ref] for citation in output.citations)
