"""`ostrov engine llm|embed|speech`: each replaces itself by the engine's own program."""

from __future__ import annotations

import os
import sys

import click

from appliance.offline import offline_environment


def _become(program: str) -> None:
    """Replace this process by the program, so that the offline switches stand before its first import."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, "-m", program], offline_environment(os.environ))  # noqa: S606 - no shell is wanted


@click.group()
def engine() -> None:
    """Run one engine in the foreground, on loopback."""


@engine.command()
def llm() -> None:
    """Serve the language model (llama.cpp) of OSTROV_LLM_MODEL."""
    _become("inference.engines.llm")


@engine.command()
def embed() -> None:
    """Serve embeddings of texts for search."""
    _become("inference.engines.embed")


@engine.command()
def speech() -> None:
    """Serve transcription with the Whisper model of OSTROV_SPEECH_MODEL."""
    _become("inference.engines.speech")
