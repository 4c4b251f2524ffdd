"""Keys and policies: who may ask which engine about which data, and what may be done with the answer unasked."""

import json
import re
import tomllib
from threading import Thread

import httpx
import pytest
from click.testing import CliRunner

from inference.gateway.commands import gateway
from inference.gateway.config import ModuleConfig, PolicyConfig, parse
from inference.gateway.keys import Key, KeyRing, fingerprint, keys_of
from inference.gateway.policy import ON_PREMISES, Policy
from tests.inference.gateway.engines import wait_until
from tests.inference.standin_engine import Held, Say

GOOD = '{"note": "wants chairs", "sure": 0.9}'
SECRET = "the-key-of-reports"
AS_OTHER = {"Authorization": f"Bearer {SECRET}"}
MESSAGES = [{"role": "user", "content": "How many chairs?"}]


def other(**rules):
    return Key("reports", fingerprint(SECRET), Policy("reports", **rules))


def test_any_program_may_use_the_gateway_as_an_openai_compatible_server(start, engine, last_run):
    with start(more_keys=[other()]) as running, httpx.Client(base_url=running.url + "/v1", trust_env=False) as client:
        engine.will(Say("Ten."))
        request = {
            "model": "chat",
            "messages": MESSAGES,
            "temperature": 0.2,
            "max_tokens": 20,
            "user": "u-1",
            "n": 1,
            "stop": None,
        }
        headers = {**AS_OTHER, "X-Request-Id": "openai", "OpenAI-Organization": "none"}
        answer = client.post("/chat/completions", json=request, headers=headers).json()
        assert answer["choices"][0]["message"] == {"role": "assistant", "content": "Ten."}
        assert answer["usage"]["completion_tokens"] == 7
        vectors = client.post("/embeddings", json={"model": "embed", "input": ["a", "b"]}, headers=AS_OTHER).json()
        assert [entry["index"] for entry in vectors["data"]] == [0, 1]
        assert "chat" in {entry["id"] for entry in client.get("/models", headers=AS_OTHER).json()["data"]}
    row = last_run("openai")
    assert (row["key"], row["policy"]) == ("reports", "reports")


@pytest.mark.parametrize(
    "header", ["", "Bearer", f"bearer {SECRET}", f"Bearer  {SECRET}", SECRET, f"Bearer {fingerprint(SECRET)}"]
)
def test_what_is_not_exactly_a_key_opens_nothing(start, engine, header):
    with start(more_keys=[other()]) as running:
        response = running.client.post("/v1/embeddings", json={"input": "a"}, headers={"Authorization": header})
    assert (response.status_code, engine.asked) == (401, [])


def test_a_key_reaches_only_the_engines_of_its_policy(start, engine):
    with start(more_keys=[other(engines=frozenset({"embed"}))]) as running:
        chat = running.client.post("/v1/chat/completions", json={"messages": MESSAGES}, headers=AS_OTHER)
        assert (chat.status_code, chat.json()["type"].rpartition("/")[2]) == (403, "policy-forbids")
        assert engine.asked == []
        assert running.client.post("/v1/embeddings", json={"input": "a"}, headers=AS_OTHER).status_code == 200


def test_a_key_runs_only_the_modules_of_its_policy(start, engine):
    with start(more_keys=[other(modules=frozenset({"answer"}))]) as running:
        response = running.client.post("/v1/modules/note/run", json={"input": {"text": "a"}}, headers=AS_OTHER)
        assert (response.status_code, engine.asked) == (403, [])
        assert "note" in response.json()["detail"]


@pytest.mark.parametrize(
    ("rules", "said", "status"),
    [
        ({"data_classes": frozenset({"public"})}, ["public"], 200),
        ({"data_classes": frozenset({"public"})}, ["personal"], 403),
        ({"data_classes": frozenset({"public"})}, ["public", "commercial"], 403),
        ({"data_classes": frozenset({"public"})}, None, 403),
        ({"data_classes": frozenset({"public"}), "personal": "mask"}, None, 200),
        ({}, None, 200),
    ],
)
def test_a_text_goes_out_only_when_its_classes_of_data_are_allowed(start, engine, rules, said, status):
    with start(more_keys=[other(**rules)]) as running:
        body = {"messages": MESSAGES} if said is None else {"messages": MESSAGES, "ostrov": {"data_classes": said}}
        assert running.client.post("/v1/chat/completions", json=body, headers=AS_OTHER).status_code == status
        body = {"input": "a"} if said is None else {"input": "a", "ostrov": {"data_classes": said}}
        assert running.client.post("/v1/embeddings", json=body, headers=AS_OTHER).status_code == status
        assert len(engine.asked) == (2 if status == 200 else 0)


