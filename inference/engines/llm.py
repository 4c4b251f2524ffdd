"""The language engine: llama.cpp's own server, in this process, on loopback."""

from __future__ import annotations

import logging
import signal
from pathlib import Path

import xllamacpp

from appliance.settings import EngineSettings, read
from inference.serving import (
    LOOPBACK,
    free_port_or_leave,
    leave,
    start_log,
    thread_count,
    weights_hash,
)

QUIET = 1
PROMPT_CACHE_MEBIBYTES = 512

log = logging.getLogger("ostrov.engine.llm")


def model_path(settings: EngineSettings) -> Path:
    """Return the weights file, or end the program with a sentence that names the setting."""
    if not settings.llm_model:
        leave("No language model is set. Point OSTROV_LLM_MODEL to a GGUF file.")
    path = Path(settings.llm_model).expanduser()
    if not path.is_file():
        leave(f"The language model {path} does not exist. Point OSTROV_LLM_MODEL to a GGUF file.")
    return path


def parameters(settings: EngineSettings, path: Path, digest: str) -> xllamacpp.CommonParams:
    """Build llama.cpp's parameters. The hash is an alias, so /v1/models tells what is really loaded."""
    asked = xllamacpp.CommonParams()
    asked.model.path = str(path)
    asked.model_alias = {path.stem, f"sha256:{digest}"}
    asked.hostnames = [LOOPBACK]
    asked.port = settings.llm_port
    asked.n_parallel = settings.llm_parallel
    asked.n_ctx = settings.llm_context_tokens * settings.llm_parallel
    threads = thread_count(settings.engine_threads)
    asked.cpuparams.n_threads = threads
    asked.cpuparams_batch.n_threads = threads
    asked.cache_ram_mib = PROMPT_CACHE_MEBIBYTES
    asked.endpoint_metrics = True
    asked.endpoint_slots = False
    asked.ui = False
    asked.offline = True
    asked.verbosity = QUIET
    return asked


def main() -> None:
    """Serve the model until SIGTERM or SIGINT."""
    start_log()
    settings = read(EngineSettings)
    path = model_path(settings)
    free_port_or_leave(settings.llm_port, "OSTROV_LLM_PORT")
    # Blocked before the server makes its threads, so that the signal waits for this thread in sigwait below.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    log.info("model.loading name=%s", path.stem)
    try:
        server = xllamacpp.Server(parameters(settings, path, weights_hash(path)))
    except RuntimeError:
        leave(f"llama.cpp cannot load {path}; its reason stands above. Give OSTROV_LLM_MODEL a sound GGUF file.")
    log.info("engine.ready address=%s", server.listening_address)
    number = signal.sigwait({signal.SIGTERM, signal.SIGINT})
    log.info("engine.stopping signal=%s", signal.Signals(number).name)
    del server


if __name__ == "__main__":
    main()
