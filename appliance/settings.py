"""Settings: one frozen dataclass a program, read once at its root from `OSTROV_*` environment variables.

The field `gateway_timeout_seconds` is read from `OSTROV_GATEWAY_TIMEOUT_SECONDS`, or from the file that
`OSTROV_GATEWAY_TIMEOUT_SECONDS_FILE` names (a secret need not stand in an environment). Units are in the names.
Every field is described in docs/configuration.md; a test fails when one is not.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T")

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})


class SettingsError(Exception):
    """A setting cannot be read; the message names the variable and the remedy."""


def default_home() -> Path:
    """Where state lives when OSTROV_HOME does not say: `.ostrov/` in the checkout, else in the current directory."""
    checkout = Path(__file__).resolve().parents[1]
    return (checkout if (checkout / "pyproject.toml").exists() else Path.cwd()) / ".ostrov"


def default_model_cache() -> Path:
    """Where assembled weights are shared between checkouts when OSTROV_MODEL_CACHE does not say."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ostrov" / "models"


def _truth(text: str) -> bool:
    """A yes or a no in one of the usual words; raises ValueError for anything else."""
    word = text.strip().lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise ValueError(text)
    return word in TRUE_WORDS


def _convert(variable: str, kind: Any, text: str) -> Any:
    """Turn the text of one environment variable into the field's type."""
    try:
        if kind is bool:
            return _truth(text)
        if kind is int:
            return int(text)
        if kind is float:
            return float(text)
        if kind is Path:
            return Path(text).expanduser().absolute()
    except ValueError:
        message = f"{variable}={text!r} is not a valid {kind.__name__}. Give a {kind.__name__} or unset the variable."
        raise SettingsError(message) from None
    return text


def _given(variable: str, environ: Mapping[str, str]) -> str | None:
    """The text of one setting: of its variable, or of the file that `VARIABLE_FILE` names, without space around it.

    Raises SettingsError when both are given or the file cannot be read.
    """
    naming = f"{variable}_FILE"
    place = environ.get(naming)
    if not place:
        return environ.get(variable)
    if variable in environ:
        raise SettingsError(f"{variable} and {naming} are both set. Unset one of them.")
    try:
        return Path(place).expanduser().read_text(encoding="utf-8").strip()
    except OSError as error:
        reason = f"{naming}={place!r} cannot be read ({error.strerror})"
        raise SettingsError(f"{reason}. Name a file that this program's user may read, or unset it.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{naming}={place!r} does not hold text in UTF-8. Write the value into it.") from None


def read(program: type[T], environ: Mapping[str, str] | None = None) -> T:
    """Read the settings of one program from the environment, or from files that it names.

    Raises SettingsError, naming the variable, when a value does not fit its field.
    """
    source = os.environ if environ is None else environ
    hints = get_type_hints(program)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(program):  # type: ignore[arg-type]
        variable = f"OSTROV_{field.name.upper()}"
        text = _given(variable, source)
        if text is not None:
            values[field.name] = _convert(variable, hints[field.name], text)
    return program(**values)


@dataclass(frozen=True)
class DatabaseSettings:
    """How any program reaches PostgreSQL."""

    database_url: str = "postgresql+psycopg://ostrov_web@/ostrov"
    database_pool_size: int = 8


@dataclass(frozen=True)
class WebSettings(DatabaseSettings):
    """The web application and its worker."""

    home: Path = dataclasses.field(default_factory=default_home)
    web_host: str = "127.0.0.1"
    web_port: int = 8080
    web_socket: str = ""
    web_stop_seconds: int = 20
    web_processes: int = 2
    web_threads: int = 8
    secret_key_file: str = ""
    cookie_secure: bool = False
    session_hours: int = 12
    sign_in_attempts: int = 5
    sign_in_lock_minutes: int = 15
    gateway_url: str = "http://127.0.0.1:8090"
    gateway_key: str = ""
    gateway_trust: str = ""
    gateway_certificate: str = ""
    gateway_certificate_key: str = ""
    gateway_timeout_seconds: float = 600.0
    speech_timeout_seconds: float = 7200.0
    upload_max_megabytes: int = 200
    recording_max_minutes: int = 240
    default_locale: str = "en"
    timezone: str = "Europe/Moscow"
    currency: str = "RUB"
    company_name: str = "Ostrov"
    worker_concurrency: int = 2
    worker_heartbeat_seconds: float = 4.0
    worker_stalled_seconds: float = 20.0
    worker_stop_seconds: float = 10.0
    event_days: int = 365
    speech_piece_seconds: float = 240.0
    poll_interval_seconds: float = 1.0
    debug: bool = False

    @property
    def recordings_dir(self) -> Path:
        """Where uploaded recordings are kept, one file a content hash."""
        return self.home / "recordings"

    @property
    def documents_dir(self) -> Path:
        """Where uploaded documents are kept, one file a content hash."""
        return self.home / "documents"


