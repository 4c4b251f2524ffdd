"""The unit files as the roles write them, from their templates and the defaults of their roles."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

PROVISIONING = Path(__file__).resolve().parents[3] / "provisioning"
FACTS = {"memtotal_mb": 16384, "processor_vcpus": 4}


@dataclass(frozen=True)
class Unit:
    """One unit: the name of its file, the role and template that make it, and what they are given."""

    name: str
    role: str
    template: str
    given: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """Render the file."""
        return render(self.role, self.template, self.given)


def variables(role: str) -> dict[str, Any]:
    """Read defaults and variables of a role; defaults that are templates are rendered with a machine's facts."""
    found: dict[str, Any] = {"ansible_managed": "Ansible", "ansible_facts": FACTS}
    for place in ("vars", "defaults"):
        path = PROVISIONING / "roles" / role / place / "main.yml"
        if path.exists():
            found |= yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    environment = Environment(undefined=StrictUndefined, autoescape=False)
    for name, value in found.items():
        if isinstance(value, str) and (whole := re.fullmatch(r"\{\{(.*)\}\}", value, re.DOTALL)):
            found[name] = environment.compile_expression(whole[1].strip())(**found)
    return found


def render(role: str, template: str, given: dict[str, Any]) -> str:
    """Render a template as Ansible would, with the folders that it looks into."""
    folders = [PROVISIONING / "roles" / role / "templates", PROVISIONING / "templates"]
    environment = Environment(
        loader=FileSystemLoader(folders), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    environment.filters["quote"] = lambda value: shlex.quote(str(value))
    return environment.get_template(template).render({**variables(role), **given})


def engines(profile: str) -> list[Unit]:
    """List the units of the engines of one profile."""
    gpu = profile == "gpu"
    return [
        Unit(f"ostrov-{engine['name']}.service", "engines", "ostrov-engine.service.j2", {"engine": engine, "gpu": gpu})
        for engine in variables("engines")["__engines_of"][profile]
    ]
