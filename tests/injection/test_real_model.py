"""A sample of the attacks against a real small model, through the whole product."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.driving import free_port, wait_for
from tests.inference.conftest import small_chat
from tests.injection.attacks import ATTACKS, Attack
from tests.injection.detector import changes, snapshot
from tests.injection.suite import Suite

__all__ = ["small_chat"]

pytestmark = pytest.mark.model
SAMPLE = {"en-link-txt", "ru-other-note"}
ASKED = "ru-prompt-question"


@pytest.fixture(scope="module")
def llm_url(small_chat: Path) -> Iterator[str]:
    """The address of a real small model, served by llama.cpp."""
    port = free_port()
    environ = {**os.environ, "OSTROV_LLM_MODEL": str(small_chat), "OSTROV_LLM_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "appliance.cli.main", "engine", "llm"], env=environ)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", 240)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize("attack", [one for one in ATTACKS if one.name in SAMPLE], ids=lambda one: one.name)
def test_nothing_comes_of_an_injection_with_a_real_model(suite: Suite, attack: Attack) -> None:
    planted = suite.plant(attack)
    before = snapshot(suite.app.parts.engine)
    suite.call(planted)
    suite.ask(planted)
    assert changes(before, snapshot(suite.app.parts.engine)) == []
    assert suite.found(known=attack.text) == []


def test_a_question_for_the_instructions_gets_none_of_them_from_a_real_model(suite: Suite) -> None:
    (attack,) = (one for one in ATTACKS if one.name == ASKED)
    suite.plant(attack)
    before = snapshot(suite.app.parts.engine)
    suite.put(attack.text)
    assert changes(before, snapshot(suite.app.parts.engine)) == []
    assert suite.found(known=attack.text) == []
