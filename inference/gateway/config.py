"""The gateway's configuration file: engines, routes, queue, breaker, keys, policies and features, strictly read.

Without a file the settings of the environment make one engine a role, one key and one policy that allows everything.
Every field is described in docs/gateway.md; a test fails when one is not.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from appliance.settings import GatewaySettings
from inference.anonymise import CLASSES
from inference.gateway.addresses import AddressRefused, checked_url

SETTING: Final = "OSTROV_GATEWAY_CONFIG"
OWN_KEY: Final = "web"
OF_SETTINGS: Final = ("chat", "embed", "speech")
OWN_POLICY: Final = "on-premises"
EVERYTHING: Final = "*"

ROLES: Final = ("chat", "fast", "embed", "rerank", "speech")
Role = Literal["chat", "fast", "embed", "rerank", "speech"]
Kind = Literal["llama.cpp", "vllm", "faster-whisper", "openai"]
DataClass = Literal["public", "commercial", "personal"]
Personal = Literal["pass", "mask", "refuse"]

ALL_CLASSES: Final[tuple[DataClass, ...]] = ("public", "commercial", "personal")

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Tokens = Annotated[int, Field(gt=0)]


class ConfigRefused(Exception):
    """The configuration cannot be used; the message names the field and the remedy."""


def role_named(name: Any) -> Any:
    """Return the short name of a role; "embedding" is the same as "embed"."""
    return "embed" if name == "embedding" else name


def _no_twins(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names. Raises ValueError when one stands there twice."""
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        message = f"{twins[0]!r} stands there twice; remove one"
        raise ValueError(message)
    return names


def _personal_class(name: str) -> str:
    """Return the name of a class of personal data. Raises ValueError for any other."""
    if name not in CLASSES:
        message = f"{name!r} is no class of personal data; the classes are {', '.join(CLASSES)}"
        raise ValueError(message)
    return name


PersonalClass = Annotated[str, AfterValidator(_personal_class)]
Names = Annotated[tuple[str, ...], AfterValidator(_no_twins)]


class Section(BaseModel):
    """A part of the file: no unknown field, no silent change of type, never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class EngineConfig(Section):
    """One engine: where it is, what it serves, how much it takes at a time and how long it may be silent."""

    name: Name
    role: Annotated[Role, BeforeValidator(role_named)]
    url: str
    kind: Kind = "openai"
    model: str = ""
    weight: Annotated[float, Field(gt=0, le=1000)] = 1.0
    priority: Annotated[int, Field(ge=0, le=100)] = 0
    slots: Annotated[int, Field(ge=1, le=4096)] = 4
    data_classes: tuple[DataClass, ...] = ALL_CLASSES
    structured_output: Literal["native", "prompt"] = "native"
    connect_seconds: Seconds = 2.0
    first_byte_seconds: Seconds = 300.0
    idle_seconds: Seconds = 120.0
    total_seconds: Seconds = 600.0
    health_path: Annotated[str, StringConstraints(pattern=r"^/")] = "/health"


class RouteConfig(Section):
    """A narrower choice of engines for a role, a module or a class of data; the first route that fits decides."""

    role: Annotated[Role | None, BeforeValidator(role_named)] = None
    module: str | None = None
    data_class: DataClass | None = None
    engines: Annotated[Names, Field(min_length=1)]


class QueueConfig(Section):
    """How requests wait for a free slot of an engine."""

    length: Annotated[int, Field(ge=1, le=100_000)] = 1000
    wait_seconds: Seconds = 300.0
    batch_after_seconds: Seconds = 15.0
    interactive_slots: Annotated[int, Field(ge=0, le=1024)] = 1


class BreakerConfig(Section):
    """When an engine that fails is left alone, and for how long."""

    failures: Annotated[int, Field(ge=1, le=1000)] = 5
    open_seconds: Seconds = 5.0
    open_seconds_max: Seconds = 60.0


class HealthConfig(Section):
    """How often engines are asked for their health, and how long the answer may take."""

    every_seconds: Seconds = 2.0
    timeout_seconds: Seconds = 5.0


class RetryConfig(Section):
    """How many engines one request may try as long as nothing of an answer has reached the caller."""

    attempts: Annotated[int, Field(ge=1, le=10)] = 3


class KeyConfig(Section):
    """A caller's key, known by its SHA-256 only."""

    name: Name
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    policy: str
    admin: bool = False
    tokens_per_minute: Tokens | None = None
    tokens_per_day: Tokens | None = None


