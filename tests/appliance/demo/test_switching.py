"""A model is changed over under load: a real gateway, real processes, real files, and not one failed request."""

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx
import pytest

from appliance.demo.health import Watch, answers
from appliance.demo.home import Home
from appliance.demo.plan import free_port, ostrov
from appliance.demo.switching import GatewayFile, Step, Switch
from appliance.demo.units import Service, State, Unit
from appliance.modelstore.store import InstalledModel, ModelStore
from inference.migrations.upgrade import upgrade
from tests.appliance.modelstore.weights import folder_of, gguf
from tests.databases import new_database

TWIN = Path(__file__).with_name("twin_engine.py")
KEY = "the-key-of-the-switch"
SECONDS = 90.0


@dataclass
class Stage:
    """What a supervisor holds: units, their watch, the switch."""

    home: Home
    store: ModelStore
    units: dict[str, Unit] = field(default_factory=dict)
    watch: Watch = field(default_factory=lambda: Watch([]))
    switch: Switch | None = None

    def drive(self, until: Callable[[], bool], seconds: float = SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, {unit.name: (unit.state, unit.reason) for unit in self.units.values()}
            for unit in list(self.units.values()):
                unit.step(self.units)
            if self.switch is not None:
                self.switch.move(self.units, self.watch)
            time.sleep(0.02)

    def twin(self, name: str, model: str, port: int) -> Service:
        command = [sys.executable, str(TWIN), str(port), model]
        service = Service(name, "Twin", command=command, environment=dict(os.environ), home=self.home, port=port)
        service.health = answers(port, "/health")
        return service

    def replacement(self, model: InstalledModel) -> Service:
        return self.twin("llm-next", model.version, free_port())


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    with new_database(postgres, "switching") as address:
        upgrade(address.format(role="ostrov_owner"))
        yield address.format(role="ostrov_gateway")


@pytest.fixture
def stage(tmp_path: Path, database: str) -> Iterator[Stage]:
    home, store = Home(tmp_path / "home"), ModelStore(tmp_path / "store")
    home.prepare()
    for version in ("one", "two", "broken"):
        store.import_from(folder_of(tmp_path / version, {"model.gguf": gguf()}, version=version))
    model = store.use("chat", "little@one")
    stage = Stage(home, store)
    door, port = free_port(), free_port()
    entry = {"role": "chat", "kind": "llama.cpp", "url": f"http://127.0.0.1:{port}", "slots": 4}
    file = GatewayFile(home.run / "gateway.toml", door, {"chat": entry})
    file.write()
    environ = {
        **os.environ,
        "OSTROV_HOME": str(home.root),
        "OSTROV_GATEWAY_PORT": str(door),
        "OSTROV_GATEWAY_KEY": KEY,
        "OSTROV_GATEWAY_CONFIG": str(file.path),
        "OSTROV_DATABASE_URL": database,
    }
    gateway = Service("gateway", "Gateway", command=ostrov("gateway"), environment=environ, home=home, port=door)
    gateway.health = answers(door, "/healthz")
    llm = stage.twin("llm", "one", port)
    stage.units = {"gateway": gateway, "llm": llm}
    stage.watch = Watch([gateway, llm])
    stage.watch.start()
    busy = ("llamacpp:requests_processing",)
    stage.switch = Switch("chat", "llm", store, file, stage.replacement, busy, model.path)
    try:
        stage.drive(lambda: all(unit.state is State.READY for unit in stage.units.values()))
        stage.drive(lambda: file.knows_ready("chat"))
        yield stage
    finally:
        stage.watch.stop()
        for unit in stage.units.values():
            unit.ask_to_stop()
        deadline = time.monotonic() + 15
        while [unit for unit in stage.units.values() if not unit.is_stopped()] and time.monotonic() < deadline:
            time.sleep(0.05)
        for unit in stage.units.values():
            unit.kill()


class Load:
    """People who ask all the time, and what became of their questions."""

    def __init__(self, port: int) -> None:
        self.answers: Counter[str] = Counter()
        self._over = threading.Event()
        self._url = f"http://127.0.0.1:{port}/v1/chat/completions"
        self._threads = [threading.Thread(target=self._ask) for _ in range(6)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _ask(self) -> None:
        body = {"model": "chat", "messages": [{"role": "user", "content": "who are you?"}]}
        with httpx.Client(headers={"Authorization": f"Bearer {KEY}"}, timeout=60, trust_env=False) as client:
            while not self._over.is_set():
                try:
                    response = client.post(self._url, json=body)
                    found = (
                        response.json()["choices"][0]["message"]["content"] if response.is_success else response.text
                    )
                except httpx.TransportError as error:
                    found = repr(error)
                self.answers[found] += 1


def test_another_model_takes_over_under_load_without_one_failed_request(stage: Stage):
    old = stage.units["llm"].pid
    with Load(stage.units["gateway"].port) as load:
        stage.drive(lambda: load.answers["one"] > 20)
        stage.store.use("chat", "little@two")
        stage.drive(lambda: stage.switch.step is not Step.IDLE)
        stage.drive(lambda: stage.switch.step is Step.IDLE)
        before = load.answers["two"]
        stage.drive(lambda: load.answers["two"] > before + 20)
    assert set(load.answers) == {"one", "two"}
    new = stage.units["llm"]
    assert set(stage.units) == {"gateway", "llm"}
    assert (new.name, new.state, new.pid == old) == ("llm", State.READY, False)
    assert stage.home.pid_file("llm").exists()
    stage.drive(lambda: not stage.switch.leaving)
    with pytest.raises(ProcessLookupError):
        os.kill(old, 0)


def test_a_model_can_be_changed_over_and_back(stage: Stage):
    for version in ("two", "one"):
        stage.store.use("chat", f"little@{version}")
        stage.drive(lambda: stage.switch.step is not Step.IDLE)
        stage.drive(lambda: stage.switch.step is Step.IDLE)
        assert stage.switch.serves.parent.name == version
        with Load(stage.units["gateway"].port) as load:
            stage.drive(lambda load=load: sum(load.answers.values()) > 8)
        assert set(load.answers) == {version}


def test_a_model_whose_engine_does_not_start_changes_nothing_and_is_told(stage: Stage):
    old = stage.units["llm"].pid
    with Load(stage.units["gateway"].port) as load:
        stage.store.use("chat", "little@broken")
        stage.drive(lambda: stage.units["llm"].note)
        stage.drive(lambda: load.answers["one"] > 20)
    assert set(load.answers) == {"one"}
    assert stage.units["llm"].pid == old
    assert "this engine does not start" in stage.units["llm"].note
    assert "llm-next" not in stage.units
    assert stage.store.active("chat").key == "little@one"
