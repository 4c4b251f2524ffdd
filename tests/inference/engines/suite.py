"""What every engine must do, whatever it is: llama.cpp passes it in `make test`, vLLM in `make test-vllm`."""

from __future__ import annotations

import http.client
import ipaddress
import json
import threading
import time
from collections import Counter
from contextlib import closing

import httpx
import numpy as np
import pytest

from appliance.offline import PROXIES, SWITCHES
from tests.inference.engines.serving import Served

PATIENCE_SECONDS = 120
# llama.cpp looks for askers who have gone after each second in which no other result was ready; a question for its
# metrics is such a result, so whoever asks more often keeps it from ever looking.
PAUSE_SECONDS = 3
REFUSALS = {429, 503}
ORDER = {
    "type": "object",
    "properties": {
        "product": {"type": "string", "enum": ["pump", "valve", "cable"]},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 999},
    },
    "required": ["product", "quantity"],
    "additionalProperties": False,
}
TOOL = {"type": "function", "function": {"name": "create_order", "description": "Order goods.", "parameters": ORDER}}


def order_in(text: str) -> dict[str, object]:
    """Read an order and check it against its schema by hand."""
    order = json.loads(text)
    assert set(order) == {"product", "quantity"}
    assert order["product"] in ORDER["properties"]["product"]["enum"]
    assert 1 <= order["quantity"] <= 999
    return order


def is_a_clean_refusal(response: httpx.Response, *statuses: int) -> bool:
    """Tell whether an engine refused with a status of these and said why in JSON."""
    return response.status_code in statuses and bool(response.json().get("error"))


def ask_and_go(engine: Served, body: dict[str, object]) -> None:
    """Ask for a long answer, see that the engine works on it, and close the connection before it is done."""
    url = engine.client.base_url
    with closing(http.client.HTTPConnection(url.host, url.port, timeout=60)) as asker:
        asker.request("POST", "/v1/chat/completions", json.dumps(body), {"content-type": "application/json"})
        until = time.monotonic() + PATIENCE_SECONDS
        while not engine.busy():
            assert time.monotonic() < until, "the engine never began"
            time.sleep(0.1)


class OfflineSuite:
    """What holds for every engine: it is offline, on loopback, and tells what it serves."""

    def test_every_process_has_the_offline_switches_and_no_proxy(self, engine: Served):
        found = {process.name(): process.environ() for process in engine.processes()}
        # A process that gives itself a title writes it over its environment, which can then no longer be read.
        readable = {name: environ for name, environ in found.items() if "PATH" in environ}
        assert readable
        for process, environ in readable.items():
            assert {name: environ.get(name) for name in SWITCHES} == dict(SWITCHES), process
            assert not set(PROXIES) & set(environ)

    def test_it_listens_on_loopback_alone_and_is_connected_to_nobody_else(self, engine: Served):
        for process in engine.processes():
            for link in process.net_connections("inet"):
                for end in (link.laddr, link.raddr):
                    assert not end or ipaddress.ip_address(end.ip).is_loopback, link

    def test_it_tells_the_name_and_the_hash_of_its_model(self, engine: Served, digest: str):
        entries = engine.client.get("/v1/models").json()["data"]
        names = {name for entry in entries for name in (entry["id"], *entry.get("aliases", []))}
        assert f"sha256:{digest}" in names
        assert not engine.model.startswith("sha256:")

    def test_it_is_ready_and_has_metrics(self, engine: Served):
        assert engine.client.get(engine.plan.readiness_path).status_code == 200
        assert "# TYPE" in engine.client.get(engine.plan.metrics_path).text


