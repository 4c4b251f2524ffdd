"""Where things are: on a provisioned server, or in the state directory of a demo."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.cli.problem import Problem
from appliance.doctor.machine import Machine
from appliance.settings import DemoSettings, read

CONFIGURATION = Path("/etc/ostrov")
RELEASES = Path("/opt/ostrov/releases")
CURRENT = Path("/opt/ostrov/current")
STATE = Path("/var/lib/ostrov")
SECRETS = CONFIGURATION / "secrets"
WAIVERS = CONFIGURATION / "doctor-waivers.toml"
OWN_SETTINGS = CONFIGURATION / "doctor.toml"
MARKS_OF_A_SERVER = (CURRENT, CONFIGURATION / "common.env", STATE / "release")
OWNER_USER = "ostrov-owner"
LOCAL_DATABASE = "postgresql+psycopg://ostrov_owner@/ostrov?host=/run/postgresql"
TRACES: Mapping[str, tuple[str, ...]] = {
    "postgresql": ("/etc/postgresql/17/main",),
    "nginx": ("/etc/nginx/ostrov-upstream.conf",),
    "web": ("/etc/ostrov/web.env", "/etc/systemd/system/ostrov-web@.service"),
    "worker": ("/etc/ostrov/worker.env", "/etc/systemd/system/ostrov-worker.service"),
    "gateway": ("/etc/ostrov/gateway.env", "/etc/systemd/system/ostrov-gateway.service"),
    "llm": ("/etc/ostrov/llm.env", "/etc/systemd/system/ostrov-llm.service"),
    "embed": ("/etc/ostrov/embed.env", "/etc/systemd/system/ostrov-embed.service"),
    "speech": ("/etc/ostrov/speech.env", "/etc/systemd/system/ostrov-speech.service"),
}
NETWORK_OF_THE_DATABASE = "/etc/postgresql/17/main/conf.d/70-ostrov-network.conf"
DOOR_OF_THE_GATEWAY = "/etc/ostrov/gateway-door.conf"
UNIT_OF_THE_MODEL = "/etc/systemd/system/ostrov-llm.service"


@dataclass(frozen=True)
class Place:
    """A provisioned server (`server`) or a demo, and where its parts are found."""

    server: bool
    home: Path
    store: Path
    memory: Path
    waivers: Path
    web_url: str
    gateway_url: str
    database_url: str
    database_user: str = ""
    domain: str = ""
    """The name under which browsers know a server."""
    release: str = ""
    profile: str = "cpu"
    elsewhere: frozenset[str] = frozenset()
    listeners: frozenset[str] = frozenset()
    """Further sockets that belong here, as `tcp/9187`."""
    networked: bool = False
    """Whether other hosts of the company use the database of this one."""
    has_door: bool = False
    """Whether other hosts of the company use the gateway of this one."""

    def has(self, part: str) -> bool:
        """Whether a part runs on this host, not on another of the same company."""
        return part not in self.elsewhere


def is_server(machine: Machine) -> bool:
    """Tell whether a machine was provisioned; one trace of it is enough, since others may be what is broken."""
    return any(machine.path(mark).exists() or machine.path(mark).is_symlink() for mark in MARKS_OF_A_SERVER)


def find_place(machine: Machine, environ: Mapping[str, str]) -> Place:
    """Find out where we are."""
    return _server(machine) if is_server(machine) else _demo(environ)


def read_environment_file(path: Path) -> dict[str, str]:
    """Read NAME=value lines as systemd does; a file that is not there, or is not for our eyes, holds nothing."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, PermissionError):
        return {}
    pairs = (line.strip().partition("=") for line in lines if "=" in line and not line.lstrip().startswith(("#", ";")))
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}


def release_of(machine: Machine) -> str:
    """Return the version that `current` leads to; empty when it leads nowhere."""
    link = machine.path(CURRENT)
    return link.readlink().name if link.is_symlink() else ""


def _server(machine: Machine) -> Place:
    """Read where a server's parts are from its own environment files."""

    def settings(name: str) -> dict[str, str]:
        return read_environment_file(machine.path(CONFIGURATION / f"{name}.env"))

    common, web, owner, own = settings("common"), settings("web"), settings("migrate"), _own_settings(machine)
    for program in ("worker", "gateway", "llm", "embed", "speech"):
        common = {**settings(program), **common}
    return Place(
        server=True,
        home=Path(web.get("OSTROV_HOME", common.get("OSTROV_HOME", str(STATE / "files")))),
        store=Path(common.get("OSTROV_MODELS_DIR", str(STATE / "models"))),
        memory=machine.path(STATE / "doctor"),
        waivers=machine.path(WAIVERS),
        web_url="https://127.0.0.1",
        gateway_url=web.get("OSTROV_GATEWAY_URL", common.get("OSTROV_GATEWAY_URL", "http://127.0.0.1:8090")),
        database_url=owner.get("OSTROV_DATABASE_URL", LOCAL_DATABASE),
        database_user=OWNER_USER,
        domain=common.get("OSTROV_DOMAIN", ""),
        release=release_of(machine),
        profile=_profile(machine),
        elsewhere=_elsewhere(machine) | set(map(str, own.get("elsewhere", ()))),
        listeners=frozenset(map(str, own.get("listeners", ()))),
        networked=machine.path(NETWORK_OF_THE_DATABASE).exists(),
        has_door=machine.path(DOOR_OF_THE_GATEWAY).exists(),
    )


def _elsewhere(machine: Machine) -> frozenset[str]:
    """Return the parts that provisioning put on other hosts: nothing of them was ever written here."""
    return frozenset(part for part, traces in TRACES.items() if not any(machine.path(each).exists() for each in traces))


def _profile(machine: Machine) -> str:
    """Return "gpu" where the language model is served by vLLM."""
    path = machine.path(UNIT_OF_THE_MODEL)
    return "gpu" if path.is_file() and "engine vllm" in path.read_text(encoding="utf-8") else "cpu"


def _own_settings(machine: Machine) -> dict[str, Any]:
    """Read what provisioning wrote about this host for the doctor; nothing is written for the usual appliance."""
    path = machine.path(OWN_SETTINGS)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, OSError) as error:
        raise Problem(f"{OWN_SETTINGS} cannot be read: {error}.", "Correct it, or remove it.", 3) from error


def _demo(environ: Mapping[str, str]) -> Place:
    """Read where a demo's parts are from what its supervisor left, else from the settings."""
    settings = read(DemoSettings, environ)
    left: dict[str, Any] = {"common": {}, "commands": {}}
    path = settings.home / "run" / "settings.json"
    with suppress(OSError, ValueError):  # no demo was started here yet: the settings alone say where it would be
        left = {**left, **json.loads(path.read_text())}
    common: dict[str, str] = left["common"]
    named = environ.get("OSTROV_DATABASE_URL", common.get("OSTROV_DATABASE_URL", ""))
    owner = left["commands"].get("migrate", {}).get("OSTROV_DATABASE_URL", "")
    port = common.get("OSTROV_WEB_PORT", str(settings.web_port))
    return Place(
        server=False,
        home=settings.home,
        store=Path(common.get("OSTROV_MODELS_DIR", str(settings.store_dir))),
        memory=settings.home / "doctor",
        waivers=settings.home / "doctor-waivers.toml",
        web_url=f"http://127.0.0.1:{port}",
        gateway_url=common.get("OSTROV_GATEWAY_URL", f"http://127.0.0.1:{settings.gateway_port}"),
        database_url=owner if named == common.get("OSTROV_DATABASE_URL", "") and owner else named,
    )
