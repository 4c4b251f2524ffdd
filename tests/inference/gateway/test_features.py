"""A feature that is switched off is really off: nothing reaches an engine, whoever asks."""

import json

import pytest

from inference.gateway.features import FeatureUnknown
from inference.gateway.keys import Key, fingerprint
from inference.gateway.policy import ON_PREMISES

CHAT = {"model": "chat", "messages": [{"role": "user", "content": "hello"}]}
OTHER = Key("reports", fingerprint("the-key-of-reports"), ON_PREMISES)
AS_OTHER = {"Authorization": "Bearer the-key-of-reports"}

pytestmark = pytest.mark.usefixtures("undecided")


def chat(client):
    return client.post("/v1/chat/completions", json=CHAT)


def chat_stream(client):
    return client.post("/v1/chat/completions", json={**CHAT, "stream": True})


def embed(client):
    return client.post("/v1/embeddings", json={"input": "a"})


def transcribe(client):
    return client.post("/v1/audio/transcriptions", files={"file": ("a.wav", b"RIFF")}, data={"model": "speech"})


def note(client):
    return client.post("/v1/modules/note/run", json={"input": {"text": "a", "alone": True}})


def note_stream(client):
    return client.post("/v1/modules/note/run", json={"input": {"text": "a"}, "stream": True})


WAYS = [
    ("chat", chat),
    ("chat", chat_stream),
    ("embeddings", embed),
    ("transcription", transcribe),
    ("note", note),
    ("note", note_stream),
]


def switch(running, feature, on, **more):
    return running.client.put(f"/v1/features/{feature}", json={"on": on, **more})


def reached(engine):
    return len(engine.asked) + len(engine.uploads)


@pytest.mark.parametrize(("feature", "ask"), WAYS)
def test_switched_off_it_reaches_no_engine_and_on_again_it_does(running, engine, feature, ask):
    assert switch(running, feature, False, reason="costs too much", actor=5).status_code == 200
    for _ in range(3):
        response = ask(running.client)
        assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (403, "feature-off")
        assert "costs too much" in response.json()["detail"]
    assert reached(engine) == 0
    switch(running, feature, True)
    ask(running.client)
    assert reached(engine) > 0


@pytest.mark.parametrize(("feature", "ask"), WAYS)
def test_the_configuration_can_switch_off_and_the_administrator_on(start, engine, feature, ask):
    with start(features={feature: False}) as running:
        assert ask(running.client).status_code == 403
        assert reached(engine) == 0
        switch(running, feature, True)
        ask(running.client)
        assert reached(engine) > 0


def test_switching_one_feature_off_leaves_the_others_on(running, engine):
    switch(running, "chat", False)
    assert note(running.client).status_code != 403
    assert embed(running.client).status_code == 200


def test_what_is_off_says_so_whatever_it_is_asked(running, engine):
    switch(running, "note", False)
    switch(running, "chat", False)
    for path in ("/v1/modules/note/run", "/v1/chat/completions"):
        assert running.client.post(path, json={}).status_code == 403
    assert reached(engine) == 0


def test_a_switch_outlives_a_restart(start, engine):
    with start() as running:
        switch(running, "chat", False, reason="audit")
    with start() as running:
        assert chat(running.client).status_code == 403
        found = {item["feature"]: item for item in running.client.get("/v1/features").json()["items"]}
    assert set(found) == {"note", "chat", "embeddings", "transcription"}
    assert (found["chat"]["on"], found["chat"]["reason"], found["note"]["on"]) == (False, "audit", True)
    assert reached(engine) == 0


def test_a_switch_outlives_a_restart_without_the_database(start, engine):
    with start() as running:
        switch(running, "chat", False)
    with start(database_url="postgresql+psycopg://ostrov_gateway@/none?host=/nonexistent") as running:
        assert chat(running.client).status_code == 403
        refused = switch(running, "chat", True)
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (503, "run-log-unavailable")
        assert chat(running.client).status_code == 403
    assert reached(engine) == 0


def test_who_switched_when_and_why_is_kept(running):
    changed = switch(running, "chat", False, reason="audit", actor=5).json()
    assert (changed["feature"], changed["on"], changed["reason"], changed["by"]) == ("chat", False, "audit", "5")
    assert changed["at"]
    (listed,) = (i for i in running.client.get("/v1/features").json()["items"] if i["feature"] == "chat")
    assert listed == changed


def test_a_refused_call_is_logged_as_refused(running, last_run):
    switch(running, "chat", False)
    running.client.post("/v1/chat/completions", json=CHAT, headers={"X-Request-Id": "switched-off"})
    assert last_run("switched-off")["verdict"] == "refused"


@pytest.mark.parametrize("body", [{}, {"on": "perhaps"}, {"on": True, "loud": 1}])
def test_a_switch_that_cannot_be_read_names_its_field(running, body):
    response = running.client.put("/v1/features/chat", content=json.dumps(body))
    assert (response.status_code, bool(response.json()["field"])) == (422, True)


def test_an_unknown_feature_is_a_404_that_lists_the_known_ones(running):
    response = switch(running, "flying", False)
    assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (404, "feature-unknown")
    assert "embeddings" in response.json()["detail"]


def test_an_unknown_feature_in_the_configuration_ends_the_start(start):
    with pytest.raises(FeatureUnknown, match="flying"), start(features={"flying": True}):
        pass


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/features"), ("PUT", "/v1/features/chat"), ("GET", "/v1/prompts"), ("PUT", "/v1/prompts/note")],
)
def test_only_the_web_applications_key_administers(start, engine, method, path):
    with start(more_keys=[OTHER]) as running:
        body = {"on": False} if "features" in path else {"version": "2"}
        response = running.client.request(method, path, json=body, headers=AS_OTHER)
        assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (403, "admin-only")
        assert chat(running.client).status_code == 200
