"""What a running demo tells: ready when the CRM can be used, each feature with its reason."""

from appliance.demo.state import describe, is_ready
from appliance.demo.units import Service, State, Unit, Work


def demo(**states: State) -> dict[str, Unit]:
    services: dict[str, Unit] = {
        name: Service(name, name.title(), state=State.READY)
        for name in ("postgres", "web", "worker", "gateway", "embed", "speech")
    }
    llm = Service("llm", "Language model", ("weights",), state=State.READY, feature="chat", port=8091)
    units: dict[str, Unit] = {"weights": Work("weights", "Weights", state=State.DONE), **services, "llm": llm}
    for name, state in states.items():
        units[name].state = state
    return units


def chat(units: dict[str, Unit]) -> dict[str, str]:
    feature: dict[str, str] = describe(units, "http://127.0.0.1:8080", 1)["features"]["chat"]
    return feature


def test_it_is_ready_when_everything_runs():
    told = describe(demo(), "http://127.0.0.1:8080", 4711)
    assert (told["running"], told["ready"], told["pid"]) == (True, True, 4711)
    assert told["processes"]["llm"] == {"state": "ready", "pid": None, "restarts": 0, "port": 8091}


def test_a_feature_that_is_off_does_not_keep_it_from_being_ready():
    assert is_ready(demo(llm=State.OFF, gateway=State.DOWN))
    assert not is_ready(demo(llm=State.STARTING))
    assert not is_ready(demo(web=State.DOWN))


def test_a_feature_is_down_when_the_gateway_is():
    assert chat(demo()) == {"state": "ready", "reason": ""}
    assert chat(demo(gateway=State.DOWN))["state"] == "down"
    assert chat(demo(gateway=State.STARTING)) == {"state": "starting", "reason": "waits for: Gateway"}


def test_a_feature_names_the_weights_that_it_waits_for():
    told = chat(demo(llm=State.WAITING, weights=State.STARTING))
    assert told == {"state": "starting", "reason": "waits for: Weights"}
