"""Launcher of the embedding engine on a GPU (or, for tests, without one): vLLM as a pooling model."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.settings import EngineSettings
from inference.engines import vllm
from inference.engines.plan import LaunchPlan, weights_at

PARALLEL = 32


def launch(settings: EngineSettings, environ: Mapping[str, str], digest: str = "") -> LaunchPlan:
    """Plan vLLM with the safetensors folder of OSTROV_EMBED_MODEL. Raises NoModel."""
    weights = weights_at(settings.embed_model, "OSTROV_EMBED_MODEL", "a folder of safetensors", vllm.NEEDED)
    words = vllm.command(
        settings,
        weights,
        settings.embed_port,
        digest,
        context_tokens=settings.embed_context_tokens,
        parallel=PARALLEL,
    )
    words += ("--runner", "pooling", "--convert", "embed")
    if settings.vllm_device == "gpu":
        words += ("--gpu-memory-utilization", str(settings.vllm_embed_gpu_share))
    return LaunchPlan(
        engine="vllm",
        role="embed",
        command=words,
        environment=vllm.environment(environ, settings, digest),
        port=settings.embed_port,
        weights=weights,
        resources=vllm.resources(settings, settings.vllm_embed_gpu_share),
        busy_metrics=vllm.BUSY,
    )
