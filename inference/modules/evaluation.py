"""Runs a module over its cases and counts: per field precision and recall, values without support."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from rapidfuzz import fuzz

from appliance.contract.modules import AnswerOutput, CallCardOutput
from inference.modules.base import Module
from inference.modules.cases import read_cases
from inference.text.matching import likeness
from inference.text.russian import lemma
from inference.text.tokens import normal, words_of

__all__ = ["Score", "read_cases", "score_cases"]

Runner = Callable[[BaseModel], Awaitable[BaseModel]]

FREE_TEXT = frozenset({"next_step", "product"})
NAMES = frozenset({"person", "organisation"})
DAY = len("2026-11-25")
NAME_LIKENESS, TEXT_SHARE = 88.0, 0.6


@dataclass
class Count:
    """Right, wrong and missed values of one field."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Of what was proposed, how much is right; 1 when nothing was."""
        proposed = self.right + self.wrong
        return self.right / proposed if proposed else 1.0

    @property
    def recall(self) -> float:
        """Of what was said, how much was proposed; 1 when nothing was said."""
        said = self.right + self.missed
        return self.right / said if said else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass
class Score:
    """What an evaluation found; `seconds` is the time of all cases together."""

    fields: dict[str, Count] = field(default_factory=dict)
    cases: int = 0
    values: int = 0
    unsupported: int = 0
    left_empty: int = 0
    left_empty_rightly: int = 0
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The figures in a form for machines."""
        return {
            "cases": self.cases,
            "fields": {
                name: {
                    "precision": round(count.precision, 3),
                    "recall": round(count.recall, 3),
                    "f1": round(count.f1, 3),
                    "right": count.right,
                    "wrong": count.wrong,
                    "missed": count.missed,
                }
                for name, count in sorted(self.fields.items())
            },
            "values": self.values,
            "unsupported_per_100": round(100 * self.unsupported / max(1, self.values), 2),
            "left_empty": self.left_empty,
            "left_empty_rightly": self.left_empty_rightly,
            "seconds": round(self.seconds, 2),
            "errors": self.errors,
        }


async def score_cases(module: Module, cases: Iterable[Mapping[str, Any]], run: Runner) -> Score:
    """Run every case and score what comes out."""
    score = Score()
    for case in cases:
        started = time.perf_counter()
        output = await run(module.input.model_validate(case["input"]))
        score.seconds += time.perf_counter() - started
        score.cases += 1
        if isinstance(output, CallCardOutput):
            _score_card(score, case, output)
        elif isinstance(output, AnswerOutput):
            _score_answer(score, case, output)
    return score


def _score_card(score: Score, case: Mapping[str, Any], output: CallCardOutput) -> None:
    gold: Mapping[str, Sequence[Any]] = case["gold"]
    transcript = " ".join(segment["text"].strip() for segment in case["input"]["communication"]["segments"])
    proposed: dict[str, list[Any]] = {}
    for item in output.proposals:
        score.values += 1
        proposed.setdefault(item.field, []).append(item.value)
        if item.quote not in transcript:
            score.unsupported += 1
            score.errors.append(f"{case['id']}: the quote of {item.field} is not in the transcript")
    fields = {"person", "organisation", "phone", "email", "intent", "product", "quantity", "budget", "currency"}
    for name in sorted(fields | {"next_step", "due", "sentiment"}):
        _score_field(score, case["id"], name, gold.get(name, []), proposed.get(name, []))


def _score_field(score: Score, case: str, name: str, gold: Sequence[Any], proposed: Sequence[Any]) -> None:
    count = score.fields.setdefault(name, Count())
    left = list(gold)
    if not proposed:
        score.left_empty += 1
        score.left_empty_rightly += not gold
    for value in proposed:
        match = next((item for item in left if same(name, item, value)), None)
        if match is None:
            count.wrong += 1
            score.errors.append(f"{case}: {name} {value!r} is wrong, said was {list(gold)!r}")
        else:
            left.remove(match)
            count.right += 1
    count.missed += len(left)
    score.errors += [f"{case}: {name} {item!r} was missed" for item in left]


def same(name: str, gold: Any, value: Any) -> bool:
    """Whether a proposed value is the one that was said."""
    if name in NAMES:
        alike = max(likeness(str(gold), str(value)), fuzz.token_sort_ratio(normal(str(gold)), normal(str(value))))
        return alike >= NAME_LIKENESS
    if name in FREE_TEXT:
        wanted = {lemma(word) for word in words_of(str(gold))}
        given = {lemma(word) for word in words_of(str(value))}
        return len(wanted & given) >= TEXT_SHARE * len(wanted)
    if name == "due":
        both_timed = "T" in str(gold) and "T" in str(value)
        return str(gold) == str(value) if both_timed else str(gold)[:DAY] == str(value)[:DAY]
    return bool(gold == value) or str(gold) == str(value)


def _score_answer(score: Score, case: Mapping[str, Any], output: AnswerOutput) -> None:
    """Answered when it should be, with the expected words, and every quote verbatim in its passage."""
    texts = {passage["ref"]: passage["text"] for passage in case["input"]["passages"]}
    count = score.fields.setdefault("answered", Count())
    wanted = bool(case["gold"]["answered"])
    says = all(normal(str(word)) in normal(output.answer) for word in case["gold"].get("contains", []))
    if output.answered:
        score.values += 1
        count.right += wanted and says
        count.wrong += not (wanted and says)
    else:
        score.left_empty += 1
        score.left_empty_rightly += not wanted
        count.missed += wanted
    if output.answered != wanted or (output.answered and not says):
        score.errors.append(f"{case['id']}: answered={output.answered} {output.answer!r} {output.reason}")
    for citation in output.citations:
        if citation.quote not in texts.get(citation.ref, ""):
            score.unsupported += 1
            score.errors.append(f"{case['id']}: the quote {citation.quote!r} is not in {citation.ref}")
