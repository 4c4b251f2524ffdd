"""AI modules: one folder each, found by being here or by the entry point group `ostrov.modules`."""

import hashlib
import importlib
import logging
import tomllib
from collections.abc import Iterable
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable

from inference.modules.base import Manifest, ModelClient, ModelError, Module, split_prompt

__all__ = [
    "Manifest",
    "ModelClient",
    "ModelError",
    "Module",
    "installed",
    "load_module",
    "load_modules",
    "split_prompt",
]

GROUP = "ostrov.modules"
log = logging.getLogger(__name__)


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


def load_modules(packages: Iterable[str] | None = None) -> dict[str, Module]:
    """Every module by its name: ours, then those that installed packages add; a broken one is left out and logged."""
    modules: dict[str, Module] = {}
    for package in installed() if packages is None else packages:
        try:
            module = load_module(package)
        except Exception as error:  # a module is foreign code and can fail in any way; the others must still run
            log.exception("module.skipped package=%s error=%s", package, type(error).__name__)
            continue
        if module.manifest.name in modules:
            log.error("module.name_taken package=%s name=%s", package, module.manifest.name)
            continue
        modules[module.manifest.name] = module
    return modules


def installed() -> list[str]:
    """The packages of modules: folders here that have a manifest, and the entry points of distributions."""
    ours = [
        f"{__name__}.{folder.name}"
        for folder in sorted(files(__name__).iterdir(), key=lambda item: item.name)
        if folder.is_dir() and (folder / "manifest.toml").is_file()
    ]
    return [*ours, *(point.value for point in entry_points(group=GROUP))]
