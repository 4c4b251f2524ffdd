"""A manifest that cannot be right is refused with the field and the remedy; a right one survives being written."""

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.modelstore import manifest
from appliance.modelstore.errors import ManifestRefused
from tests.appliance.modelstore.weights import gguf, manifest_of, sha

FILES = {"model.gguf": gguf(), "README.md": b"hello"}
ONE, CODE = ({"name": name, "size": 1, "sha256": "0" * 64} for name in ("x.gguf", "run.py"))


def test_a_right_manifest_says_everything():
    found = manifest.parse(manifest_of(FILES, engine={"context_tokens": 4096}))
    assert (found.key, found.entry, found.size) == ("little@1", "model.gguf", sum(map(len, FILES.values())))
    assert found.engine.context_tokens == 4096


@pytest.mark.parametrize(
    ("given_licence", "kept"),
    [
        ("apache-2.0", "Apache-2.0"),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("LicenseRef-Llama-3.3", "LicenseRef-Llama-3.3"),
        ("cc-by-nc-4.0", "CC-BY-NC-4.0"),
    ],
)
def test_a_licence_is_an_spdx_expression_in_its_official_spelling(given_licence, kept):
    assert manifest.parse(manifest_of(FILES, licence=given_licence)).licence == kept


@pytest.mark.parametrize("licence", ["Apache", "free", "", "MIT OR", "Apache 2.0", 7, None, "LicenseRef-"])
def test_a_wrong_licence_is_refused_by_the_name_of_its_field(licence):
    with pytest.raises(ManifestRefused) as refusal:
        manifest.parse(manifest_of(FILES, licence=licence))
    assert refusal.value.field == "licence"
    assert "'licence'" in refusal.value.sentence
    assert refusal.value.remedy


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("name", {"name": "../evil"}),
        ("name", {"name": "active"}),
        ("version", {"version": "1/2"}),
        ("version", {"version": 1}),
        ("role", {"role": "poet"}),
        ("format", {"format": "pickle"}),
        ("source", {"source": ""}),
        ("license", {"license": "MIT"}),
        ("engine.context_tokens", {"engine": {"context_tokens": 0}}),
        ("engine.context", {"engine": {"context": 8}}),
        ("file", {"file": []}),
        ("file", {"format": "safetensors"}),
        ("file[0].name", {"file": [{"name": "../x.gguf", "size": 1, "sha256": "0" * 64}]}),
        ("file[0].name", {"file": [{"name": "/etc/x.gguf", "size": 1, "sha256": "0" * 64}]}),
        ("file[0].name", {"file": [{"name": "manifest.toml", "size": 1, "sha256": "0" * 64}]}),
        ("file[0].sha256", {"file": [{"name": "x.gguf", "size": 1, "sha256": "0" * 63}]}),
        ("file[0].size", {"file": [{"name": "x.gguf", "size": -1, "sha256": "0" * 64}]}),
        ("file", {"file": [ONE, ONE]}),
        ("file", {"file": [ONE, CODE]}),
    ],
)  # fmt: skip
def test_every_wrong_field_is_named(field, change):
    with pytest.raises(ManifestRefused) as refusal:
        manifest.parse({**manifest_of(FILES), **change})
    assert refusal.value.field == field
    assert field in refusal.value.sentence


@pytest.mark.parametrize("field", ["name", "version", "role", "format", "source", "licence", "file"])
def test_a_missing_field_is_named(field):
    fields = manifest_of(FILES)
    del fields[field]
    with pytest.raises(ManifestRefused, match=f"the field '{field}' is missing"):
        manifest.parse(fields)


@pytest.mark.parametrize("text", ["", "[", "7", "name = ", "\x00", "[]", '{"a": 1'])
@pytest.mark.parametrize("name", ["manifest.toml", "manifest.json"])
def test_a_file_that_holds_no_manifest_is_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(ManifestRefused):
        manifest.read(tmp_path / name)


@given(title=st.text(max_size=60), note=st.text(max_size=60))
def test_any_title_survives_being_written_and_read(title, note):
    found = manifest.parse(manifest_of(FILES, title=title, licence_note=note, engine={"beam_size": 2}))
    assert manifest.parse(tomllib.loads(manifest.as_toml(found))) == found


def test_the_identity_of_a_model_is_its_file_or_the_list_of_its_files():
    one = manifest.parse(manifest_of({"model.gguf": b"GGUF"}))
    assert one.sha256 == sha(b"GGUF")
    two = manifest.parse(manifest_of(FILES))
    turned = manifest.parse(manifest_of(dict(reversed(FILES.items()))))
    assert two.sha256 == turned.sha256 != one.sha256


def test_json_and_toml_say_the_same(tmp_path):
    fields = manifest_of(FILES)
    (tmp_path / "manifest.json").write_text(json.dumps(fields))
    (tmp_path / "manifest.toml").write_text(manifest.as_toml(manifest.parse(fields)))
    assert manifest.read(tmp_path / "manifest.json") == manifest.read(tmp_path / "manifest.toml")
