"""vLLM, by its CPU wheel, passes the suite that every engine passes: chat, and embeddings as a pooling model."""

import json
import os
import threading
import time
from collections.abc import Iterator

import pytest

from appliance.modelstore.store import InstalledModel
from tests.inference.engines.serving import Served, serving
from tests.inference.engines.suite import ChatSuite, EmbeddingSuite
from tests.vllm import prepare
from tests.vllm.__main__ import FIGURES

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1200)]

START_SECONDS = 600
ENVIRON = {
    "OSTROV_VLLM_PYTHON": str(prepare.PYTHON),
    "OSTROV_VLLM_DEVICE": os.environ.get("OSTROV_VLLM_DEVICE", "cpu"),
    "OSTROV_VLLM_EAGER": "yes",
    "OSTROV_VLLM_DTYPE": os.environ.get("OSTROV_VLLM_DTYPE", "float32"),
    "OSTROV_VLLM_CPU_CACHE_GIGABYTES": "1",
    "OSTROV_LLM_CONTEXT_TOKENS": "2048",
    "OSTROV_LLM_PARALLEL": "4",
    "OSTROV_MODELS_DIR": str(prepare.STORE),
}


def note(**figures: float) -> None:
    """Add to the figures that the run prints."""
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    FIGURES.write_text(json.dumps({**known, **figures}, indent=1) + "\n")


@pytest.fixture(scope="module")
def model() -> InstalledModel:
    if not prepare.PYTHON.exists():
        pytest.skip("vLLM has no environment here: run `make test-vllm`")
    return prepare.model()


@pytest.fixture(scope="module")
def digest(model: InstalledModel) -> str:
    return model.sha256


class TestChat(ChatSuite):
    """The whole suite of a language engine."""

    @pytest.fixture(scope="class")
    def engine(self, model: InstalledModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
        log = tmp_path_factory.mktemp("vllm") / "chat.log"
        with serving("vllm-chat", log, {**ENVIRON, "OSTROV_LLM_MODEL": str(model.path)}, START_SECONDS) as found:
            note(chat_start_seconds=round(found.start_seconds, 1))
            yield found

    def test_how_fast_it_writes(self, engine: Served):
        for together in (1, engine.slots):
            done: list[int] = []

            def ask(done: list[int] = done) -> None:
                answer = engine.ask("Write about pumps.", max_tokens=48, ignore_eos=True).json()
                done.append(answer["usage"]["completion_tokens"])

            threads = [threading.Thread(target=ask) for _ in range(together)]
            started = time.monotonic()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(done) == together
            note(**{f"tokens_per_second_of_{together}": round(sum(done) / (time.monotonic() - started), 2)})


class TestEmbeddings(EmbeddingSuite):
    """The whole suite of an embedding engine."""

    @pytest.fixture(scope="class")
    def engine(self, model: InstalledModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
        log = tmp_path_factory.mktemp("vllm") / "embed.log"
        with serving("vllm-embed", log, {**ENVIRON, "OSTROV_EMBED_MODEL": str(model.path)}, START_SECONDS) as found:
            note(embed_start_seconds=round(found.start_seconds, 1))
            yield found