def test_a_recording_is_personal(start, engine):
    with start(more_keys=[other(data_classes=frozenset({"public", "commercial"}))]) as running:
        response = running.client.post("/v1/audio/transcriptions", files={"file": ("a", b"x")}, headers=AS_OTHER)
    assert (response.status_code, engine.uploads) == (403, [])


@pytest.mark.parametrize(
    ("of_key", "of_module", "allowed"),
    [
        ("apply", "apply", "apply"),
        ("apply", "propose", "propose"),
        ("propose", "apply", "propose"),
        ("apply", None, "propose"),
    ],
)
def test_an_answer_may_be_applied_unasked_only_when_key_and_module_both_allow(
    start, engine, of_key, of_module, allowed
):
    more = {}
    if of_module is not None:
        rules = {"of-module": PolicyConfig(autonomy=of_module)}
        more = {"policies": rules, "modules": {"note": ModuleConfig(policy="of-module")}}
    with start(policy=Policy("of-key", autonomy=of_key), **more) as running:
        engine.will(Say(GOOD))
        run = running.run_note().json()["run"]
        assert run["autonomy"] == allowed
        assert running.client.get(f"/v1/runs/{run['id']}").json()["autonomy"] == allowed


def test_two_policies_together_allow_what_both_allow():
    one = Policy(
        "one", frozenset({"public", "personal"}), frozenset({"a", "b"}), None, "mask", {"phone": "pass"}, "apply"
    )
    two = Policy("two", frozenset({"personal"}), None, frozenset({"note"}), "pass", {"email": "refuse"}, "apply")
    both = one.within(two)
    assert (both.name, both.data_classes, both.engines) == ("one+two", frozenset({"personal"}), frozenset({"a", "b"}))
    assert (both.modules, both.personal, both.autonomy) == (frozenset({"note"}), "mask", "apply")
    assert [both.treatment(name) for name in ("phone", "email", "person")] == ["pass", "refuse", "mask"]
    assert one.within(one) == one


def test_every_key_is_found_by_its_own_secret_alone():
    keys = [Key(f"k{number}", fingerprint(f"secret-{number}"), ON_PREMISES) for number in range(5)]
    ring = KeyRing(keys)
    for number, key in enumerate(keys):
        assert ring.find(f"Bearer secret-{number}".encode()) == key
    assert ring.find(b"Bearer secret-9") is None
    assert ring.find(b"Basic secret-1") is None


def test_a_new_key_is_shown_once_and_its_lines_fit_the_configuration():
    shown = CliRunner().invoke(gateway, ["key", "new", "reports", "--policy", "on-premises"])
    assert shown.exit_code == 0
    (secret,) = re.findall(r"ostrov-[\w-]{40,}", shown.output)
    lines = shown.output[shown.output.index("[[keys]]") :]
    assert secret not in lines
    (entry,) = tomllib.loads(lines)["keys"]
    assert entry == {"name": "reports", "sha256": fingerprint(secret), "policy": "on-premises"}
    ring = KeyRing(keys_of(parse(lines), "the-key-of-the-web"))
    assert ring.find(f"Bearer {secret}".encode()).name == "reports"
    assert ring.find(b"Bearer the-key-of-the-web").admin


def test_each_new_key_is_another_one():
    first, second = (CliRunner().invoke(gateway, ["key", "new", "reports"]).output for _ in range(2))
    assert first != second


@pytest.mark.parametrize("name", ["web", "two words", "", "a" * 65])
def test_a_key_cannot_have_every_name(name):
    refused = CliRunner().invoke(gateway, ["key", "new", name])
    assert refused.exit_code == 2
    assert "name" in refused.output.lower()


def test_a_switch_that_falls_while_a_request_waits_stops_it(start, engine, undecided):
    with start() as running:
        for lane in running.gateway.traffic.engines.values():
            assert lane.config.slots == 4
        held = Held()
        engine.will(*[held] * 4)
        body = {"messages": MESSAGES}
        answers: list[int] = []

        def ask():
            with httpx.Client(base_url=running.url, headers=running.client.headers, timeout=20) as client:
                answers.append(client.post("/v1/chat/completions", json=body).status_code)

        busy = [Thread(target=ask) for _ in range(8)]
        for thread in busy:
            thread.start()
        wait_until(lambda: len(engine.asked) == 4)
        wait_until(lambda: running.client.get("/readyz").json()["queue"]["waiting"] == 4)
        running.client.put("/v1/features/chat", content=json.dumps({"on": False}))
        held.released.set()
        for thread in busy:
            thread.join(20)
    assert (sorted(answers), len(engine.asked)) == ([200] * 4 + [403] * 4, 4)
