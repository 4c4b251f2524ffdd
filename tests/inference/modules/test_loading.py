"""Modules are found, and a broken one stops nobody."""

import logging

import pytest

from inference.modules import installed, load_modules


def test_a_broken_module_is_left_out_with_a_reason_and_the_others_run(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        modules = load_modules(["inference.modules.no_such_module", *installed()])
    assert set(modules) == {"answer", "call_card"}
    assert "no_such_module" in caplog.text


def test_a_second_module_of_one_name_is_left_out_with_a_reason(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        modules = load_modules([*installed(), "inference.modules.call_card"])
    assert set(modules) == {"answer", "call_card"}
    assert "module.name_taken" in caplog.text
    assert "name=call_card" in caplog.text
