"""Runs a module over its cases and counts what came out: see docs/modules.md for what each figure means."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer
from pydantic import BaseModel

from inference.modules.base import Measured, Module
from inference.modules.cases import read_cases
from inference.modules.comparing import EXACT, Given, same
from inference.modules.scoring import Answers, Count, Score
from inference.text.tokens import normal

__all__ = ["CaseFailed", "Claim", "Reply", "Runner", "Score", "read_cases", "score_cases"]


class CaseFailed(Exception):
    """One case could not be run: nothing usable came back. The others go on."""


@dataclass(frozen=True)
class Reply:
    """What came back for one case: the output as JSON, and the tokens that it took."""

    output: Mapping[str, Any]
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True)
class Claim:
    """One value that is claimed for a field; `quote` is the evidence, None where none was asked for."""

    field: str
    value: Any
    quote: str | None


Runner = Callable[[BaseModel], Awaitable[Reply]]
Listener = Callable[[Path], Awaitable[str]]


async def score_cases(
    module: Module,
    cases: Iterable[Mapping[str, Any]],
    run: Runner,
    *,
    listen: Listener | None = None,
    folder: Path | None = None,
) -> Score:
    """Run every case and score what comes out; recordings lie relative to `folder` and are heard by `listen`."""
    score = Score(answers=Answers() if module.manifest.evaluation.style == "answer" else None)
    for case in cases:
        score.cases += 1
        started = time.perf_counter()
        try:
            reply = await run(module.input.model_validate(case["input"]))
        except CaseFailed as error:
            score.failed += 1
            score.errors.append(f"{case['id']}: {error}")
            reply = Reply({})
        taken = time.perf_counter() - started
        score.seconds += taken
        score.milliseconds.append(1000 * taken)
        score.prompt_tokens += reply.prompt_tokens
        score.completion_tokens += reply.completion_tokens
        if score.answers is not None:
            _score_answer(score, score.answers, case, reply.output)
        else:
            _score_fields(score, module, case, reply.output)
        if listen is not None and "recording" in case:
            _score_hearing(score, case["reference"], await listen((folder or Path()) / case["recording"]))
    return score


def claims_of(output: Mapping[str, Any], fields: Iterable[str]) -> Iterator[Claim]:
    """The values of an output: its proposals, or else what stands under the names of the fields."""
    known = set(fields)
    if isinstance(output.get("proposals"), list) and not known & set(output):
        for item in output["proposals"]:
            yield Claim(str(item.get("field", "")), item.get("value"), item.get("quote"))
        return
    for name in sorted(known & set(output)):
        found = output[name] if isinstance(output[name], list) else [output[name]]
        yield from (Claim(name, value, None) for value in found if value not in (None, ""))


def _score_fields(score: Score, module: Module, case: Mapping[str, Any], output: Mapping[str, Any]) -> None:
    """Compare the values of every field with what is right."""
    gold = case["gold"]
    measured = dict(module.manifest.evaluation.fields) or dict.fromkeys(gold, EXACT)
    given = Given(case["input"])
    proposed: dict[str, list[Any]] = {name: [] for name in measured}
    for claim in claims_of(output, measured):
        if claim.field not in measured:
            continue
        score.values += 1
        proposed[claim.field].append(claim.value)
        kind = measured[claim.field]
        supported = given.grounds(kind, claim.value) if claim.quote is None else given.holds(claim.quote)
        if not supported:
            score.unsupported += 1
            score.errors.append(f"{case['id']}: {claim.field} {claim.value!r} has no support in the input")
    for name, kind in measured.items():
        right = gold.get(name, [])
        said = right if isinstance(right, list) else [right]
        wrongs = _score_field(score, name, kind, (said, proposed[name]))
        score.errors += [f"{case['id']}: {name} {wrong}" for wrong in wrongs]


def _score_field(score: Score, name: str, measured: Measured, values: tuple[list[Any], list[Any]]) -> Iterator[str]:
    """Pair what was said of one field with what is proposed; yields what is wrong."""
    said, proposed = values
    count = score.fields.setdefault(name, Count())
    left = list(said)
    if proposed:
        score.filled += 1
    else:
        score.left_empty += 1
        score.left_empty_rightly += not said
    for value in proposed:
        match = next((item for item in left if same(measured, item, value)), None)
        if match is None:
            count.wrong += 1
            yield f"{value!r} is wrong, said was {said!r}"
        else:
            left.remove(match)
            count.right += 1
    count.missed += len(left)
    yield from (f"{item!r} was missed" for item in left)
    if measured.kind == "class":
        _score_classes(score.classes.setdefault(name, {}), said, proposed)


def _score_classes(classes: dict[str, Count], gold: list[Any], proposed: list[Any]) -> None:
    """Count each class by itself, as macro-F1 needs it."""
    for value in {*map(str, gold), *map(str, proposed)}:
        count = classes.setdefault(value, Count())
        said, claimed = value in map(str, gold), value in map(str, proposed)
        count.right += said and claimed
        count.wrong += claimed and not said
        count.missed += said and not claimed


def _score_answer(score: Score, answers: Answers, case: Mapping[str, Any], output: Mapping[str, Any]) -> None:
    """Answered when it should be, with the expected words, and every quote verbatim in its passage."""
    wanted = bool(case["gold"]["answered"])
    answered, text = bool(output.get("answered")), str(output.get("answer", ""))
    says = all(normal(str(word)) in normal(text) for word in case["gold"].get("contains", []))
    right = answered and wanted and says
    count = score.fields.setdefault("answered", Count())
    answers.answerable += wanted
    answers.unanswerable += not wanted
    if answered:
        score.values += 1
        score.filled += 1
        answers.answered += 1
        answers.cited += _is_cited(score, case, output)
        answers.answered_rightly += right
        answers.wrong += not right
        count.right += right
        count.wrong += not right
    else:
        score.left_empty += 1
        score.left_empty_rightly += not wanted
        answers.abstained_rightly += not wanted
        count.missed += wanted
    if answered != wanted or (answered and not says):
        score.errors.append(f"{case['id']}: answered={answered} {text!r} {output.get('reason', '')}")


def _is_cited(score: Score, case: Mapping[str, Any], output: Mapping[str, Any]) -> bool:
    """Whether an answer cites at least one passage with its own words, and no passage with others."""
    texts = {passage["ref"]: passage["text"] for passage in case["input"]["passages"]}
    citations = output.get("citations", [])
    invented = [item for item in citations if not item["quote"] or item["quote"] not in texts.get(item["ref"], "")]
    for item in invented:
        score.errors.append(f"{case['id']}: the quote {item['quote']!r} is not in {item['ref']}")
    score.unsupported += bool(invented) or not citations
    return bool(citations) and not invented


def _score_hearing(score: Score, reference: str, heard: str) -> None:
    """Add the word errors of one recording: both texts in lower case, without punctuation."""
    said = normal_words(reference)
    found = jiwer.process_words(said, normal_words(heard))
    score.heard_words += found.hits + found.substitutions + found.deletions
    score.misheard_words += found.substitutions + found.deletions + found.insertions


def normal_words(text: str) -> str:
    """A text as word error rates compare it."""
    return " ".join("".join(letter if letter.isalnum() else " " for letter in normal(text)).split())
