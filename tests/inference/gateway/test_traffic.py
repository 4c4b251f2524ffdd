"""Several engines on real sockets: which of them is asked, and what happens when one hangs, babbles or dies."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from inference.gateway.config import BreakerConfig, EngineConfig, HealthConfig, PolicyConfig, QueueConfig, RouteConfig
from inference.gateway.keys import Key, fingerprint
from inference.gateway.policy import Policy
from tests.inference.standin_engine import BreakOff, Fail, Hang, Raw, Say, Stream, chunk, standing_in

CHAT = {"model": "chat", "messages": [{"role": "user", "content": "hello"}]}
STREAM = {**CHAT, "stream": True}
DONE = "data: [DONE]\n\n"
FINISH = 'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'


@pytest.fixture
def two():
    """Two engines that stand in, with models of their own."""
    with standing_in() as one, standing_in() as other:
        one.model, other.model = "model-one", "model-other"
        yield one, other


def entry(name, engine, role="chat", **more):
    limits = {"connect_seconds": 0.3, "first_byte_seconds": 0.4, "idle_seconds": 0.4, "total_seconds": 0.8}
    url = engine if isinstance(engine, str) else engine.url
    return EngineConfig(**{"name": name, "role": role, "url": url, **limits, **more})


def pair(two, first=None, second=None):
    return (entry("one", two[0], **(first or {})), entry("other", two[1], **(second or {})))


def served_by(response):
    return response.headers["x-ostrov-run"]


def test_requests_go_to_the_least_loaded_engine(start, two):
    with start(engines=pair(two)) as running, ThreadPoolExecutor(4) as pool:
        for engine in two:
            engine.will(Hang(0.3), Hang(0.3))
        answers = list(pool.map(lambda _: running.client.post("/v1/chat/completions", json=CHAT), range(4)))
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


def wait_until(happened, seconds=5.0):
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)


BAD_ANSWERS = {
    "fails": Fail(500),
    "is not ready": Fail(503),
    "hangs": Hang(3),
    "says no JSON": Raw("<html>"),
    "says no chat": Raw('{"choices": [{"message": 5}]}'),
}


@pytest.mark.parametrize("order", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_when_an_engine_fails_another_answers(start, two, logged, order):
    with start(engines=pair(two, None, {"priority": 1, "total_seconds": 5.0})) as running:
        two[0].will(order)
        two[1].will(Say("good day"))
        # The second engine stands in a lower tier: it is asked because the first one failed, not by chance.
        response = running.client.post("/v1/chat/completions", json=CHAT)
        assert response.json()["choices"][0]["message"]["content"] == "good day"
        row = logged(served_by(response))
    assert (row["engine"], row["attempts"], row["verdict"]) == ("other", 2, "ok")


BAD_BEGINNINGS = {
    **BAD_ANSWERS,
    "babbles": Stream(("\x00\x01 not an event\n\n",)),
    "babbles JSON": Stream(('{"hello": 1}\n\n',)),
    "gives an event of something else": Stream(("data: [1, 2]\n\n",)),
    "says nothing and ends": Stream(()),
    "reports an error": Stream(('data: {"error": {"message": "out of memory"}}\n\n',)),
    "says nothing and hangs": Stream((), 3),
    "dies at once": BreakOff(()),
}


@pytest.mark.parametrize("order", BAD_BEGINNINGS.values(), ids=BAD_BEGINNINGS)
def test_when_a_stream_begins_badly_another_engine_streams(start, two, order):
    with start(engines=pair(two, None, {"priority": 1})) as running:
        two[0].will(order)
        two[1].will(Say("good day"))
        response = running.client.post("/v1/chat/completions", json=STREAM)
    assert (response.status_code, "good" in response.text, response.text.endswith(DONE)) == (200, True, True)
    assert "error" not in response.text


BAD_ENDS = {
    "dies": BreakOff(("good ",)),
    "ends without its end": Stream((chunk("good "),)),
    "babbles": Stream((chunk("good "), "data: {broken\n\n")),
    "babbles without end": Stream((chunk("good "), "x" * 1_200_000)),
    "hangs": Stream((chunk("good "),), 3),
    "reports an error": Stream((chunk("good "), 'data: {"error": {"message": "boom"}}\n\n')),
}


@pytest.mark.parametrize("order", BAD_ENDS.values(), ids=BAD_ENDS)
def test_a_stream_that_goes_wrong_is_not_begun_again_and_ends_with_an_error(start, two, logged, order):
    with start(engines=pair(two, None, {"priority": 1})) as running:
        two[0].will(order)
        response = running.client.post("/v1/chat/completions", json=STREAM)
        *_, last = response.text.strip().split("\n\n")
        assert response.text.startswith(chunk("good "))
        assert json.loads(last.removeprefix("data: "))["error"]["status"] in {502, 503}
        assert logged(served_by(response))["verdict"] in {"failed", "engine_unavailable"}
    assert two[1].asked == []


def test_a_stream_may_end_with_its_finish_or_with_its_mark(start, two):
    with start(engines=(entry("one", two[0]),)) as running:
        two[0].will(
            Stream((chunk("a"), FINISH)), Stream((chunk("a"), ": heartbeat\n\n", "event: x\r\ndata: {}\r\n\r\n", DONE))
        )
        for _ in range(2):
            response = running.client.post("/v1/chat/completions", json=STREAM)
            assert "error" not in response.text


def test_an_event_may_arrive_in_any_pieces(start, two):
    text = "".join((chunk("добрый "), chunk("день"), DONE))
    with start(engines=(entry("one", two[0]),)) as running:
        two[0].will(Stream(tuple(text)))
        response = running.client.post("/v1/chat/completions", json=STREAM)
    words = [json.loads(line[6:])["choices"][0]["delta"]["content"] for line in response.text.split("\n\n")[:2]]
    assert words == ["добрый ", "день"]


def test_token_counts_are_streamed_only_to_who_asks_but_always_logged(start, two, logged):
    with start(engines=(entry("one", two[0]),)) as running:
        plain = running.client.post("/v1/chat/completions", json=STREAM)
        counted = running.client.post(
            "/v1/chat/completions", json={**STREAM, "stream_options": {"include_usage": True}}
        )
        assert ("usage" in plain.text, "usage" in counted.text) == (False, True)
        assert logged(served_by(plain))["prompt_tokens"] == 11


def test_an_engine_that_fails_again_and_again_is_left_alone_until_it_recovers(start, two):
    breaker = BreakerConfig(failures=2, open_seconds=0.4)
    with start(engines=(entry("one", two[0]),), breaker=breaker) as running:
        two[0].will(Fail(500), Fail(500))
        for _ in range(2):
            assert running.client.post("/v1/chat/completions", json=CHAT).status_code == 502
        refused = running.client.post("/v1/chat/completions", json=CHAT)
        assert (refused.status_code, len(two[0].asked)) == (503, 2)
        assert int(refused.headers["retry-after"]) >= 1
        assert running.client.get("/readyz").json()["instances"]["one"]["breaker"] == "open"
        assert 'ostrov_gateway_engine_breaker{engine="one"} 2.0' in running.client.get("/metrics").text
        time.sleep(0.45)
        assert running.client.post("/v1/chat/completions", json=CHAT).status_code == 200
        assert running.client.get("/readyz").json()["instances"]["one"]["breaker"] == "closed"


def test_streams_that_die_half_way_open_the_breaker_too(start, two):
    with start(engines=(entry("one", two[0]),), breaker=BreakerConfig(failures=2)) as running:
        two[0].will(BreakOff(("a",)), BreakOff(("a",)))
        for _ in range(2):
            running.client.post("/v1/chat/completions", json=STREAM)
        assert running.client.get("/readyz").json()["instances"]["one"]["breaker"] == "open"


def test_a_wrong_request_says_nothing_about_the_engine(start, two):
    with start(engines=(entry("one", two[0]),), breaker=BreakerConfig(failures=1)) as running:
        two[0].will(Fail(400, '{"error": {"message": "no such parameter"}}'))
        assert running.client.post("/v1/chat/completions", json=CHAT).status_code == 422
        assert running.client.get("/readyz").json()["instances"]["one"]["breaker"] == "closed"


def test_an_engine_gets_no_more_than_its_slots_and_the_wait_is_logged(start, two, logged):
    with start(engines=(entry("one", two[0], slots=1),)) as running, ThreadPoolExecutor(3) as pool:
        two[0].will(*[Hang(0.2)] * 3)
        most = 0
        waiting = [pool.submit(running.client.post, "/v1/chat/completions", json=CHAT) for _ in range(3)]
        while not all(one.done() for one in waiting):
            most = max(most, running.client.get("/readyz").json()["instances"]["one"]["in_flight"])
        assert most == 1
        queued = sorted(logged(served_by(one.result()))["queue_ms"] for one in waiting)
    assert queued[0] < 100 <= queued[1] < queued[2]


def test_a_full_queue_is_a_429_with_a_time_to_come_back(start, two):
    settings = QueueConfig(length=1)
    with start(engines=(entry("one", two[0], slots=1),), queue=settings) as running, ThreadPoolExecutor(4) as pool:
        two[0].will(*[Hang(0.3)] * 4)
        answers = list(pool.map(lambda _: running.client.post("/v1/chat/completions", json=CHAT), range(4)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200, 200, 429, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["type"].endswith("/queue-full")
    assert int(refused.headers["retry-after"]) >= 1


@pytest.mark.parametrize("body", [CHAT, STREAM], ids=["whole", "streamed"])
def test_a_caller_who_goes_while_waiting_reaches_no_engine(start, two, body):
    with start(engines=(entry("one", two[0], slots=1),)) as running:
        two[0].will(Hang(0.6))
        first = threading.Thread(target=running.client.post, args=("/v1/chat/completions",), kwargs={"json": CHAT})
        first.start()
        wait_until(lambda: len(two[0].asked) == 1)
        with pytest.raises(httpx.ReadTimeout):
            running.client.post("/v1/chat/completions", json=body, timeout=0.15)
        wait_until(lambda: running.client.get("/readyz").json()["queue"]["waiting"] == 0, 0.4)
        first.join()
    assert len(two[0].asked) == 1


def test_a_person_overtakes_batch_work(start, two):
    order = []
    with start(engines=(entry("one", two[0], slots=1, total_seconds=5.0),)) as running, ThreadPoolExecutor(8) as pool:
        two[0].will(*[Hang(0.1)] * 8)

        def ask(name):
            running.client.post(
                "/v1/chat/completions", json=CHAT, headers={"X-Ostrov-Priority": name, "X-Ostrov-Actor": name}
            )
            order.append(name)

        jobs = [pool.submit(ask, "batch") for _ in range(6)]
        wait_until(lambda: running.client.get("/readyz").json()["queue"]["waiting"] == 5)
        ask("interactive")
        for job in jobs:
            job.result()
    assert order.index("interactive") <= 2


def test_a_priority_that_does_not_exist_is_refused(running):
    response = running.client.post("/v1/chat/completions", json=CHAT, headers={"X-Ostrov-Priority": "urgent"})
    assert (response.status_code, response.json()["field"]) == (422, "X-Ostrov-Priority")


TOOLS = {**CHAT, "tools": [{"type": "function", "function": {"name": "find", "parameters": {}}}], "tool_choice": "auto"}
CALL = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"q": "pump"}'}}


def test_tools_go_to_the_engine_and_calls_come_back(start, two, logged):
    answer = {"choices": [{"index": 0, "message": {"role": "assistant", "content": None, "tool_calls": [CALL]}}]}
    with start(engines=(entry("one", two[0]),)) as running:
        two[0].will(Raw(json.dumps(answer)))
        response = running.client.post("/v1/chat/completions", json=TOOLS)
        assert response.json()["choices"][0]["message"]["tool_calls"] == [CALL]
        assert (two[0].asked[-1]["tools"], two[0].asked[-1]["tool_choice"]) == (TOOLS["tools"], "auto")
        assert "pump" in logged(served_by(response))["masked_answer"]


def test_calls_of_tools_are_streamed_too(start, two, logged):
    delta = {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **CALL}]}}]}
    with start(engines=(entry("one", two[0]),)) as running:
        two[0].will(Stream((f"data: {json.dumps(delta)}\n\n", FINISH, DONE)))
        response = running.client.post("/v1/chat/completions", json={**TOOLS, "stream": True})
        assert json.dumps(CALL["function"]) in response.text
        assert "pump" in logged(served_by(response))["masked_answer"]


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
ASKED = {**CHAT, "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}}


def test_json_that_fits_its_schema_passes(start, two):
    with start(engines=(entry("one", two[0]),)) as running:
        two[0].will(Say('{"n": 5}'))
        assert running.client.post("/v1/chat/completions", json=ASKED).status_code == 200
    assert two[0].asked[-1]["response_format"] == ASKED["response_format"]


def test_json_that_does_not_fit_is_asked_for_once_more_with_the_reason(start, two, logged):
    with start(engines=(entry("one", two[0]),)) as running:
        two[0].will(Say('{"n": "five"}'), Say('{"n": 5}'))
        response = running.client.post("/v1/chat/completions", json=ASKED)
        assert response.json()["choices"][0]["message"]["content"] == '{"n": 5}'
        row = logged(served_by(response))
    assert (row["verdict"], row["attempts"], row["prompt_tokens"]) == ("repaired", 2, 22)
    assert "n: 'five' is not of type 'integer'" in two[0].asked[-1]["messages"][-1]["content"]


def test_json_that_never_fits_is_an_honest_502(start, two):
    with start(engines=(entry("one", two[0]),)) as running:
        two[0].will(Say('{"n": "five"}'), Say("sorry"))
        response = running.client.post("/v1/chat/completions", json=ASKED)
    assert (response.status_code, response.json()["type"].rsplit("/")[-1]) == (502, "output-invalid")


def test_streamed_json_that_does_not_fit_ends_with_an_error(start, two):
    with start(engines=(entry("one", two[0]),)) as running:
        two[0].will(Say('{"n": "five"}'))
        response = running.client.post("/v1/chat/completions", json={**ASKED, "stream": True})
    assert "output-invalid" in response.text.split("\n\n")[-2]
    assert DONE not in response.text


@pytest.mark.parametrize(
    "given",
    [
        "json",
        {"type": "json_schema"},
        {"type": "json_schema", "json_schema": {"schema": {"type": "nothing"}}},
        {"type": "xml"},
    ],
)
def test_a_wrong_schema_reaches_no_engine(start, two, given):
    with start(engines=(entry("one", two[0]),)) as running:
        response = running.client.post("/v1/chat/completions", json={**CHAT, "response_format": given})
    assert (response.status_code, response.json()["field"], two[0].asked) == (422, "response_format", [])


def test_a_schema_that_points_elsewhere_is_refused_and_nothing_is_fetched(start, two):
    asked = {
        **ASKED,
        "response_format": {"type": "json_schema", "json_schema": {"schema": {"$ref": f"{two[1].url}/x"}}},
    }
    with start(engines=(entry("one", two[0]),)) as running:
        response = running.client.post("/v1/chat/completions", json=asked)
    assert (response.status_code, response.json()["field"]) == (422, "response_format")


def test_an_engine_without_response_format_is_told_the_schema_in_words(start, two):
    with start(engines=(entry("one", two[0], structured_output="prompt"),)) as running:
        two[0].will(Say('{"n": 5}'))
        assert running.client.post("/v1/chat/completions", json=ASKED).status_code == 200
    assert "response_format" not in two[0].asked[-1]
    assert '"additionalProperties"' in two[0].asked[-1]["messages"][0]["content"]


RANK = {"query": "pump", "documents": ["a", "b"]}


def test_documents_are_ranked(start, two):
    with start(engines=(entry("ranking", two[0], role="rerank"),)) as running:
        response = running.client.post("/v1/rerank", json=RANK)
        assert [result["index"] for result in response.json()["results"]] == [0, 1]
        two[0].will(Raw('{"results": [{"index": 7, "relevance_score": 1}]}'))
        assert running.client.post("/v1/rerank", json=RANK).status_code == 502
        assert running.client.post("/v1/rerank", json={"query": "pump", "documents": []}).json()["field"] == "documents"


def test_without_an_engine_ranking_is_off(running):
    response = running.client.post("/v1/rerank", json=RANK)
    assert (response.status_code, "switched off" in response.json()["detail"]) == (503, True)


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
    waited = []
    with ExitStack() as stack:
        engines = (entry("one", two[0], slots=2, total_seconds=5.0),)
        running = stack.enter_context(start(engines=engines))
        pool = stack.enter_context(ThreadPoolExecutor(40))
        two[0].will(*[Hang(0.05)] * 60)
        flood = [
            pool.submit(running.client.post, "/v1/chat/completions", json=CHAT, headers={"X-Ostrov-Actor": "1"})
            for _ in range(40)
        ]
        wait_until(lambda: running.client.get("/readyz").json()["queue"]["waiting"] > 20)
        for _ in range(5):
            begin = time.monotonic()
            running.client.post("/v1/chat/completions", json=CHAT, headers={"X-Ostrov-Actor": "2"})
            waited.append(time.monotonic() - begin)
        busy = sum(not one.done() for one in flood)
    assert busy > 10
    assert sorted(waited)[2] < 0.3


def test_every_figure_of_the_gateway_is_documented(running):
    running.client.post("/v1/chat/completions", json=CHAT)
    shown = {line.split()[2] for line in running.client.get("/metrics").text.splitlines() if line.startswith("# TYPE")}
    documented = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text("utf-8")
    figures = {name.removesuffix("_total") for name in shown if not name.endswith("_created")}
    assert {name for name in figures if f"`{name}`" not in documented} == set()
