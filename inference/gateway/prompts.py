"""The registry of prompts: which version of each module's prompt is used, and how prompts are rendered."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from inference.gateway.decisions import Decisions
from inference.gateway.problems import GatewayProblem, ModuleUnknown, RequestInvalid
from inference.modules.base import Module, Prompt
from inference.modules.prompt_files import BrokenPrompt, file_text, render_text

KIND = "prompt"

log = logging.getLogger("ostrov.gateway.prompts")

Use = Mapping[tuple[str, str, str], tuple[int, datetime]]
"""How often a module's prompt of a version and hash ran, and when last."""


class PromptBroken(GatewayProblem):
    """A prompt file is missing or cannot be rendered with what the module gave."""

    kind = "prompt-broken"
    title = "A prompt of the module cannot be rendered"


def package_of(module: Module) -> str:
    """Return the dotted name of the package that a module lives in."""
    return module.run.__module__.rpartition(".")[0]


def render(module: Module, chosen: Prompt, file: str, variables: Mapping[str, Any]) -> tuple[str, str]:
    """Return the system and the user message of a prompt file of this module. Raises PromptBroken.

    A module names its prompt as the manifest does; the version that is chosen for it stands in its place.
    """
    package = package_of(module)
    try:
        text = chosen.text if file == module.manifest.prompt else file_text(package, file)
        return render_text(package, text, variables)
    except BrokenPrompt as error:
        message = f"{file} of {module.manifest.name}, version {chosen.version}: {error}"
        raise PromptBroken(message) from error


class Prompts:
    """Chooses the version of each module's prompt: the manifest's, or the one that an administrator has pinned."""

    def __init__(self, modules: Mapping[str, Module], decisions: Decisions) -> None:
        """Know the modules and where pins are kept."""
        self._modules = modules
        self._decisions = decisions

    def pinned(self, module: Module) -> str | None:
        """Return the pinned version, None when nobody has pinned one."""
        value = self._decisions.value(KIND, module.manifest.name)
        return value if isinstance(value, str) else None

    def chosen(self, module: Module) -> Prompt:
        """Return the version to use for the next run; a pin to a version that is gone leads to the manifest's."""
        wanted = self.pinned(module)
        for prompt in module.prompts:
            if prompt.version == wanted:
                return prompt
        if wanted is not None:
            log.error("prompt.pin_lost module=%s version=%s", module.manifest.name, wanted)
        return module.prompts[0]

    async def pin(self, name: str, version: str | None, *, reason: str | None, actor: str | None) -> None:
        """Use this version from the next run on; None takes the pin away. Raises ModuleUnknown or RequestInvalid."""
        module = self._modules.get(name)
        if module is None:
            message = f"There is no module {name!r}. Known: {', '.join(sorted(self._modules))}."
            raise ModuleUnknown(message)
        versions = [prompt.version for prompt in module.prompts]
        if version is not None and version not in versions:
            message = f"The prompt of {name} has no version {version!r}. It has {', '.join(versions)}."
            raise RequestInvalid(message, "version")
        await self._decisions.decide(KIND, name, version, reason=reason, actor=actor)

    def shown(self, use: Use) -> list[dict[str, Any]]:
        """Return every module's versions, which one is active, and how each has been used."""
        return [self._shown(module, use) for _, module in sorted(self._modules.items())]

    def _shown(self, module: Module, use: Use) -> dict[str, Any]:
        """Return the versions of one module's prompt."""
        name, active = module.manifest.name, self.chosen(module)
        versions = []
        for prompt in module.prompts:
            runs, last = use.get((name, prompt.version, prompt.hash), (0, None))
            versions.append(
                {
                    "version": prompt.version,
                    "hash": prompt.hash,
                    "file": prompt.file,
                    "languages": list(prompt.languages),
                    "note": prompt.note,
                    "runs": runs,
                    "last_used": None if last is None else last.isoformat(),
                }
            )
        return {
            "module": name,
            "active": active.version,
            "pinned": self.pinned(module) == active.version,
            "default": module.manifest.prompt_version,
            "versions": versions,
        }