class PolicyConfig(Section):
    """What the holders of a key, or the runs of a module, may do; `*` stands for every engine or module."""

    engines: Names = (EVERYTHING,)
    modules: Names = (EVERYTHING,)
    data_classes: tuple[DataClass, ...] = ALL_CLASSES
    personal: Personal = "pass"
    personal_by_class: dict[PersonalClass, Personal] = Field(default_factory=dict)
    autonomy: Literal["propose", "apply"] = "propose"
    tokens_per_minute: Tokens | None = None
    tokens_per_day: Tokens | None = None


class ModuleConfig(Section):
    """What holds for one module, whoever runs it; the stricter of its policy and its caller's counts."""

    policy: str


class GatewayConfig(Section):
    """The whole file."""

    engines: tuple[EngineConfig, ...] = ()
    routes: tuple[RouteConfig, ...] = ()
    queue: QueueConfig = QueueConfig()
    breaker: BreakerConfig = BreakerConfig()
    health: HealthConfig = HealthConfig()
    retry: RetryConfig = RetryConfig()
    keys: tuple[KeyConfig, ...] = ()
    policies: dict[Name, PolicyConfig] = Field(default_factory=dict)
    modules: dict[Name, ModuleConfig] = Field(default_factory=dict)
    features: dict[Name, bool] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_hold(self) -> Self:
        """Check that every name is given once and that every name used is given."""
        _unique("engines", [engine.name for engine in self.engines])
        _unique("keys", [key.name for key in self.keys])
        _unique("keys", [key.sha256 for key in self.keys], "sha256")
        if OWN_KEY in {key.name for key in self.keys}:
            message = f"keys: the name {OWN_KEY!r} is that of OSTROV_GATEWAY_KEY; choose another name"
            raise ValueError(message)
        policies = {*self.policies, OWN_POLICY}
        for position, key in enumerate(self.keys):
            _known(f"keys[{position}].policy", [key.policy], policies)
        for name, module in self.modules.items():
            _known(f"modules.{name}.policy", [module.policy], policies)
        engines = {engine.name for engine in self.engines} or set(OF_SETTINGS)
        for position, route in enumerate(self.routes):
            _known(f"routes[{position}].engines", route.engines, engines)
        for name, policy in self.policies.items():
            _known(f"policies.{name}.engines", policy.engines, {*engines, EVERYTHING})
        return self


def _unique(place: str, names: list[str], field: str = "name") -> None:
    """Raise ValueError when a name is given to two entries."""
    for position, name in enumerate(names):
        if name in names[:position]:
            message = f"{place}[{position}].{field}: {name!r} is given to two entries; give each its own"
            raise ValueError(message)


def _known(place: str, names: Any, known: set[str]) -> None:
    """Raise ValueError when a name is used that no entry has."""
    for name in names:
        if name not in known:
            message = f"{place}: there is no {name!r}; use one of {', '.join(sorted(known)) or 'none'}"
            raise ValueError(message)


