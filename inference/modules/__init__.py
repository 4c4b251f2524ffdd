"""AI modules: one folder each, found by being here or by the entry point group `ostrov.modules`."""

from inference.modules.base import Manifest, ModelClient, ModelError, Module, split_prompt
from inference.modules.finding import Found, find_modules, load_modules
from inference.modules.loading import BrokenModule, load_module

__all__ = [
    "BrokenModule",
    "Found",
    "Manifest",
    "ModelClient",
    "ModelError",
    "Module",
    "find_modules",
    "load_module",
    "load_modules",
    "split_prompt",
]
