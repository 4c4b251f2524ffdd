"""What it takes to run one engine: command line, environment, where it answers, what it needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from appliance.modelstore import manifest
from appliance.modelstore.store import ModelStore
from appliance.offline import offline_environment
from appliance.settings import EngineSettings

LOOPBACK: Final = "127.0.0.1"
# Options of a manifest -> the setting that they stand for when the environment does not give it.
OPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "chat": {
        "context_tokens": "llm_context_tokens",
        "parallel": "llm_parallel",
        "dtype": "vllm_dtype",
        "tool_parser": "vllm_tool_parser",
    },
    "embed": {"context_tokens": "embed_context_tokens", "dtype": "vllm_dtype"},
    "speech": {"languages": "speech_languages", "beam_size": "speech_beam_size"},
}


@dataclass(frozen=True)
class Resources:
    """What an engine takes beside its weights: memory in megabytes, threads, its share of each GPU, how many GPUs."""

    memory_megabytes: int
    threads: int = 0
    gpu_share: float = 0.0
    gpus: int = 0


@dataclass(frozen=True)
class LaunchPlan:
    """One engine, ready to be started by `ostrov engine`, a supervisor or a system service."""

    engine: str
    role: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    port: int
    weights: Path | None
    resources: Resources
    readiness_path: str = "/health"
    metrics_path: str = "/metrics"
    busy_metrics: tuple[str, ...] = field(default=())

    @property
    def readiness_url(self) -> str:
        """Answers 200 when the engine can be used."""
        return f"http://{LOOPBACK}:{self.port}{self.readiness_path}"

    @property
    def metrics_url(self) -> str:
        """Tells Prometheus how the engine is."""
        return f"http://{LOOPBACK}:{self.port}{self.metrics_path}"

    def described(self, inherited: Mapping[str, str]) -> dict[str, Any]:
        """Return the plan for people and programs; of the environment only what the plan adds or changes."""
        own = {name: value for name, value in self.environment.items() if inherited.get(name) != value}
        return {
            **dataclasses.asdict(self),
            "weights": str(self.weights) if self.weights else None,
            "environment": own,
            "removed_from_environment": sorted(set(inherited) - set(self.environment)),
            "readiness_url": self.readiness_url,
            "metrics_url": self.metrics_url,
        }


Launch = Callable[[EngineSettings, Mapping[str, str], str], LaunchPlan]


class NoModel(Exception):
    """No usable weights are set; the message names the setting and the remedy."""


def with_model(settings: EngineSettings, role: str, environ: Mapping[str, str]) -> EngineSettings:
    """Return the settings with the weights of a role that names none: the model of the store that serves it.

    The options of its manifest fill in what the environment does not say. Raises ModelError.
    """
    store = ModelStore(settings.store_dir)
    setting = {"chat": "llm_model", "embed": "embed_model", "speech": "speech_model"}[role]
    given = getattr(settings, setting)
    if given:
        path = Path(given).expanduser().absolute()
        installed = next((model for model in store.models() if model.path == path), None)
    else:
        path, installed = None, store.active(role)
    changes: dict[str, Any] = {setting: str(path)} if path is not None else {}
    if installed is None:
        return dataclasses.replace(settings, **changes)
    options = {OPTIONS[role][name]: value for name, value in installed.engine_options.items() if name in OPTIONS[role]}
    changes |= {name: value for name, value in options.items() if f"OSTROV_{name.upper()}" not in environ}
    return dataclasses.replace(settings, **{**changes, setting: str(installed.path)})


def model_name(weights: Path) -> str:
    """Return what a model is called in answers and logs: NAME-VERSION in the store, else by its file or folder."""
    folder = weights if weights.is_dir() else weights.parent
    path = manifest.find(folder)
    if path is not None:
        found = manifest.read(path)
        return f"{found.name}-{found.version}"
    return weights.name if weights.is_dir() else weights.stem


def weights_at(text: str, setting: str, what: str, needed: tuple[str, ...] = ()) -> Path:
    """Return the path of the weights: a file, or a folder that holds what is needed. Raises NoModel."""
    advice = f"Choose one with `ostrov models use`, or point {setting} to {what}."
    if not text:
        message = f"No model is set. {advice}"
        raise NoModel(message)
    path = Path(text).expanduser()
    if not (path.is_dir() if needed else path.is_file()):
        message = f"The model {path} does not exist. {advice}"
        raise NoModel(message)
    missing = [name for name in needed if not (path / name).is_file()]
    if missing:
        message = f"The model folder {path} lacks {', '.join(missing)}. {advice}"
        raise NoModel(message)
    return path


def engine_environment(environ: Mapping[str, str], settings: EngineSettings, digest: str) -> dict[str, str]:
    """Return the environment of an engine: no proxy, every offline switch, the settings as they were resolved."""
    resolved = {
        f"OSTROV_{item.name.upper()}": str(getattr(settings, item.name)) for item in dataclasses.fields(settings)
    }
    inherited = {name: text for name, text in environ.items() if name.removesuffix("_FILE") not in resolved}
    return {**offline_environment(inherited), **resolved, "OSTROV_WEIGHTS_SHA256": digest}
