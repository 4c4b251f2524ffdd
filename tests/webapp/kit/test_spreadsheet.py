"""Tables for spreadsheet programs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from webapp.kit.spreadsheet import cell


@pytest.mark.parametrize("text", ["=HYPERLINK()", "+1", "-1", "@SUM", "\tx"])
def test_a_cell_never_begins_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_values_stand_as_text() -> None:
    assert cell(None) == ""
    assert cell({"b": 1, "a": "я"}) == '{"a": "я", "b": 1}'
    assert cell(datetime(2026, 11, 22, tzinfo=UTC)) == "2026-11-22T00:00:00+00:00"
