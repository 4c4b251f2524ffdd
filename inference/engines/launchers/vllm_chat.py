"""Launcher of the language engine on a GPU (or, for tests, without one): vLLM."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.settings import EngineSettings
from inference.engines import vllm
from inference.engines.plan import LaunchPlan, weights_at


def launch(settings: EngineSettings, environ: Mapping[str, str], digest: str = "") -> LaunchPlan:
    """Plan vLLM with the safetensors folder of OSTROV_LLM_MODEL. Raises NoModel."""
    weights = weights_at(settings.llm_model, "OSTROV_LLM_MODEL", "a folder of safetensors", vllm.NEEDED)
    words = vllm.command(
        settings,
        weights,
        settings.llm_port,
        digest,
        context_tokens=settings.llm_context_tokens,
        parallel=settings.llm_parallel,
    )
    words += vllm.over_machines(settings)
    words += ("--enable-auto-tool-choice", "--tool-call-parser", settings.vllm_tool_parser)
    if settings.vllm_device == "gpu":
        words += ("--gpu-memory-utilization", str(settings.vllm_gpu_share))
    return LaunchPlan(
        engine="vllm",
        role="chat",
        command=words,
        environment=vllm.environment(environ, settings, digest),
        port=settings.llm_port,
        weights=weights,
        resources=vllm.resources(settings, settings.vllm_gpu_share),
        busy_metrics=vllm.BUSY,
    )