@dataclass(frozen=True)
class GatewaySettings(DatabaseSettings):
    """The gateway: the one door to every model."""

    home: Path = dataclasses.field(default_factory=default_home)
    database_url: str = "postgresql+psycopg://ostrov_gateway@/ostrov"
    gateway_host: str = "127.0.0.1"
    gateway_port: int = 8090
    gateway_stop_seconds: int = 5
    gateway_key: str = ""
    gateway_config: str = ""
    llm_url: str = "http://127.0.0.1:8091"
    embed_url: str = "http://127.0.0.1:8092"
    speech_url: str = "http://127.0.0.1:8093"
    engine_timeout_seconds: float = 600.0
    speech_timeout_seconds: float = 7200.0
    llm_parallel: int = 2
    run_log_days: int = 365
    run_content_days: int = 30
    module_approvals: str = ""

    @property
    def approvals_path(self) -> Path:
        """The file that says which foreign packages of modules an administrator has approved."""
        return (
            Path(self.module_approvals).expanduser() if self.module_approvals else self.home / "module-approvals.json"
        )


@dataclass(frozen=True)
class StoreSettings:
    """Where the store of models is; what every program that looks into it shares."""

    home: Path = dataclasses.field(default_factory=default_home)
    models_dir: str = ""

    @property
    def store_dir(self) -> Path:
        """The store of models: as set, else `models/` in the state directory."""
        return Path(self.models_dir).expanduser().absolute() if self.models_dir else self.home / "models"


@dataclass(frozen=True)
class EngineSettings(StoreSettings):
    """The launchers of the engines: language, embeddings, speech."""

    llm_model: str = ""
    llm_port: int = 8091
    llm_context_tokens: int = 8192
    llm_parallel: int = 2
    embed_model: str = ""
    embed_port: int = 8092
    embed_context_tokens: int = 512
    speech_model: str = ""
    speech_port: int = 8093
    speech_languages: str = "ru,en"
    speech_beam_size: int = 5
    speech_max_minutes: float = 240.0
    engine_threads: int = 0
    vllm_python: str = ""
    vllm_device: str = "gpu"
    vllm_dtype: str = "auto"
    vllm_tool_parser: str = "hermes"
    vllm_tensor_parallel: int = 1
    vllm_pipeline_parallel: int = 1
    ray_address: str = ""
    ray_interface: str = ""
    vllm_gpu_share: float = 0.8
    vllm_embed_gpu_share: float = 0.1
    vllm_cpu_cache_gigabytes: int = 2
    vllm_eager: bool = False
    weights_sha256: str = ""


@dataclass(frozen=True)
class RelaySettings(DatabaseSettings):
    """`ostrov relay`: events on to RabbitMQ."""

    relay_url: str = "amqp://guest:guest@127.0.0.1:5672/%2F"
    relay_exchange: str = "ostrov.events"
    relay_queue: str = ""
    relay_types: str = ""
    relay_unroutable: str = "wait"
    relay_batch: int = 200
    relay_pause_seconds: float = 1.0
    relay_metrics_port: int = 0


@dataclass(frozen=True)
class MigrationSettings(DatabaseSettings):
    """`ostrov migrate`: it runs as the owner of the schema."""

    database_url: str = "postgresql+psycopg://ostrov_owner@/ostrov"


@dataclass(frozen=True)
class DemoSettings(StoreSettings):
    """The demo: which state it uses, which ports, which packaged models."""

    model_cache: Path = dataclasses.field(default_factory=default_model_cache)
    demo_model: str = ""
    demo_speech_model: str = ""
    llm_model: str = ""
    web_port: int = 8080
    gateway_port: int = 8090
    llm_port: int = 8091
    embed_port: int = 8092
    speech_port: int = 8093


PROGRAMS: tuple[type[Any], ...] = (
    WebSettings,
    GatewaySettings,
    EngineSettings,
    RelaySettings,
    MigrationSettings,
    DemoSettings,
)
