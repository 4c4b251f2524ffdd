"""Proposed values are written as the reader writes them."""

from __future__ import annotations

from typing import Any

import pytest

from webapp.ai.proposals.models import Proposal
from webapp.assistants.call_card.values import shown
from webapp.kit.i18n import use_locale


@pytest.fixture(autouse=True)
def _english_afterwards():
    yield
    use_locale("en")


def proposal(field: str, value: Any, display: str = "", final: Any = None, **more: Any) -> Proposal:
    base = {"run_id": "r", "state": "proposed", "confidence": 0.9, "id": 1, "quote": "q", "second": 0.0}
    return Proposal(field=field, value=value, display=display or str(value), final_value=final, **(base | more))


EUR = proposal("currency", "EUR")
RUB = proposal("currency", "RUB", confidence=0.4)


@pytest.mark.parametrize(
    ("field", "value", "display", "siblings", "english", "russian"),
    [
        ("budget", 45000, "45 000 EUR", [EUR], "€45,000", "45\xa0000\xa0€"),
        ("budget", 45000, "45 000 EUR", [], "€45,000", "45\xa0000\xa0€"),
        ("budget", 1200.5, "1 200.5", [RUB, EUR], "€1,200.50", "1\xa0200,50\xa0€"),
        ("budget", 45000, "45 000", [], "45,000", "45\xa0000"),
        ("quantity", 1500, "1500 kg", [], "1,500 kg", "1\xa0500 kg"),
        ("quantity", 2.5, "2.5 т", [], "2.5 т", "2,5 т"),
        ("currency", "EUR", "EUR", [], "Euro (EUR)", "Евро (EUR)"),
        ("currency", "ZZZ", "ZZZ", [], "ZZZ", "ZZZ"),
        ("due", "2026-11-27", "by Friday", [], "Friday, 27 November 2026", "пятница, 27 ноября 2026"),
        ("due", "some day", "some day", [], "some day", "some day"),
        ("budget", "a lot", "a lot", [EUR], "a lot", "a lot"),
    ],
)
def test_a_value_is_told_in_the_readers_language(*, field, value, display, siblings, english, russian):
    for locale, words in (("en", english), ("ru", russian)):
        use_locale(locale, "Europe/Moscow")
        assert shown(proposal(field, value, display), siblings) == words


def test_what_a_person_typed_is_told_the_same_way():
    assert shown(proposal("budget", 45000, "45 000 EUR", final=50000), [EUR]) == "€50,000"
    assert shown(proposal("quantity", 20, "20 pcs", final=2500)) == "2,500 pcs"


def test_a_rejected_currency_does_not_count():
    rejected = proposal("currency", "USD", state="rejected", confidence=0.99)
    assert shown(proposal("budget", 100, "100"), [rejected, EUR]) == "€100"
