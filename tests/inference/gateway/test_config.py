"""The configuration file: what is taken, what is refused, and in which words."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from appliance.settings import GatewaySettings
from inference.gateway.config import ConfigRefused, GatewayConfig, load, parse
from inference.gateway.keys import keys_of

DOCS = Path(__file__).parents[3] / "docs"
ENGINE = '[[engines]]\nname = "a"\nrole = "chat"\nurl = "http://127.0.0.1:1"\n'
KEY = f'[[keys]]\nname = "shop"\nsha256 = "{"0" * 64}"\npolicy = "on-premises"\n'

BAD = [
    ("[[engines]]\nname = ", "not TOML"),
    ("engine = 1", "engine is not a known field"),
    (f"{ENGINE}slot = 3", "engines[0].slot is not a known field"),
    ('[[engines]]\nname = "a"\nurl = "http://127.0.0.1:1"', "engines[0].role is missing"),
    (ENGINE.replace("chat", "talk"), "engines[0].role"),
    (f"{ENGINE}slots = true", "engines[0].slots"),
    (f"{ENGINE}slots = 0", "engines[0].slots"),
    (f'{ENGINE}idle_seconds = "long"', "engines[0].idle_seconds"),
    (f"{ENGINE}idle_seconds = inf", "engines[0].idle_seconds"),
    (f"{ENGINE}idle_seconds = nan", "engines[0].idle_seconds"),
    (f'{ENGINE}data_classes = ["secret"]', "engines[0].data_classes[0]"),
    (ENGINE.replace('"a"', '"a b"'), "engines[0].name"),
    (ENGINE.replace("127.0.0.1", "8.8.8.8"), "engines.a.url"),
    (ENGINE.replace("http://127.0.0.1:1", "nowhere"), "engines.a.url"),
    (ENGINE + ENGINE, "engines[1].name: 'a' is given to two entries"),
    (KEY + KEY, "keys[1].name"),
    (KEY + KEY.replace("shop", "site"), "keys[1].sha256"),
    (KEY.replace("shop", "web"), "OSTROV_GATEWAY_KEY"),
    (KEY.replace("on-premises", "strict"), "keys[0].policy: there is no 'strict'"),
    (KEY.replace('"0', '"x'), "keys[0].sha256"),
    ('[policies.p]\nengines = ["b"]\n' + ENGINE, "policies.p.engines: there is no 'b'; use one of *, a"),
    ('[policies.p]\nengines = ["*", "*"]', "policies.p.engines"),
    ('[policies.p]\npersonal = "hide"', "policies.p.personal"),
    ('[policies.p]\npersonal_by_class = { nose = "mask" }', "policies.p.personal_by_class"),
    ("[policies.p]\ntokens_per_day = -1", "policies.p.tokens_per_day"),
    (f'{ENGINE}[[routes]]\nengines = ["b"]', "routes[0].engines: there is no 'b'"),
    (f"{ENGINE}[[routes]]\nengines = []", "routes[0].engines"),
    (f'{ENGINE}[[routes]]\nmodule = "nothing"\nengines = ["a"]', "routes[0].module: there is no 'nothing'"),
    ('[features]\nchat = "maybe"', "features.chat"),
    ("[queue]\nlength = 0", "queue.length"),
    ("[breaker]\nfailures = 0", "breaker.failures"),
]


def settings(tmp_path: Path, text: str) -> GatewaySettings:
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    return GatewaySettings(gateway_config=str(path))


@pytest.mark.parametrize(("text", "said"), BAD, ids=[said for _, said in BAD])
def test_a_wrong_file_is_refused_in_one_sentence_that_names_the_field(tmp_path, text, said):
    with pytest.raises(ConfigRefused) as refused:
        load(settings(tmp_path, text), {"call_card"})
    sentence = str(refused.value)
    assert said in sentence
    assert str(tmp_path) in sentence
    assert "\n" not in sentence


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigRefused, match="OSTROV_GATEWAY_CONFIG"):
        load(GatewaySettings(gateway_config=str(tmp_path / "none.toml")))


def test_without_a_file_the_settings_make_one_engine_a_role():
    found = load(GatewaySettings(embed_url="", llm_parallel=3))
    assert [(engine.name, engine.role) for engine in found.engines] == [
        ("chat", "chat"),
        ("embed", "embed"),
        ("speech", "speech"),
    ]
    assert found.engines[0].slots == 3
    assert found.engines[1].url == ""
    (own,) = keys_of(found, "k" * 20)
    assert (own.name, own.admin, own.policy.name) == ("web", True, "on-premises")


def test_a_file_without_engines_keeps_those_of_the_settings(tmp_path):
    found = load(settings(tmp_path, '[policies.p]\nengines = ["chat"]\n'))
    assert [engine.name for engine in found.engines] == ["chat", "embed", "speech"]


def test_embedding_is_another_name_of_the_role_embed():
    (engine,) = parse(ENGINE.replace('role = "chat"', 'role = "embedding"')).engines
    assert engine.role == "embed"


def test_the_example_of_the_documents_is_read():
    found = load(GatewaySettings(gateway_config=str(DOCS / "gateway.example.toml")), {"call_card", "answer"})
    assert {engine.role for engine in found.engines} == {"chat", "fast", "embed", "rerank", "speech"}
    assert found.keys
    assert found.routes


def sections(model: type[BaseModel]) -> list[type[BaseModel]]:
    """A section of the file and all sections inside it."""
    found = [model]
    for field in model.model_fields.values():
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                found += sections(part)
    return found


FIELDS = sorted({name for section in sections(GatewayConfig) for name in section.model_fields})


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_described_and_shown_in_the_example(name):
    assert f"`{name}" in (DOCS / "gateway.md").read_text("utf-8") or f"`[{name}" in (DOCS / "gateway.md").read_text(
        "utf-8"
    )
    assert re.search(rf"\b{name}\b", (DOCS / "gateway.example.toml").read_text("utf-8"))
