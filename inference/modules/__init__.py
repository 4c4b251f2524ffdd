"""AI modules: one folder each, found by being here or by the entry point group `ostrov.modules`."""

import hashlib
import importlib
import tomllib
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable

from inference.modules.base import Manifest, ModelClient, ModelError, Module, split_prompt

__all__ = [
    "Manifest",
    "ModelClient",
    "ModelError",
    "Module",
    "load_module",
    "load_modules",
    "split_prompt",
]

GROUP = "ostrov.modules"


class BrokenModule(Exception):
    """A module's folder lacks a part or contradicts itself; the message says which."""


def read_manifest(folder: Traversable) -> Manifest:
    """Read `manifest.toml`; every key that has no default must be there."""
    table = tomllib.loads((folder / "manifest.toml").read_text("utf-8"))
    table["data_classes"] = tuple(table.get("data_classes", ()))
    try:
        return Manifest(**table)
    except TypeError as error:
        message = f"{folder}/manifest.toml: {error}"
        raise BrokenModule(message) from error


def load_module(package: str) -> Module:
    """Load the module that lives in the package of this dotted name."""
    folder = files(package)
    manifest = read_manifest(folder)
    schema = importlib.import_module(f"{package}.schema")
    code = importlib.import_module(f"{package}.module")
    text = (folder / manifest.prompt).read_text("utf-8")
    return Module(
        manifest=manifest,
        input=schema.Input,
        output=schema.Output,
        prompt_text=text,
        prompt_hash=hashlib.sha256(text.encode()).hexdigest(),
        run=code.run,
        stream=getattr(code, "stream", None),
    )


def load_modules() -> dict[str, Module]:
    """Every module by its name: ours, then those that installed packages add."""
    ours = [
        f"{__name__}.{folder.name}"
        for folder in sorted(files(__name__).iterdir(), key=lambda item: item.name)
        if folder.is_dir() and (folder / "manifest.toml").is_file()
    ]
    added = [point.value for point in entry_points(group=GROUP)]
    modules: dict[str, Module] = {}
    for package in [*ours, *added]:
        module = load_module(package)
        if module.manifest.name in modules:
            message = f"two modules are named {module.manifest.name}; {package} is the second"
            raise BrokenModule(message)
        modules[module.manifest.name] = module
    return modules
