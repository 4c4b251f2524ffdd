"""What a policy hides reaches no model and no log, and comes back to the caller as it was."""

import json

import psycopg
import pytest

from inference.gateway.config import ModuleConfig, PolicyConfig
from inference.gateway.policy import Policy
from inference.gateway.run_log import libpq_url
from tests.inference.standin_engine import Raw, Say, chunk

MASK = Policy("masking", personal="mask")
REFUSE = Policy("refusing", personal="refuse")
TEXT = "Звонил Иван Петров, телефон +7 916 123-45-67, почта ivan.petrov@example.com."
SECRETS = ("Иван", "Петров", "+7 916", "123-45-67", "ivan.petrov")
KNOWN = {"person": ["Ли Вэй"], "organisation": ['ООО "Ромашка"']}


def ask(running, text=TEXT, **more):
    body = {"model": "chat", "messages": [{"role": "user", "content": text}], **more}
    return running.client.post("/v1/chat/completions", json=body)


def seen(engine):
    """Everything that reached the engine, as one text."""
    return json.dumps(engine.asked, ensure_ascii=False) + b"".join(engine.uploads).decode(errors="replace")


def words(response):
    """The words of a streamed answer."""
    found = []
    for line in response.text.splitlines():
        if line.startswith("data: {"):
            for choice in json.loads(line.removeprefix("data: ")).get("choices", ()):
                found.append(choice["delta"].get("content") or "")
    return "".join(found)


@pytest.fixture
def masking(start):
    with start(policy=MASK) as found:
        yield found


def test_a_chat_reaches_the_model_masked_and_returns_restored(masking, engine, logged):
    engine.will(Say("Перезвонить: [PERSON_1], [PHONE_1]."))
    response = ask(masking)
    assert not [secret for secret in SECRETS if secret in seen(engine)]
    assert "[PERSON_1]" in engine.asked[-1]["messages"][0]["content"]
    assert response.json()["choices"][0]["message"]["content"] == "Перезвонить: Иван Петров, +7 916 123-45-67."
    row = logged(response.headers["x-ostrov-run"])
    assert (row["masked"], row["policy"]) == (True, "masking")
    assert row["masked_answer"] == "Перезвонить: [PERSON_1], [PHONE_1]."
    assert not [secret for secret in SECRETS if secret in row["masked_prompt"]]


@pytest.mark.parametrize(
    "split", [["Это [PER", "SON_1]", "."], ["Это ", "[", "PERSON_", "1", "]."], ["Это [PERSON_1]."]]
)
def test_a_streamed_chat_is_restored_wherever_it_is_cut(masking, engine, split):
    engine.will(Raw("".join(map(chunk, split)) + "data: [DONE]\n\n"))
    response = ask(masking, stream=True)
    assert words(response) == "Это Иван Петров."
    assert response.text.endswith("data: [DONE]\n\n")


def test_what_is_held_back_at_the_end_of_a_stream_is_not_lost(masking, engine):
    engine.will(Raw(chunk("Это [PERSON") + "data: [DONE]\n\n"))
    assert words(ask(masking, stream=True)) == "Это [PERSON"


def test_known_values_are_hidden_before_anything_is_recognised(masking, engine):
    engine.will(Say("[PERSON_1] из [ORGANISATION_1]"))
    response = ask(masking, 'Пишет Ли Вэй, ООО "Ромашка".', ostrov={"known": KNOWN})
    assert "Вэй" not in seen(engine)
    assert "Ромашка" not in seen(engine)
    assert "ostrov" not in engine.asked[-1]
    assert response.json()["choices"][0]["message"]["content"] == 'Ли Вэй из ООО "Ромашка"'


def test_a_message_may_say_what_it_knows_itself(masking, engine):
    message = {"role": "user", "content": "Пишет Ли Вэй.", "ostrov": {"known": KNOWN, "data_classes": ["personal"]}}
    ask(masking, messages=[message])
    assert "Вэй" not in seen(engine)
    assert "known" not in seen(engine)


def test_values_restored_inside_json_leave_it_json(masking, engine):
    schema = {"type": "object", "properties": {"who": {"type": "string"}}, "required": ["who"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "who", "schema": schema}}
    engine.will(Say('{"who": "[ORGANISATION_1]"}'))
    body = {"response_format": wanted, "ostrov": {"known": KNOWN}}
    whole = ask(masking, 'Пишет ООО "Ромашка".', **body).json()["choices"][0]["message"]["content"]
    assert json.loads(whole) == {"who": 'ООО "Ромашка"'}
    engine.will(Raw(chunk('{"who": "[ORGAN') + chunk('ISATION_1]"}') + "data: [DONE]\n\n"))
    streamed = words(ask(masking, 'Пишет ООО "Ромашка".', stream=True, **body))
    assert json.loads(streamed) == {"who": 'ООО "Ромашка"'}


