"""What happens when an engine hangs, babbles or dies half-way, on real sockets."""

import json
import time

import pytest

from inference.gateway.config import BreakerConfig
from tests.inference.gateway.engines import CHAT, DONE, FINISH, STREAM, entry, pair, served_by
from tests.inference.standin_engine import BreakOff, Fail, Hang, Raw, Say, Stream, chunk

BAD_ANSWERS = {
    "fails": Fail(500),
    "is not ready": Fail(503),
    "hangs": Hang(3),
    "says no JSON": Raw("<html>"),
    "nests without end": Raw("[" * 100_000),
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
