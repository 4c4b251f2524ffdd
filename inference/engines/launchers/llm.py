"""Launcher of the language engine on a processor: llama.cpp, in a program of ours."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from appliance.settings import EngineSettings
from inference.engines.plan import LaunchPlan, Resources, engine_environment, weights_at

PROMPT_CACHE_MEGABYTES: Final = 512
BESIDE_WEIGHTS_MEGABYTES: Final = 1500


def launch(settings: EngineSettings, environ: Mapping[str, str], digest: str = "") -> LaunchPlan:
    """Plan llama.cpp with the GGUF file of OSTROV_LLM_MODEL. Raises NoModel."""
    return LaunchPlan(
        engine="llama.cpp",
        role="chat",
        command=(sys.executable, "-m", "inference.engines.llm"),
        environment=engine_environment(environ, settings, digest),
        port=settings.llm_port,
        weights=weights_at(settings.llm_model, "OSTROV_LLM_MODEL", "a GGUF file"),
        resources=Resources(PROMPT_CACHE_MEGABYTES + BESIDE_WEIGHTS_MEGABYTES, settings.engine_threads),
        busy_metrics=("llamacpp:requests_processing", "llamacpp:requests_deferred"),
    )
