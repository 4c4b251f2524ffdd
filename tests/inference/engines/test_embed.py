"""The embedding engine with its real model, which its package carries."""

import base64

import httpx
import numpy as np
import pytest

from inference.engines.embed import Embedder, build_app
from tests.inference.standin_engine import served


@pytest.fixture(scope="module")
def client():
    with (
        served(build_app(Embedder(2))) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=240, trust_env=False) as found,
    ):
        yield found


def vectors(client, texts, **more):
    answer = client.post("/v1/embeddings", json={"model": "embed", "input": texts, **more}).json()
    assert [item["index"] for item in answer["data"]] == list(range(len(answer["data"])))
    return np.array([item["embedding"] for item in answer["data"]])


def test_a_question_finds_its_passage_in_the_other_language(client):
    passages = vectors(client, ["Поставка насосов задержится на неделю", "The office party is on Friday", "Кабель"])
    question = vectors(client, "when will the pumps be delivered?", input_type="query")[0]
    assert int(np.argmax(passages @ question)) == 0


def test_vectors_have_384_numbers_and_length_one(client):
    found = vectors(client, [f"text {number}" for number in range(11)])
    assert found.shape == (11, 384)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-3)


def test_a_question_and_a_passage_of_the_same_words_differ(client):
    assert not np.allclose(vectors(client, "pumps", input_type="query"), vectors(client, "pumps"))


def test_base64_carries_the_same_vector(client):
    asked = {"input": "pumps", "encoding_format": "base64"}
    text = client.post("/v1/embeddings", json=asked).json()["data"][0]["embedding"]
    assert np.allclose(np.frombuffer(base64.b64decode(text), "<f4"), vectors(client, "pumps")[0], atol=1e-6)


@pytest.mark.parametrize("body", [{}, {"input": []}, {"input": 5}, {"input": "a", "input_type": "other"}])
def test_a_wrong_request_names_its_field(client, body):
    response = client.post("/v1/embeddings", json=body)
    assert response.status_code == 422
    assert response.json()["field"].startswith("input")


def test_the_served_model_tells_its_hash(client):
    (model,) = client.get("/v1/models").json()["data"]
    assert model["aliases"][0].startswith("sha256:")


def test_health_and_metrics_answer(client):
    assert client.get("/health").json() == {"status": "ok"}
    assert "ostrov_embed_texts_total" in client.get("/metrics").text
