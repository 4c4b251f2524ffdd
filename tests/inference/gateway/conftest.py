"""A real gateway on a real socket, a real database behind it, and an engine that does as it is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from inference.gateway.api import build_app
from inference.gateway.config import EngineConfig, GatewayConfig
from inference.gateway.decisions import Decisions
from inference.gateway.gateway import Gateway
from inference.gateway.keys import Key, fingerprint
from inference.gateway.policy import ON_PREMISES, Policy
from inference.gateway.run_log import RunLog, libpq_url
from inference.migrations.upgrade import upgrade
from inference.modules import load_module
from tests.databases import name_of, new_database
from tests.inference.standin_engine import StandIn, served, standing_in

KEY = "the-key-of-the-tests"
NOTE = load_module("tests.inference.gateway.note_module")


@dataclass
class Running:
    """A served gateway and a client that holds its key."""

    gateway: Gateway
    client: httpx.Client
    url: str

    def run_note(self, text: str = "chairs", **more: Any) -> httpx.Response:
        body = {"subject": {"type": "communication", "id": 17}, "input": {"text": text, **more}}
        headers = {"X-Ostrov-Actor": "5", "X-Request-Id": "r-1"}
        return self.client.post("/v1/modules/note/run", json=body, headers=headers)


@pytest.fixture
def engine() -> Iterator[StandIn]:
    with standing_in() as found:
        yield found


@pytest.fixture
def two() -> Iterator[tuple[StandIn, StandIn]]:
    """Two engines that stand in, with models of their own."""
    with standing_in() as one, standing_in() as other:
        one.model, other.model = "model-one", "model-other"
        yield one, other


@pytest.fixture(scope="session")
def database(postgres: str) -> Iterator[str]:
    """The URL of a migrated database, as the gateway's own role."""
    with new_database(postgres, "gateway") as address:
        upgrade(address.format(role="ostrov_owner"))
        yield address.format(role="ostrov_gateway")


Start = Callable[..., AbstractContextManager[Running]]


@pytest.fixture
def start(engine: StandIn, database: str, tmp_path: Path) -> Start:
    """Start a gateway, with anything about it changed."""

    @contextmanager
    def starting(
        *,
        url: str | None = None,
        database_url: str = database,
        timeout: float = 5,
        policy: Policy = ON_PREMISES,
        more_keys: Sequence[Key] = (),
        features: Mapping[str, bool] | None = None,
        **more: Any,
    ) -> Iterator[Running]:
        address = engine.url if url is None else url
        limits = {"first_byte_seconds": timeout, "idle_seconds": timeout, "total_seconds": timeout}
        roles = ("chat", "embed", "speech")
        engines = tuple(EngineConfig(name=role, role=role, url=address, **limits) for role in roles)
        config = GatewayConfig(**{"engines": engines, "features": dict(features or {}), **more})
        log = RunLog(database_url, tmp_path / "runs.jsonl", days=30)
        keys = [Key("web", fingerprint(KEY), policy, admin=True), *more_keys]
        decisions = Decisions(log.url, tmp_path / "decisions.json")
        gateway = Gateway(config=config, keys=keys, modules={"note": NOTE}, run_log=log, decisions=decisions)
        with served(build_app(gateway)) as port:
            base = f"http://127.0.0.1:{port}"
            headers = {"Authorization": f"Bearer {KEY}"}
            with httpx.Client(base_url=base, headers=headers, timeout=20, trust_env=False) as client:
                yield Running(gateway, client, base)

    return starting


@pytest.fixture
def running(start: Start) -> Iterator[Running]:
    with start() as found:
        _wait_until_ready(found.client)
        yield found


def _wait_until_ready(client: httpx.Client) -> None:
    """A busy machine may need a second look at an engine that has just been started."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        engines = client.get("/readyz").json()["engines"]
        if all(engine["state"] in {"ready", "off"} for engine in engines.values()):
            return
        time.sleep(0.05)


@pytest.fixture
def logged(database: str) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Wait for the logged run with this id; its features come with it."""
    with psycopg.connect(libpq_url(database), autocommit=True, row_factory=dict_row) as connection:

        def find(run_id: str) -> dict[str, Any]:
            until = time.monotonic() + 5
            while time.monotonic() < until:
                row = connection.execute("SELECT * FROM gateway.runs WHERE id = %s", (run_id,)).fetchone()
                if row is not None:
                    query = "SELECT * FROM gateway.run_features WHERE run_id = %s ORDER BY position"
                    return {**row, "features": connection.execute(query, (run_id,)).fetchall()}
                time.sleep(0.05)
            message = f"run {run_id} was not logged"
            raise AssertionError(message)

        yield find


@pytest.fixture
def last_run(database: str) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Wait for the newest run with this request id."""
    with psycopg.connect(libpq_url(database), autocommit=True, row_factory=dict_row) as connection:

        def find(request_id: str) -> dict[str, Any]:
            until = time.monotonic() + 5
            while time.monotonic() < until:
                row = connection.execute("SELECT * FROM gateway.runs WHERE request_id = %s", (request_id,)).fetchone()
                if row is not None:
                    return row
                time.sleep(0.05)
            message = f"no run of request {request_id} was logged"
            raise AssertionError(message)

        yield find


@pytest.fixture
def undecided(postgres: str, database: str) -> Iterator[None]:
    """Nobody has switched or pinned anything, neither before the test nor after it."""
    owner = libpq_url(postgres.format(role="ostrov_owner", database=name_of(database)))

    def forget() -> None:
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("TRUNCATE gateway.decisions")

    forget()
    yield
    forget()
