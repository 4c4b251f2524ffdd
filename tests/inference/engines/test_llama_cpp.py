"""llama.cpp passes the suite that every language engine passes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.modelstore.checking import identity
from tests.inference.engines.serving import Served, serving
from tests.inference.engines.suite import ChatSuite

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def digest(small_chat: Path) -> str:
    return identity(small_chat)


@pytest.fixture(scope="module")
def engine(small_chat: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("llama")
    environ = {"OSTROV_LLM_MODEL": str(small_chat), "OSTROV_LLM_CONTEXT_TOKENS": "2048", "OSTROV_HOME": str(folder)}
    with serving("llm", folder / "engine.log", {**environ, "OSTROV_LLM_PARALLEL": "2"}) as found:
        yield found


class TestLlamaCpp(ChatSuite):
    """The whole suite."""

    @pytest.mark.xfail(strict=False, reason="llama.cpp lets text stand before a call; 0.5 B may never come to the call")
    def test_a_tool_is_called_with_arguments_that_fit_and_goes_back_to_the_asker(self, engine: Served):
        super().test_a_tool_is_called_with_arguments_that_fit_and_goes_back_to_the_asker(engine)
