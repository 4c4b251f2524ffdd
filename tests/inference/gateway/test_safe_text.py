"""Only the anonymiser makes text that a model may see."""

import pytest

from inference.anonymise import PASS_THROUGH, SafeText, anonymise, restore


def test_safe_text_cannot_be_made_by_hand():
    with pytest.raises(TypeError):
        SafeText("Anna", "none", {}, object())


def test_the_pass_through_policy_leaves_the_text_and_says_its_name():
    assert (anonymise("Anna", PASS_THROUGH).text, anonymise("Anna", PASS_THROUGH).masking) == ("Anna", "pass-through")


def test_originals_return_even_when_one_placeholder_begins_another():
    assert restore("P1 and P10", {"P1": "Anna", "P10": "Ivan"}) == "Anna and Ivan"
