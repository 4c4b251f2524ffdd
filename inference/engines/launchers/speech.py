"""Launcher of the speech engine: faster-whisper, in a program of ours."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from appliance.settings import EngineSettings
from inference.engines.plan import LaunchPlan, Resources, engine_environment, weights_at

NEEDED = ("model.bin", "config.json", "tokenizer.json")


def launch(settings: EngineSettings, environ: Mapping[str, str], digest: str = "") -> LaunchPlan:
    """Plan faster-whisper with the CTranslate2 folder of OSTROV_SPEECH_MODEL. Raises NoModel."""
    what = "a folder with a Whisper model for CTranslate2"
    return LaunchPlan(
        engine="faster-whisper",
        role="speech",
        command=(sys.executable, "-m", "inference.engines.speech"),
        environment=engine_environment(environ, settings, digest),
        port=settings.speech_port,
        weights=weights_at(settings.speech_model, "OSTROV_SPEECH_MODEL", what, NEEDED),
        resources=Resources(memory_megabytes=2000, threads=settings.engine_threads),
        busy_metrics=("ostrov_speech_waiting",),
    )