def test_tools_their_calls_and_their_results_are_masked_and_restored(masking, engine):
    call = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"who": "Иван Петров"}'}}
    tool = {"name": "find", "description": "Находит Ивана Петрова", "parameters": {"type": "object"}}
    messages = [
        {"role": "user", "content": TEXT, "name": "Petrov"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "Иван Петров, +7 916 123-45-67"},
    ]
    calls = [{"id": "c2", "type": "function", "function": {"name": "find", "arguments": '{"who": "[PERSON_1]"}'}}]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    engine.will(Raw(json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]})))
    response = ask(masking, messages=messages, tools=[{"type": "function", "function": tool}], user="ivan.petrov")
    assert not [secret for secret in (*SECRETS, "Petrov") if secret in seen(engine)]
    assert engine.asked[-1]["tools"][0]["function"]["name"] == "find"
    arguments = response.json()["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(arguments) == {"who": "Иван Петров"}


def test_parts_that_cannot_be_looked_through_are_refused_by_place(masking, engine):
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    parts = [{"type": "text", "text": "Кто это?"}, picture]
    response = ask(masking, messages=[{"role": "user", "content": parts}])
    assert (response.status_code, response.json()["field"]) == (422, "messages.0.content.1")
    assert engine.asked == []


def test_embeddings_and_rankings_see_masked_texts(masking, engine):
    assert masking.client.post("/v1/embeddings", json={"input": [TEXT, "стулья"]}).status_code == 200
    assert not [secret for secret in SECRETS if secret in seen(engine)]
    assert engine.asked[-1]["input"][1] == "стулья"


def test_the_hints_of_a_recording_are_masked_and_the_recording_passes_whole(masking, engine):
    sound = bytes(range(256)) * 5000
    form = {"model": "speech", "hotwords": "Иван Петров", "prompt": TEXT}
    response = masking.client.post(
        "/v1/audio/transcriptions", files={"file": ("Иван Петров.wav", sound)}, data=form, headers={"X-Request-Id": "u"}
    )
    assert response.status_code == 200
    (upload,) = engine.uploads
    assert sound in upload
    assert not [secret for secret in SECRETS if secret.encode() in upload]
    assert b'name="model"\r\n\r\nspeech' in upload


GOOD = {"note": "позвонить [PERSON_1]", "sure": 0.9}


def test_a_modules_prompt_is_masked_and_its_output_restored(masking, engine, logged):
    engine.will(Say(json.dumps(GOOD)))
    answer = masking.run_note(TEXT).json()
    assert not [secret for secret in SECRETS if secret in seen(engine)]
    assert answer["output"]["note"] == "позвонить Иван Петров"
    assert answer["output"]["proposals"][0]["quote"] == TEXT
    assert answer["run"]["masked"] is True
    row = logged(answer["run"]["id"])
    kept = json.dumps([row["masked_prompt"], row["masked_answer"], row["features"]], ensure_ascii=False, default=str)
    assert not [secret for secret in SECRETS if secret in kept]


def test_a_modules_stream_is_restored(masking, engine):
    engine.will(Raw(chunk("звонил [PERS") + chunk("ON_1]") + "data: [DONE]\n\n"))
    response = masking.client.post("/v1/modules/note/run", json={"input": {"text": TEXT}, "stream": True})
    assert "звонил Иван Петров" in response.text
    assert "[PERS" not in response.text


def test_the_verdicts_of_a_masked_run_keep_no_values(masking, engine, database):
    engine.will(Say(json.dumps(GOOD)))
    run_id = masking.run_note(TEXT).json()["run"]["id"]
    verdict = {"id": "v1", "field": "note", "value": "Иван Петров", "final": "Пётр Иванов", "verdict": "edited"}
    masking.client.post(f"/v1/runs/{run_id}/verdicts", json={"verdicts": [verdict]})
    (kept,) = masking.client.get(f"/v1/runs/{run_id}").json()["verdicts"]
    assert (kept["verdict"], kept["value"], kept["final"]) == ("edited", None, None)


def test_nothing_of_the_map_is_written_anywhere(masking, engine, database, tmp_path, caplog):
    caplog.set_level("DEBUG")
    engine.will(Say(json.dumps(GOOD)))
    run_id = masking.run_note("Звонила Аделаида Крестовоздвиженская, +7 999 765-43-21.").json()["run"]["id"]
    masking.client.get(f"/v1/runs/{run_id}")
    with psycopg.connect(libpq_url(database)) as connection:
        tables = ("runs", "run_features", "run_verdicts", "decisions")
        rows = [str(connection.execute(f"SELECT * FROM gateway.{table}").fetchall()) for table in tables]
    files = [path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    for place in (*rows, *files, caplog.text):
        assert "Крестовоздвиженск" not in place
        assert "765-43-21" not in place


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusing_policy_names_classes_and_counts_and_never_a_value(start, engine, stream, last_run):
    with start(policy=REFUSE) as running:
        body = {"messages": [{"role": "user", "content": TEXT}], "stream": stream}
        response = running.client.post("/v1/chat/completions", json=body, headers={"X-Request-Id": f"refused {stream}"})
        assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (403, "personal-data")
        assert response.json()["classes"] == {"person": 1, "phone": 1, "email": 1}
        assert not [secret for secret in SECRETS if secret in response.text]
        row = last_run(f"refused {stream}")
        assert (row["verdict"], row["masked_prompt"]) == ("refused", None)
        assert not [secret for secret in SECRETS if secret in str(row)]
        assert engine.asked == []


def test_a_refusing_policy_lets_pass_what_holds_nothing_personal(start, engine):
    with start(policy=REFUSE) as running:
        engine.will(Say("Десять."))
        assert ask(running, "Сколько стульев на складе?").json()["choices"][0]["message"]["content"] == "Десять."
        assert running.run_note(TEXT).status_code == 403
        assert running.client.post("/v1/embeddings", json={"input": TEXT}).status_code == 403
        recording = running.client.post("/v1/audio/transcriptions", files={"file": ("a.wav", b"RIFF")})
        assert (recording.status_code, engine.uploads) == (403, [])
    assert not [secret for secret in SECRETS if secret in seen(engine)]


def test_a_policy_can_treat_each_class_of_personal_data_differently(start, engine):
    rules = Policy("mixed", personal="pass", personal_by_class={"phone": "mask", "passport": "refuse"})
    with start(policy=rules) as running:
        engine.will(Say("[PHONE_1]"))
        response = ask(running)
        assert "Иван Петров" in seen(engine)
        assert "123-45-67" not in seen(engine)
        assert response.json()["choices"][0]["message"]["content"] == "+7 916 123-45-67"
        refused = ask(running, "Паспорт серия 4509 номер 123456.")
        assert refused.json()["classes"] == {"passport": 1}


def test_the_stricter_of_a_keys_and_a_modules_policy_counts(start, engine):
    more = {"policies": {"strict": PolicyConfig(personal="mask")}, "modules": {"note": ModuleConfig(policy="strict")}}
    with start(**more) as running:
        engine.will(Say(json.dumps(GOOD)))
        run = running.run_note(TEXT).json()["run"]
        assert (run["masked"], run["policy"]) == (True, "on-premises+strict")
        ask(running)
        assert "Иван" not in json.dumps(engine.asked[0], ensure_ascii=False)
        assert "Иван" in json.dumps(engine.asked[-1], ensure_ascii=False)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"data_classes": ["secret"]}, "ostrov.data_classes.0"),
        ({"known": {"shoe": ["42"]}}, "ostrov.known.shoe"),
        ({"mood": 1}, "ostrov.mood"),
        ("personal", "ostrov"),
    ],
)
def test_what_a_caller_says_of_its_texts_must_be_readable(running, engine, said, field):
    response = ask(running, ostrov=said)
    assert response.status_code == 422
    assert response.json()["field"].startswith(field)
    assert engine.asked == []


def test_a_quote_comes_back_word_for_word_in_the_case_that_it_stood_in(masking, engine):
    said = "Звонила Мария Петрова. Договорились с Марией Петровой на вторник."
    engine.will(Say('{"note": "Договорились с [PERSON_1] на вторник", "sure": 0.9}'))
    answer = masking.run_note(said).json()
    assert "Петров" not in seen(engine)
    assert answer["output"]["note"] == "Договорились с Марией Петровой на вторник"
