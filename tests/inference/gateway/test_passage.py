"""The OpenAI-compatible endpoints."""

import httpx
import pytest

from tests.inference.standin_engine import MODEL, BreakOff, Fail, Hang, Raw, Say

CHAT = {"model": "chat", "messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize("key", ["", "Bearer wrong", "the-key-of-the-tests"])
def test_nobody_asks_a_model_without_the_key(running, key):
    response = running.client.post("/v1/chat/completions", json=CHAT, headers={"Authorization": key})
    assert response.status_code == 401
    assert response.json()["type"].endswith("/key-missing")


def test_health_needs_no_key(running):
    assert running.client.get("/healthz", headers={"Authorization": ""}).json() == {"status": "ok"}


def test_readiness_names_engines_models_and_the_log(running):
    found = running.client.get("/readyz", headers={"Authorization": ""})
    assert found.status_code == 200
    assert found.json()["engines"]["chat"] == {"state": "ready", "reason": None, "model": MODEL}
    assert found.json()["run_log"]["state"] in {"ready", "starting"}


def good_chats(running):
    """How many are counted. The web's metrics keep their numbers in files, and tests of both share a process."""
    lines = running.client.get("/metrics").text.splitlines()
    wanted = 'ostrov_gateway_runs_total{endpoint="chat",verdict="ok"} '
    return sum(float(line.removeprefix(wanted)) for line in lines if line.startswith(wanted))


def test_metrics_count_runs(running):
    assert running.client.post("/v1/chat/completions", json=CHAT).status_code == 200
    before = good_chats(running)
    assert running.client.post("/v1/chat/completions", json=CHAT).status_code == 200
    assert good_chats(running) == before + 1
    assert before >= 1


def test_a_chat_passes_and_is_logged(running, engine, logged):
    engine.will(Say("good day"))
    response = running.client.post("/v1/chat/completions", json=CHAT)
    assert response.json()["choices"][0]["message"]["content"] == "good day"
    assert engine.asked[-1]["model"] == MODEL
    row = logged(response.headers["x-ostrov-run"])
    assert (row["masked_prompt"], row["masked_answer"], row["completion_tokens"]) == ("hello", "good day", 7)


def test_a_streamed_chat_passes_and_is_logged_as_words(running, engine, logged):
    engine.will(Say("good day to you"))
    response = running.client.post("/v1/chat/completions", json={**CHAT, "stream": True})
    assert response.text.endswith("data: [DONE]\n\n")
    row = logged(response.headers["x-ostrov-run"])
    assert (row["masked_answer"].strip(), row["prompt_tokens"]) == ("good day to you", 11)


def test_a_streamed_chat_that_breaks_off_ends_with_an_error(running, engine, logged):
    engine.will(BreakOff(("good",)))
    response = running.client.post("/v1/chat/completions", json={**CHAT, "stream": True})
    assert "engine-failed" in response.text.splitlines()[-2]
    assert logged(response.headers["x-ostrov-run"])["verdict"] == "failed"


def test_a_streamed_chat_from_a_failing_engine_is_a_problem_before_the_stream(running, engine):
    engine.will(Fail(500))
    assert running.client.post("/v1/chat/completions", json={**CHAT, "stream": True}).status_code == 502


@pytest.mark.parametrize("messages", [None, [], "hello", ["hello"]])
def test_a_chat_without_messages_names_the_field(running, messages):
    response = running.client.post("/v1/chat/completions", json={"messages": messages})
    assert (response.status_code, response.json()["field"]) == (422, "messages")


def test_embeddings_pass_with_their_kind_of_text(running, engine, logged):
    response = running.client.post("/v1/embeddings", json={"input": ["a", "b"], "input_type": "query"})
    assert [len(item["embedding"]) for item in response.json()["data"]] == [384, 384]
    assert engine.asked[-1]["input_type"] == "query"
    row = logged(response.headers["x-ostrov-run"])
    assert (row["prompt_tokens"], row["masked_prompt"]) == (3, None)


def test_texts_to_embed_must_be_texts(running):
    response = running.client.post("/v1/embeddings", json={"input": [1]})
    assert (response.status_code, response.json()["field"]) == (422, "input")


def test_a_recording_reaches_the_engine_byte_for_byte(running, engine):
    sound = bytes(range(256)) * 4000
    response = running.client.post("/v1/audio/transcriptions", files={"file": ("call.wav", sound)})
    assert response.json()["text"] == "hello"
    assert sound in engine.uploads[0]


def test_a_recording_whose_sender_has_gone_is_not_heard_to_its_end(running, engine, last_run):
    engine.will(Hang(10))
    headers = {"X-Request-Id": "left"}
    with pytest.raises(httpx.ReadTimeout):
        running.client.post(
            "/v1/audio/transcriptions", files={"file": ("a.wav", b"RIFF" * 50_000)}, headers=headers, timeout=0.5
        )
    assert last_run("left")["verdict"] == "cancelled"
    assert engine.given_up == 1


def test_what_the_speech_engine_says_about_a_recording_reaches_the_caller(running, engine, last_run):
    said = '{"type": "tag:x/recording-empty", "title": "Empty", "status": 422, "detail": "Nothing.", "field": "file"}'
    engine.will(Fail(422, said))
    headers = {"X-Request-Id": "empty"}
    response = running.client.post("/v1/audio/transcriptions", files={"file": ("a.wav", b"x")}, headers=headers)
    assert (response.status_code, response.json()["field"], response.json()["detail"]) == (422, "file", "Nothing.")
    assert last_run("empty")["verdict"] == "input_invalid"


def test_models_are_listed_by_role(running):
    found = running.client.get("/v1/models").json()
    assert {entry["id"]: entry["served_by"] for entry in found["data"]} == dict.fromkeys(
        ("chat", "embed", "speech"), MODEL
    )
    assert [module["name"] for module in found["modules"]] == ["note"]


def test_an_unknown_path_is_a_problem_too(running):
    response = running.client.get("/v1/nothing")
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


def test_half_a_letter_is_replaced_and_reaches_engine_and_log(running, engine, logged):
    body = b'{"messages": [{"role": "user", "content": "a\\ud83d b \\ud83d\\ude00"}]}'
    response = running.client.post("/v1/chat/completions", content=body)
    assert response.status_code == 200
    assert engine.asked[-1]["messages"][0]["content"] == "a\ufffd b \U0001f600"
    assert logged(response.headers["x-ostrov-run"])["masked_prompt"] == "a\ufffd b \U0001f600"


def test_half_a_letter_in_an_answer_can_be_logged(running, engine, logged):
    engine.will(Raw('{"choices": [{"message": {"content": "b\\udc00"}}]}'))
    response = running.client.post("/v1/chat/completions", json=CHAT)
    assert logged(response.headers["x-ostrov-run"])["masked_answer"] == "b?"


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"messages": ' + b"[" * 100_000])
def test_json_nested_without_end_is_refused(running, body):
    assert running.client.post("/v1/chat/completions", content=body).status_code == 422


def test_a_body_beyond_all_measure_is_refused(running):
    body = b'{"messages": [{"role": "user", "content": "' + b"a" * (33 << 20) + b'"}]}'
    response = running.client.post("/v1/chat/completions", content=body)
    assert (response.status_code, response.json()["type"].rsplit("/")[-1]) == (413, "request-too-large")