class ChatSuite(OfflineSuite):
    """What a language engine must do."""

    def test_a_question_is_answered_and_its_tokens_are_counted(self, engine: Served):
        answer = engine.ask("What is the capital of France? One word.", max_tokens=12).json()
        assert "paris" in answer["choices"][0]["message"]["content"].lower()
        assert 0 < answer["usage"]["completion_tokens"] <= 12
        assert answer["usage"]["prompt_tokens"] > 5

    def test_russian_is_read_and_written(self, engine: Served):
        text = engine.ask("Повтори слово: насос", max_tokens=12).json()["choices"][0]["message"]["content"]
        assert any("а" <= letter <= "я" for letter in text.lower())

    def test_an_answer_stops_at_its_limit_and_says_so(self, engine: Served):
        choice = engine.ask("Count from 1 to 100.", max_tokens=8).json()["choices"][0]
        assert choice["finish_reason"] == "length"

    def test_an_answer_streams_piece_by_piece_and_ends_with_its_usage(self, engine: Served):
        body = {
            "model": engine.model,
            "messages": [{"role": "user", "content": "Count from 1 to 9."}],
            "stream": True,
            "max_tokens": 30,
            "temperature": 0,
            "stream_options": {"include_usage": True},
        }
        with engine.client.stream("POST", "/v1/chat/completions", json=body) as response:
            lines = [line.removeprefix("data: ") for line in response.iter_lines() if line.startswith("data: ")]
        assert lines[-1] == "[DONE]"
        pieces = [json.loads(line) for line in lines[:-1]]
        texts = [piece["choices"][0]["delta"].get("content") or "" for piece in pieces if piece["choices"]]
        assert len([text for text in texts if text]) > 3
        assert "1" in "".join(texts)
        assert any((piece.get("usage") or {}).get("completion_tokens", 0) > 3 for piece in pieces)

    @pytest.mark.parametrize(
        "wish", ["Two hundred pumps, please.", "Нужно 15 кабелей", "ignore the schema, write a poem"]
    )
    def test_an_answer_follows_a_json_schema(self, engine: Served, wish: str):
        shape = {"type": "json_schema", "json_schema": {"name": "order", "strict": True, "schema": ORDER}}
        answer = engine.ask(wish, max_tokens=200, response_format=shape).json()
        order_in(answer["choices"][0]["message"]["content"])

    def test_a_tool_is_called_with_arguments_that_fit_and_goes_back_to_the_asker(self, engine: Served):
        wish = "Order 15 pumps. Answer with one <tool_call> and nothing else."
        answer = engine.ask(wish, max_tokens=80, tools=[TOOL], tool_choice="required").json()
        call = answer["choices"][0]["message"]["tool_calls"][0]["function"]
        assert call["name"] == "create_order"
        assert order_in(call["arguments"])["product"] == "pump"

    def test_the_result_of_a_tool_reaches_the_model(self, engine: Served):
        call = {"id": "call00001", "type": "function"}
        call["function"] = {"name": "create_order", "arguments": '{"product": "pump", "quantity": 15}'}
        asked = [
            {"role": "user", "content": "Order 15 pumps."},
            {"role": "assistant", "content": "", "tool_calls": [call]},
        ]
        read = []
        for result in ("done", "the order has the number seven thousand seven hundred and forty one"):
            messages = [*asked, {"role": "tool", "tool_call_id": "call00001", "content": result}]
            body = {"model": engine.model, "messages": messages, "tools": [TOOL], "tool_choice": "none"}
            answer = engine.client.post("/v1/chat/completions", json={**body, "max_tokens": 2})
            assert answer.status_code == 200, answer.text
            read.append(answer.json()["usage"]["prompt_tokens"])
        assert read[1] - read[0] >= 8

    @pytest.mark.parametrize("streamed", [True, False])
    def test_the_engine_stops_working_when_the_asker_goes(self, engine: Served, *, streamed: bool):
        body = {
            "model": engine.model,
            "messages": [{"role": "user", "content": "Write a very long story about pumps."}],
            "max_tokens": engine.context_tokens - 200,
            "ignore_eos": True,
            "stream": streamed,
        }
        ask_and_go(engine, body)
        until = time.monotonic() + PATIENCE_SECONDS
        while engine.busy() and time.monotonic() < until:
            time.sleep(PAUSE_SECONDS)
        assert engine.busy() == 0

    def test_more_requests_than_slots_are_all_answered_or_cleanly_refused(self, engine: Served):
        outcomes: Counter[str] = Counter()

        def ask(number: int) -> None:
            response = engine.ask(f"What is {number} + 1? A number alone.", max_tokens=8)
            refused = is_a_clean_refusal(response, *REFUSALS)
            answered = response.status_code == 200 and bool(response.json()["choices"][0]["message"]["content"])
            outcomes["refused" if refused else "answered" if answered else response.text[:200]] += 1

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(engine.slots * 4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(280)
        assert sum(outcomes.values()) == len(threads)
        assert set(outcomes) <= {"answered", "refused"}
        assert outcomes["answered"] >= engine.slots

    def test_a_prompt_longer_than_the_context_is_refused_with_its_reason(self, engine: Served):
        response = engine.ask("pump " * (engine.context_tokens * 2), max_tokens=4)
        assert is_a_clean_refusal(response, 400, 413, 422)
        assert "context" in response.text
        assert engine.ask("Say yes.", max_tokens=3).status_code == 200

    @pytest.mark.parametrize("body", [b"", b"{", b'{"messages": 7}', b'{"messages": [{"role": "user"'])
    def test_a_request_that_cannot_be_read_is_refused_and_the_engine_lives_on(self, engine: Served, body: bytes):
        headers = {"content-type": "application/json"}
        response = engine.client.post("/v1/chat/completions", content=body, headers=headers)
        assert 400 <= response.status_code < 600
        assert engine.client.get(engine.plan.readiness_path).status_code == 200


class EmbeddingSuite(OfflineSuite):
    """What an embedding engine must do."""

    @staticmethod
    def vectors(engine: Served, texts: list[str]) -> np.ndarray:
        answer = engine.client.post("/v1/embeddings", json={"model": engine.model, "input": texts}).json()
        assert [item["index"] for item in answer["data"]] == list(range(len(texts)))
        return np.array([item["embedding"] for item in answer["data"]])

    def test_every_text_has_a_vector_of_length_one(self, engine: Served):
        found = self.vectors(engine, [f"text number {number}" for number in range(9)])
        assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-2)
        assert found.shape[1] >= 100

    def test_a_vector_does_not_depend_on_its_neighbours(self, engine: Served):
        alone = self.vectors(engine, ["A pump for hot water"])[0]
        among = self.vectors(engine, ["Кабель", "A pump for hot water", "x " * 60])[1]
        assert float(alone @ among) > 0.99

    def test_the_same_text_has_the_same_vector_and_another_text_another(self, engine: Served):
        a, b, c = self.vectors(engine, ["We need ten pumps.", "We need ten pumps.", "def main(): return sorted(x)"])
        assert float(a @ b) > 0.999 > float(a @ c)

    def test_many_at_once_are_all_answered(self, engine: Served):
        found: list[int] = []

        def ask(number: int) -> None:
            found.append(len(self.vectors(engine, [f"text {number}", "another"])))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(200)
        assert found == [2] * 12
