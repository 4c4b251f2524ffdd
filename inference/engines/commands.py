"""`ostrov engine NAME`: checks the weights, then replaces itself by the engine's own program."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Final

import click

from appliance.modelstore.checking import identity
from appliance.modelstore.errors import ModelError
from appliance.settings import EngineSettings, read
from inference.engines.launchers import embed, llm, speech, vllm_chat, vllm_embed
from inference.engines.plan import Launch, LaunchPlan, NoModel, with_model
from inference.serving import free_port_or_leave, leave

LAUNCHERS: Final[Mapping[str, tuple[str, Launch, str]]] = {
    "llm": ("chat", llm.launch, "Serve the language model (llama.cpp): OSTROV_LLM_MODEL or the chosen model."),
    "embed": ("embed", embed.launch, "Serve embeddings of texts for search with the packaged model."),
    "speech": ("speech", speech.launch, "Serve transcription (faster-whisper): OSTROV_SPEECH_MODEL or the chosen one."),
    "vllm-chat": ("chat", vllm_chat.launch, "Serve the language model with vLLM, on a GPU or (for tests) without."),
    "vllm-embed": ("embed", vllm_embed.launch, "Serve embeddings of texts with vLLM."),
}
PORTS: Final = {"chat": "OSTROV_LLM_PORT", "embed": "OSTROV_EMBED_PORT", "speech": "OSTROV_SPEECH_PORT"}


def plan_of(name: str, environ: Mapping[str, str]) -> LaunchPlan:
    """Resolve the settings of one engine into its launch plan, its weights unread. Raises ModelError, NoModel."""
    role, launch, _ = LAUNCHERS[name]
    return launch(with_model(read(EngineSettings, environ), role, environ), environ, "")


def start(name: str) -> None:
    """Check the weights, every byte, and become the engine: its offline switches stand before its first import."""
    role, launch, _ = LAUNCHERS[name]
    try:
        settings = with_model(read(EngineSettings), role, os.environ)
        plan = launch(settings, os.environ, "")
        free_port_or_leave(plan.port, PORTS[role])
        digest = identity(plan.weights) if plan.weights else ""
    except NoModel as error:
        leave(str(error))
    except ModelError as error:
        leave(f"{error.sentence} {error.remedy}")
    plan = launch(settings, os.environ, digest)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execvpe(plan.command[0], plan.command, dict(plan.environment))  # noqa: S606 - no shell is wanted
    except OSError as error:
        leave(
            f"{plan.command[0]} cannot be started ({error.strerror}). Point OSTROV_VLLM_PYTHON to a Python with vLLM."
        )


def _command(name: str, text: str) -> click.Command:
    """Build the subcommand of one engine."""

    def run(*, show: bool) -> None:
        if not show:
            start(name)
        try:
            click.echo(json.dumps(plan_of(name, os.environ).described(os.environ), indent=1))
        except NoModel as error:
            leave(str(error))
        except ModelError as error:
            leave(f"{error.sentence} {error.remedy}")

    option = click.Option(["--plan", "show"], is_flag=True, help="Print how it would be started, as JSON.")
    return click.Command(name, callback=run, params=[option], help=text)


@click.group()
def engine() -> None:
    """Run one engine in the foreground, on loopback."""


for _name, (_role, _launch, _text) in LAUNCHERS.items():
    engine.add_command(_command(_name, _text))
