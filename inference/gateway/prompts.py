"""Prompts are files of a module: rendered in a sandbox, split into the fixed system part and the user part."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from inference.gateway.problems import GatewayProblem
from inference.modules.base import Module, split_prompt


class PromptBroken(GatewayProblem):
    """A prompt file is missing or cannot be rendered with what the module gave."""

    kind = "prompt-broken"
    title = "A prompt of the module cannot be rendered"


def package_of(module: Module) -> str:
    """Return the dotted name of the package that a module lives in."""
    return module.run.__module__.rpartition(".")[0]


@cache
def _environment(package: str) -> ImmutableSandboxedEnvironment:
    """Return the sandbox that reads templates of one module's folder and of nothing else."""

    def source(name: str) -> str | None:
        file = files(package) / name
        return file.read_text("utf-8") if "/" not in name and file.is_file() else None

    return ImmutableSandboxedEnvironment(
        loader=FunctionLoader(source),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def render(module: Module, prompt: str, variables: Mapping[str, Any]) -> tuple[str, str]:
    """Return the system and the user message of a prompt file of this module.

    The parts are split before they are rendered, so that no variable can pass for the system's words.
    """
    environment = _environment(package_of(module))
    try:
        source, _, _ = environment.loader.get_source(environment, prompt) if environment.loader else ("", None, None)
        system, user = split_prompt(source)
        return _compiled(package_of(module), system).render(variables), _compiled(package_of(module), user).render(
            variables
        )
    except TemplateError as error:
        message = f"{prompt} of {module.manifest.name}: {type(error).__name__}: {error}"
        raise PromptBroken(message) from error


@cache
def _compiled(package: str, text: str) -> Any:
    """Compile one part of a prompt, once."""
    return _environment(package).from_string(text)
