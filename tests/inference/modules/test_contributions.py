"""Why a value of a card is as sure as it is: the signs for it and against it add up to its confidence."""

import asyncio

import pytest

from inference.modules import load_modules
from inference.modules.runners import NoModel

CARD = load_modules()["call_card"]
ROUNDING = 0.006


@pytest.mark.parametrize("case", CARD.cases, ids=lambda case: case["id"])
def test_the_signs_of_every_value_add_up_to_its_confidence(case):
    output = asyncio.run(CARD.run(CARD.input.model_validate(case["input"]), NoModel()))
    assert bool(output.proposals) == bool(case["gold"])
    for proposal in output.proposals:
        assert proposal.contributions, proposal
        assert all(proposal.contributions.values())
        total = min(max(sum(proposal.contributions.values()), 0.0), 1.0)
        assert total == pytest.approx(proposal.confidence, abs=ROUNDING), proposal
