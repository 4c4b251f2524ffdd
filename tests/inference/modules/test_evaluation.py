"""Evaluation: what is counted, what is compared, and what is said when nothing can be measured."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from inference.modules import load_module
from inference.modules.base import Measured
from inference.modules.commands import evaluate
from inference.modules.comparing import Given, same
from inference.modules.evaluation import CaseFailed, Reply, Score, score_cases
from inference.modules.report import Evaluated, Kept, deltas, side_by_side
from inference.modules.scoring import Count
from tests.inference.standin_engine import Hang, Say, StandIn, standing_in

CARD = load_module("inference.modules.call_card")
ANSWER = load_module("inference.modules.answer")


def said(field: str, value: Any, quote: str = "We need ten chairs") -> dict[str, Any]:
    return {"field": field, "value": value, "quote": quote}


def card_case(name: str = "a", **gold: Any) -> dict[str, Any]:
    segments = [{"index": 0, "start": 0.0, "end": 4.0, "text": " We need ten chairs ", "channel": 0}]
    call = {"id": "1", "occurred_at": "2026-11-25T11:30:00+03:00", "segments": segments}
    return {"id": name, "input": {"communication": call}, "gold": gold}


def measured(cases: list[dict[str, Any]], *outputs: Any, module: Any = CARD) -> Score:
    """The score of cases to which these outputs are given, one after the other; an exception is raised."""
    given = iter(outputs)

    async def run(_case: BaseModel) -> Reply:
        output = next(given)
        if isinstance(output, Exception):
            raise output
        return Reply(output, 100, 10)

    return asyncio.run(score_cases(module, cases, run))


def test_right_wrong_and_missed_values_are_counted_by_field() -> None:
    case = card_case(product=["chair", "table"], quantity=[10])
    score = measured([case], {"proposals": [said("product", "chairs"), said("product", "lamp"), said("budget", 5)]})
    assert (score.fields["product"].right, score.fields["product"].wrong, score.fields["product"].missed) == (1, 1, 1)
    assert score.fields["quantity"].missed == 1
    assert score.fields["budget"].wrong == 1
    assert (score.micro.right, score.micro.wrong, score.micro.missed) == (1, 2, 2)
    assert score.micro.f1 == pytest.approx(2 * (1 / 3) * (1 / 3) / (2 / 3))


def test_a_value_said_once_is_right_once() -> None:
    score = measured(
        [card_case(product=["chair"])], {"proposals": [said("product", "chair"), said("product", "chair")]}
    )
    assert (score.fields["product"].right, score.fields["product"].wrong) == (1, 1)


def test_macro_f1_is_the_mean_over_fields_that_were_met() -> None:
    score = measured([card_case(product=["chair"], budget=[5])], {"proposals": [said("product", "chair")]})
    assert score.macro_f1 == pytest.approx((1 + 0) / 2)


def test_classes_are_averaged_alike_however_rare_they_are() -> None:
    cases = [card_case(str(n), intent=["purchase" if n < 9 else "complaint"]) for n in range(10)]
    score = measured(cases, *[{"proposals": [said("intent", "purchase")]}] * 10)
    figures = score.as_json()["classes"]["intent"]
    assert score.fields["intent"].f1 == pytest.approx(0.9)
    assert figures["macro_f1"] == pytest.approx((18 / 19 + 0) / 2, abs=0.001)


def test_what_is_left_empty_is_right_only_when_nothing_was_said() -> None:
    figures = measured([card_case(product=["chair"])], {"proposals": []}).as_json()
    assert figures["left_empty"] == len(CARD.manifest.evaluation.fields)
    assert (figures["left_empty_rightly"], figures["left_empty_wrongly"]) == (figures["left_empty"] - 1, 1)
    assert figures["left_empty_share"] == 1


def test_a_quote_that_is_not_in_the_input_is_no_support() -> None:
    proposals = [said("product", "chair"), said("product", "table", "We need tables")]
    figures = measured([card_case(product=["chair", "table"])], {"proposals": proposals}).as_json()
    assert (figures["unsupported"], figures["unsupported_per_100"]) == (1, 50.0)


def test_a_value_without_a_quote_needs_its_words_or_its_number_in_the_input() -> None:
    given = Given(card_case()["input"])
    assert given.holds("need ten chairs")
    assert not given.holds("")
    assert given.grounds(Measured("number"), 10)
    assert not given.grounds(Measured("number"), 11)
    assert given.grounds(Measured("text"), "chair")
    assert not given.grounds(Measured("text"), "table")


def test_a_case_that_fails_counts_as_missed_and_the_others_go_on() -> None:
    cases = [card_case("a", product=["chair"]), card_case("b", product=["chair"])]
    score = measured(cases, CaseFailed("garbage"), {"proposals": [said("product", "chair")]})
    assert (score.failed, score.fields["product"].missed, score.fields["product"].right) == (1, 1, 1)
    assert "a: garbage" in score.errors


@pytest.mark.parametrize(
    ("kind", "gold", "value", "alike"),
    [
        ("name", "Марина Петрова", "Петрова Марина", True),
        ("name", "Марина Петрова", "Сергей Волков", False),
        ("text", "send the offer", "send you the offers today", True),
        ("text", "send the offer", "call back", False),
        ("date", "2026-11-25", "2026-11-25T10:00:00+03:00", True),
        ("date", "2026-11-25T09:00:00+03:00", "2026-11-25T10:00:00+03:00", False),
        ("number", 10, "10.0", True),
        ("number", 10, "ten", False),
        ("exact", "EUR", "EUR", True),
        ("class", "purchase", "complaint", False),
    ],
)
def test_values_are_compared_by_the_kind_of_their_field(kind: str, gold: Any, value: Any, *, alike: bool) -> None:
    assert same(Measured(kind), gold, value) is alike


def question(name: str, *, answered: bool, contains: tuple[str, ...] = ()) -> dict[str, Any]:
    passage = {"ref": "1", "type": "document", "id": "4", "text": "Pumps carry a warranty of 24 months."}
    given = {"question": "How long is the warranty?", "passages": [passage]}
    return {"id": name, "input": given, "gold": {"answered": answered, "contains": list(contains)}}


def test_answers_are_right_wrong_cited_or_rightly_refused() -> None:
    cited = [{"ref": "1", "quote": "24 months"}]
    cases = [
        question("right", answered=True, contains=("24",)),
        question("wrong words", answered=True, contains=("24",)),
        question("should refuse", answered=False),
        question("refuses", answered=False),
    ]
    outputs: list[Mapping[str, Any]] = [
        {"answered": True, "answer": "24 months", "citations": cited},
        {"answered": True, "answer": "36 months", "citations": [{"ref": "1", "quote": "36 months"}]},
        {"answered": True, "answer": "Yes", "citations": []},
        {"answered": False, "answer": "", "citations": []},
    ]
    figures = measured(cases, *outputs, module=ANSWER).as_json()["answers"]
    assert (figures["answered_rate"], figures["abstained_rate"], figures["wrong_rate"]) == (0.5, 0.5, 0.5)
    assert figures["cited_rate"] == pytest.approx(1 / 3, abs=0.001)


def test_word_errors_are_counted_over_all_recordings(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"sound")
    case = card_case() | {"recording": "a.wav", "reference": "We need ten chairs, please."}

    async def run(_case: BaseModel) -> Reply:
        return Reply({})

    async def listen(path: Path) -> str:
        assert path == tmp_path / "a.wav"
        return "we need two chairs"

    score = asyncio.run(score_cases(CARD, [case], run, listen=listen, folder=tmp_path))
    assert score.as_json()["wer"] == pytest.approx(2 / 5)


def figures_of(right: int, wrong: int) -> dict[str, Any]:
    return Score(fields={"person": Count(right, wrong, 0)}, cases=right + wrong).as_json()


def test_two_evaluations_stand_side_by_side_with_their_difference() -> None:
    first = Evaluated("module", "small", "1.1.0", "2", figures_of(9, 1))
    other = Evaluated("bare", "small", "1.1.0", "2", figures_of(5, 5))
    assert deltas(first, other)["micro precision"] == pytest.approx(0.4)
    shown = side_by_side([first, other])
    assert "1.1.0 small" in shown
    assert "bare small" in shown
    assert "+0.400" in shown


def test_a_former_version_is_found_among_those_kept_for_the_same_cases(tmp_path: Path) -> None:
    old = Evaluated("module", "small", "1.0.0", "1", figures_of(1, 1))
    Kept(tmp_path, CARD, "these cases").add([old])
    found = Kept(tmp_path, CARD, "these cases").find("1.0.0", "module", "another model")
    assert found is not None
    assert found.figures["micro"] == old.figures["micro"]
    assert found.at
    assert Kept(tmp_path, CARD, "other cases").find("1.0.0", "module", "small") is None


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"OSTROV_HOME": str(tmp_path), "OSTROV_GATEWAY_PORT": "9", "OSTROV_GATEWAY_KEY": "k" * 20}


def test_the_command_compares_with_the_version_that_it_kept(environ: dict[str, str]) -> None:
    run = CliRunner()
    first = run.invoke(evaluate, ["answer", "--no-model", "--json"], env=environ)
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout)["answers"]["questions"] == len(ANSWER.cases)
    again = run.invoke(evaluate, ["answer", "--no-model", "--json", "--against", ANSWER.manifest.version], env=environ)
    (kept,) = json.loads(again.stdout)["compared"]
    assert kept["delta"]["F1 micro"] == 0
    missing = run.invoke(evaluate, ["answer", "--no-model", "--against", "0.0.1"], env=environ)
    assert (missing.exit_code, "is kept" in missing.output) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["answer"], "nobody answers"),
        (["nothing"], "No module 'nothing' is loaded"),
        (["answer", "--model", "no-such-model"], "No language model here is called 'no-such-model'"),
        (["answer", "--no-model", "--bare"], "asks no model"),
        (["answer", "--no-model", "--cases", __file__], "line 1 is not JSON"),
    ],
)
def test_what_cannot_be_measured_is_said_with_a_remedy(
    environ: dict[str, str], arguments: list[str], words: str
) -> None:
    answer = CliRunner().invoke(evaluate, arguments, env=environ)
    assert answer.exit_code == 1
    assert words in answer.output


BARE = {"answered": True, "answer": "5 months", "source": "1", "quote": "5 months"}


@pytest.fixture
def engine() -> Any:
    with standing_in() as found:
        yield found


def test_a_model_at_an_address_is_asked_through_a_gateway_of_its_own_and_bare(
    engine: StandIn, environ: dict[str, str], tmp_path: Path
) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text(json.dumps(question("one", answered=True, contains=("24",))), "utf-8")
    engine.will(Say("The warranty is 24 months [1]."), Say(json.dumps(BARE)))
    arguments = ["answer", "--model", engine.url, "--bare", "--cases", str(cases), "--json"]
    answer = CliRunner().invoke(evaluate, arguments, env=environ)
    assert answer.exit_code == 0, answer.output
    found = json.loads(answer.stdout)
    assert (found["way"], found["model"], found["answers"]["answered_rate"]) == ("module", "stand-in-1", 1.0)
    (bare,) = found["compared"]
    assert (bare["way"], bare["answers"]["wrong_rate"], bare["answers"]["cited_rate"]) == ("bare", 1.0, 0.0)
    assert found["prompt_tokens"] > 0
    assert "Pumps carry a warranty" in engine.asked[-1]["messages"][-1]["content"]


def test_an_evaluation_that_is_killed_leaves_no_program_behind(
    engine: StandIn, environ: dict[str, str], tmp_path: Path
) -> None:
    engine.will(Hang(60))
    command = [sys.executable, "-m", "appliance.cli.main", "eval", "answer", "--model", engine.url]
    evaluation = psutil.Popen(command, env={**os.environ, **environ}, cwd=Path(__file__).parents[3])
    until = time.monotonic() + 120
    while not engine.asked and time.monotonic() < until:
        time.sleep(0.2)
    children = evaluation.children(recursive=True)
    assert children, "nothing was started"
    evaluation.kill()
    evaluation.wait(20)
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []
