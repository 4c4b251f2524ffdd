"""The language engine: llama.cpp's own server, in this process, on loopback."""

from __future__ import annotations

import logging
import signal
from pathlib import Path

import xllamacpp

from appliance.settings import EngineSettings, read
from inference.engines.launchers.llm import PROMPT_CACHE_MEGABYTES
from inference.engines.plan import model_name
from inference.serving import LOOPBACK, leave, start_log, thread_count

QUIET = 1

log = logging.getLogger("ostrov.engine.llm")


def parameters(settings: EngineSettings, path: Path, digest: str) -> xllamacpp.CommonParams:
    """Build llama.cpp's parameters. The hash is an alias, so /v1/models tells what is really loaded."""
    asked = xllamacpp.CommonParams()
    asked.model.path = str(path)
    asked.model_alias = {model_name(path), f"sha256:{digest}"}
    asked.hostnames = [LOOPBACK]
    asked.port = settings.llm_port
    asked.n_parallel = settings.llm_parallel
    asked.n_ctx = settings.llm_context_tokens * settings.llm_parallel
    threads = thread_count(settings.engine_threads)
    asked.cpuparams.n_threads = threads
    asked.cpuparams_batch.n_threads = threads
    asked.use_jinja = True  # the model's own chat template, which knows how it calls tools
    asked.cache_ram_mib = PROMPT_CACHE_MEGABYTES
    asked.endpoint_metrics = True
    asked.endpoint_slots = False
    asked.ui = False
    asked.offline = True
    asked.verbosity = QUIET
    return asked


def main() -> None:
    """Serve the model that the launcher has checked until SIGTERM or SIGINT."""
    start_log()
    settings = read(EngineSettings)
    path = Path(settings.llm_model)
    # Blocked before the server makes its threads, so that the signal waits for this thread in sigwait below.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    log.info("model.loading name=%s", model_name(path))
    try:
        server = xllamacpp.Server(parameters(settings, path, settings.weights_sha256))
    except RuntimeError:
        leave(f"llama.cpp cannot load {path}; its reason stands above. Give OSTROV_LLM_MODEL a sound GGUF file.")
    log.info("engine.ready address=%s", server.listening_address)
    number = signal.sigwait({signal.SIGTERM, signal.SIGINT})
    log.info("engine.stopping signal=%s", signal.Signals(number).name)
    del server


if __name__ == "__main__":
    main()
