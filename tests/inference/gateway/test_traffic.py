"""Several engines on real sockets: which of them is asked, who waits, and whose tokens are spent."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from inference.gateway.config import HealthConfig, PolicyConfig, QueueConfig, RouteConfig
from inference.gateway.keys import Key, fingerprint
from inference.gateway.policy import Policy
from tests.inference.gateway.engines import CHAT, STREAM, entry, pair, served_by, wait_until
from tests.inference.standin_engine import Hang, Held, Say


def waiting(running) -> int:
    """Requests in the queue."""
    return running.client.get("/readyz").json()["queue"]["waiting"]


def test_requests_go_to_the_least_loaded_engine(start, two):
    held = Held()
    with start(engines=pair(two)) as running, ThreadPoolExecutor(4) as pool:
        for engine in two:
            engine.will(held, held)
        asking = [pool.submit(running.client.post, "/v1/chat/completions", json=CHAT) for _ in range(4)]
        wait_until(lambda: sum(len(engine.asked) for engine in two) == 4)
        held.released.set()
        answers = [one.result() for one in asking]
    assert {answer.status_code for answer in answers} == {200}
    assert [len(engine.asked) for engine in two] == [2, 2]


def test_an_engine_of_double_weight_gets_double_the_work(start, two):
    with start(engines=pair(two, {"weight": 2.0})) as running:
        for _ in range(12):
            running.client.post("/v1/chat/completions", json=CHAT)
    assert [len(engine.asked) for engine in two] == [8, 4]


def test_engines_of_a_higher_number_work_only_while_none_of_a_lower_one_is_ready(start, two):
    quick = HealthConfig(every_seconds=0.05)
    with start(engines=pair(two, None, {"priority": 1}), health=quick) as running:
        running.client.post("/v1/chat/completions", json=CHAT)
        assert [len(engine.asked) for engine in two] == [1, 0]
        two[0].healthy = False
        wait_until(lambda: running.client.get("/readyz").json()["instances"]["one"]["state"] != "ready")
        running.client.post("/v1/chat/completions", json=CHAT)
        assert [len(engine.asked) for engine in two] == [1, 1]


def test_fast_goes_to_a_fast_engine_and_else_to_chat(start, two):
    fast = {**CHAT, "model": "fast"}
    with start(engines=pair(two, None, {"role": "fast"})) as running:
        running.client.post("/v1/chat/completions", json=fast)
        running.client.post("/v1/chat/completions", json=CHAT)
        assert [len(engine.asked) for engine in two] == [1, 1]
    with start(engines=(entry("one", two[0]),)) as running:
        assert running.client.post("/v1/chat/completions", json=fast).status_code == 200


@pytest.mark.parametrize("name", ["other", "model-other"])
def test_an_engine_can_be_asked_for_by_its_name_or_by_its_models(start, two, name):
    with start(engines=pair(two)) as running:
        for _ in range(3):
            running.client.post("/v1/chat/completions", json={**CHAT, "model": name})
    assert [len(engine.asked) for engine in two] == [0, 3]
    assert two[1].asked[0]["model"] == "model-other"


def test_an_unknown_model_is_a_404_that_names_the_choices(start, two):
    with start(engines=pair(two)) as running:
        response = running.client.post("/v1/chat/completions", json={**CHAT, "model": "gpt-9"})
        assert running.client.post("/v1/chat/completions", json={**CHAT, "model": ["x"]}).status_code == 422
    assert (response.status_code, response.json()["field"]) == (404, "model")
    assert all(name in response.json()["detail"] for name in ("chat", "fast", "one", "model-other"))


def test_a_route_sends_a_module_and_a_class_of_data_to_its_engines(start, two):
    routes = (RouteConfig(module="note", engines=("other",)), RouteConfig(data_class="personal", engines=("one",)))
    with start(engines=pair(two), routes=routes) as running:
        two[1].will(Say('{"note": "x", "sure": 1}'))
        assert running.run_note().status_code == 200
        assert [len(engine.asked) for engine in two] == [0, 1]
        said = {**CHAT, "ostrov": {"data_classes": ["personal"]}}
        for _ in range(3):
            running.client.post("/v1/chat/completions", json=said)
        assert [len(engine.asked) for engine in two] == [3, 1]
        assert "ostrov" not in two[0].asked[-1]


def test_an_engine_is_not_shown_what_it_may_not_read(start, two):
    closed = {"data_classes": ("public",)}
    with start(engines=pair(two, closed)) as running:
        said = {**CHAT, "ostrov": {"data_classes": ["personal"]}}
        for _ in range(3):
            running.client.post("/v1/chat/completions", json=said)
        assert [len(engine.asked) for engine in two] == [0, 3]
    with start(engines=pair(two, closed, closed)) as running:
        assert running.client.post("/v1/chat/completions", json=said).status_code == 403


def test_a_policy_names_the_engines_of_a_key(start, two):
    with start(engines=pair(two), policy=Policy("narrow", engines=frozenset({"other"}))) as running:
        for _ in range(3):
            assert running.client.post("/v1/chat/completions", json=CHAT).status_code == 200
        assert running.client.post("/v1/chat/completions", json={**CHAT, "model": "one"}).status_code == 403
    assert [len(engine.asked) for engine in two] == [0, 3]


def test_an_engine_gets_no_more_than_its_slots_and_the_wait_is_logged(start, two, logged):
    held, waited = Held(), 0.3
    with start(engines=(entry("one", two[0], slots=1),)) as running, ThreadPoolExecutor(3) as pool:
        two[0].will(held)
        asking = [pool.submit(running.client.post, "/v1/chat/completions", json=CHAT) for _ in range(3)]
        wait_until(lambda: waiting(running) == 2)
        assert running.client.get("/readyz").json()["instances"]["one"]["in_flight"] == 1
        time.sleep(waited)
        assert len(two[0].asked) == 1
        held.released.set()
        queued = sorted(logged(served_by(one.result()))["queue_ms"] for one in asking)
    assert queued[0] < 1000 * waited <= queued[1] < queued[2]


def test_a_full_queue_is_a_429_with_a_time_to_come_back(start, two):
    held, settings = Held(), QueueConfig(length=1)
    with start(engines=(entry("one", two[0], slots=1),), queue=settings) as running, ThreadPoolExecutor(4) as pool:
        two[0].will(held)
        asking = [pool.submit(running.client.post, "/v1/chat/completions", json=CHAT) for _ in range(4)]
        wait_until(lambda: sum(one.done() for one in asking) == 2)
        refused = [one.result() for one in asking if one.done()]
        held.released.set()
        codes = sorted(one.result().status_code for one in asking)
    assert codes == [200, 200, 429, 429]
    assert refused[0].json()["type"].endswith("/queue-full")
    assert int(refused[0].headers["retry-after"]) >= 1


@pytest.mark.parametrize("body", [CHAT, STREAM], ids=["whole", "streamed"])
def test_a_caller_who_goes_while_waiting_reaches_no_engine(start, two, body):
    held = Held()
    with start(engines=(entry("one", two[0], slots=1),)) as running:
        two[0].will(held)
        first = threading.Thread(target=running.client.post, args=("/v1/chat/completions",), kwargs={"json": CHAT})
        first.start()
        wait_until(lambda: len(two[0].asked) == 1)
        with pytest.raises(httpx.ReadTimeout):
            running.client.post("/v1/chat/completions", json=body, timeout=0.15)
        wait_until(lambda: waiting(running) == 0)
        held.released.set()
        first.join()
    assert len(two[0].asked) == 1


def test_a_person_overtakes_batch_work(start, two):
    order, held = [], Held()
    with start(engines=(entry("one", two[0], slots=1, total_seconds=60.0),)) as running, ThreadPoolExecutor(8) as pool:
        two[0].will(held, *[Hang(0.1)] * 7)

        def ask(name):
            running.client.post(
                "/v1/chat/completions", json=CHAT, headers={"X-Ostrov-Priority": name, "X-Ostrov-Actor": name}
            )
            order.append(name)

        jobs = [pool.submit(ask, "batch") for _ in range(6)]
        wait_until(lambda: waiting(running) == 5)
        person = pool.submit(ask, "interactive")
        wait_until(lambda: waiting(running) == 6)
        held.released.set()
        for job in (*jobs, person):
            job.result()
    assert order.index("interactive") <= 2


def test_a_priority_that_does_not_exist_is_refused(running):
    response = running.client.post("/v1/chat/completions", json=CHAT, headers={"X-Ostrov-Priority": "urgent"})
    assert (response.status_code, response.json()["field"]) == (422, "X-Ostrov-Priority")


def test_a_budget_of_tokens_ends_and_says_which_and_until_when(start, two):
    policies = {"small": PolicyConfig(tokens_per_day=30)}
    shop = Key("shop", fingerprint("shop-key"), Policy("small"))
    with start(engines=(entry("one", two[0]),), policies=policies, more_keys=[shop]) as running:
        headers = {"Authorization": "Bearer shop-key"}
        codes = [running.client.post("/v1/chat/completions", json=CHAT, headers=headers).status_code for _ in range(3)]
        refused = running.client.post("/v1/chat/completions", json=CHAT, headers=headers)
        assert (codes, refused.status_code) == ([200, 200, 429], 429)
        assert "policy 'small'" in refused.json()["detail"]
        assert 1 <= int(refused.headers["retry-after"]) <= 86_400
        assert running.client.post("/v1/chat/completions", json=CHAT).status_code == 200
        shown = running.client.get("/metrics").text
    assert 'ostrov_gateway_budget_spent_tokens{holder="policy",name="small",window="day"} 36.0' in shown


def test_the_day_s_budget_survives_a_restart(start, two):
    policies = {"tiny": PolicyConfig(tokens_per_day=10)}
    shop = Key("shop", fingerprint("shop-key"), Policy("tiny"))
    headers = {"Authorization": "Bearer shop-key"}
    with start(engines=(entry("one", two[0]),), more_keys=[shop]) as running:
        assert running.client.post("/v1/chat/completions", json=CHAT, headers=headers).status_code == 200
    with start(engines=(entry("one", two[0]),), policies=policies, more_keys=[shop]) as running:
        refused = running.client.post("/v1/chat/completions", json=CHAT, headers=headers)
    assert (refused.status_code, refused.json()["type"].rsplit("/")[-1]) == (429, "budget-spent")


def test_a_flood_of_one_user_does_not_keep_another_waiting(start, two):
    overtaken = []
    with ExitStack() as stack:
        engines = (entry("one", two[0], slots=2, total_seconds=60.0),)
        running = stack.enter_context(start(engines=engines))
        pool = stack.enter_context(ThreadPoolExecutor(40))
        two[0].will(*[Hang(0.1)] * 60)
        flood = [
            pool.submit(running.client.post, "/v1/chat/completions", json=CHAT, headers={"X-Ostrov-Actor": "1"})
            for _ in range(40)
        ]
        wait_until(lambda: waiting(running) > 20)
        for _ in range(3):
            before = len(two[0].asked)
            running.client.post("/v1/chat/completions", json=CHAT, headers={"X-Ostrov-Actor": "2"})
            overtaken.append(len(two[0].asked) - before - 1)
        for one in flood:
            one.result()
    # At the end of the queue it would be twenty and more.
    assert sorted(overtaken)[1] <= 6


def test_every_figure_of_the_gateway_is_documented(running):
    running.client.post("/v1/chat/completions", json=CHAT)
    shown = {line.split()[2] for line in running.client.get("/metrics").text.splitlines() if line.startswith("# TYPE")}
    documented = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text("utf-8")
    figures = {name.removesuffix("_total") for name in shown if not name.endswith("_created")}
    assert {name for name in figures if f"`{name}`" not in documented} == set()