def _place(location: tuple[int | str, ...]) -> str:
    """Write the place of a field as a reader of TOML looks for it: engines[1].url."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _sentence(source: str, error: ValidationError) -> str:
    """Say in one sentence which field is at fault, what is wrong with it and what to do."""
    first = error.errors(include_url=False)[0]
    place, kind = _place(first["loc"]), first["type"]
    if kind == "extra_forbidden":
        return f"{source}: {place} is not a known field. Correct its name or remove it; docs/gateway.md lists them all."
    if kind == "missing":
        return f"{source}: {place} is missing. Add it; docs/gateway.md says what it means."
    message = first["msg"].removeprefix("Value error, ")
    given = "" if isinstance(first["input"], dict) else f" = {first['input']!r}"
    message = f"{place}{given}: {message[:1].lower()}{message[1:]}" if place else message
    return f"{source}: {message}. Correct it; docs/gateway.md says what it takes."


def parse(text: str, source: str = SETTING) -> GatewayConfig:
    """Read the text of a configuration file. Raises ConfigRefused."""
    try:
        # Through JSON, whose lists may become tuples while numbers and truth values keep their types.
        found = GatewayConfig.model_validate_json(json.dumps(tomllib.loads(text), default=str))
    except tomllib.TOMLDecodeError as error:
        message = f"{source} is not TOML: {error}. Correct that line."
        raise ConfigRefused(message) from error
    except ValidationError as error:
        raise ConfigRefused(_sentence(source, error)) from error
    return found.model_copy(update={"engines": tuple(_inside(source, engine) for engine in found.engines)})


def _inside(source: str, engine: EngineConfig) -> EngineConfig:
    """Return the engine with its address checked and without a trailing slash. Raises ConfigRefused."""
    try:
        url = checked_url(f"engines.{engine.name}.url", engine.url)
    except AddressRefused as error:
        message = f"{source}: {error}"
        raise ConfigRefused(message) from error
    return engine.model_copy(update={"url": url})


def _engines_of(settings: GatewaySettings) -> tuple[EngineConfig, ...]:
    """Make one engine a role from the settings; an empty address switches it off. Raises AddressRefused."""
    patience, hearing = settings.engine_timeout_seconds, settings.speech_timeout_seconds
    roles: tuple[tuple[Role, Kind, str, str, float, int], ...] = (
        ("chat", "llama.cpp", "OSTROV_LLM_URL", settings.llm_url, patience, settings.llm_parallel),
        ("embed", "openai", "OSTROV_EMBED_URL", settings.embed_url, patience, 8),
        ("speech", "faster-whisper", "OSTROV_SPEECH_URL", settings.speech_url, hearing, 2),
    )
    return tuple(
        EngineConfig(
            name=role,
            role=role,
            kind=kind,
            url=checked_url(setting, url) if url else "",
            slots=max(slots, 1),
            first_byte_seconds=seconds,
            idle_seconds=seconds,
            total_seconds=seconds,
        )
        for role, kind, setting, url, seconds, slots in roles
    )


def _check_modules(source: str, config: GatewayConfig, modules: Collection[str]) -> None:
    """Raise ConfigRefused when the file names a module that is not there."""
    try:
        for position, route in enumerate(config.routes):
            _known(f"routes[{position}].module", [route.module] if route.module else [], {*modules})
        for name, policy in config.policies.items():
            _known(f"policies.{name}.modules", policy.modules, {*modules, EVERYTHING})
        _known("modules", config.modules, {*modules})
    except ValueError as error:
        message = f"{source}: {error}."
        raise ConfigRefused(message) from error


def load(settings: GatewaySettings, modules: Collection[str] = ()) -> GatewayConfig:
    """Read the file that the settings name, or make the configuration from the settings alone.

    `modules` are those that the file may name.
    Raises ConfigRefused or AddressRefused, each with one sentence that names the field and the remedy.
    """
    found = GatewayConfig()
    if settings.gateway_config:
        path = Path(settings.gateway_config).expanduser()
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            message = f"{SETTING}={path} cannot be read ({reason}). Name a readable TOML file or unset {SETTING}."
            raise ConfigRefused(message) from error
        found = parse(text, f"{SETTING}={path}")
        _check_modules(f"{SETTING}={path}", found, modules)
    engines = found.engines or _engines_of(settings)
    policies = {OWN_POLICY: PolicyConfig(), **found.policies}
    return found.model_copy(update={"engines": engines, "policies": policies})
