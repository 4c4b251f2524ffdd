"""llama.cpp passes the suite that every language engine passes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.modelstore.checking import identity
from inference.gateway.must_call import must_call
from tests.inference.engines.serving import Served, serving
from tests.inference.engines.suite import TOOL, ChatSuite, order_in

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

    def test_a_tool_is_called_with_arguments_that_fit_and_goes_back_to_the_asker(self, engine: Served):
        """As the gateway asks when a call must come: llama.cpp lets text stand before a call, and a schema does not."""
        wish = [{"role": "user", "content": "Order 15 pumps."}]
        must = must_call({"messages": wish, "tools": [TOOL], "tool_choice": "required"})
        assert must is not None
        asked = {**must.body, "model": engine.model, "max_tokens": 80, "temperature": 0}
        answer = must.called(engine.client.post("/v1/chat/completions", json=asked).json())
        (call,) = answer["choices"][0]["message"]["tool_calls"]
        assert call["function"]["name"] == "create_order"
        assert order_in(call["function"]["arguments"])["product"] == "pump"
