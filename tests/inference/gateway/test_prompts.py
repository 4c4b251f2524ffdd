"""The registry of prompts: versions can be seen, pinned and rolled back, and a broken one is not loaded."""

import shutil
from pathlib import Path

import pytest

from inference.modules.prompt_files import BrokenPrompt, read_prompts
from tests.inference.gateway.conftest import NOTE
from tests.inference.standin_engine import Say

GOOD = '{"note": "wants chairs", "sure": 0.9}'
HERE = Path(__file__).parent

pytestmark = pytest.mark.usefixtures("undecided")


def pin(running, version, module="note"):
    return running.client.put(f"/v1/prompts/{module}", json={"version": version, "actor": "5"})


def asked(running, engine):
    engine.will(Say(GOOD))
    run = running.run_note("five chairs").json()["run"]
    return run, engine.asked[-1]["messages"][-1]["content"]


def test_a_pinned_version_is_used_by_the_next_run_and_unpinned_the_default_returns(running, engine, logged):
    run, text = asked(running, engine)
    assert (run["prompt_version"], text) == ("3", "Text: five chairs")
    pinned = pin(running, "2").json()
    assert (pinned["active"], pinned["pinned"]) == ("2", True)
    older, text = asked(running, engine)
    assert (older["prompt_version"], text) == ("2", "Note this: five chairs")
    assert older["prompt_hash"] != run["prompt_hash"]
    row = logged(older["id"])
    assert (row["prompt_version"], row["prompt_hash"]) == ("2", older["prompt_hash"])
    assert row["prompt_file"] == "prompts/2.md.jinja"
    assert (pin(running, None).json()["active"], pin(running, None).json()["pinned"]) == ("3", False)
    assert asked(running, engine)[0]["prompt_hash"] == run["prompt_hash"]


def test_a_pin_outlives_a_restart(start, engine):
    with start() as running:
        pin(running, "2")
    with start() as running:
        assert asked(running, engine)[0]["prompt_version"] == "2"


def test_versions_are_listed_with_hash_languages_and_use(running, engine):
    run, _ = asked(running, engine)
    (item,) = running.client.get("/v1/prompts").json()["items"]
    assert (item["module"], item["active"], item["pinned"]) == ("note", "3", False)
    found = {version["version"]: version for version in item["versions"]}
    assert found["3"]["hash"] == run["prompt_hash"] == NOTE.prompt_hash
    assert (found["2"]["languages"], found["3"]["languages"]) == (["en"], ["en", "ru"])
    before = found["3"]["runs"]
    asked(running, engine)
    (item,) = running.client.get("/v1/prompts").json()["items"]
    after = next(version for version in item["versions"] if version["version"] == "3")
    assert (after["runs"], bool(after["last_used"])) == (before + 1, True)


@pytest.mark.parametrize("version", ["9", "../2", "3 "])
def test_a_version_that_does_not_exist_is_refused_and_the_known_ones_are_named(running, engine, version):
    response = pin(running, version)
    assert (response.status_code, response.json()["field"]) == (422, "version")
    assert "3, 2" in response.json()["detail"]
    assert asked(running, engine)[0]["prompt_version"] == "3"


def test_a_module_that_does_not_exist_cannot_be_pinned(running):
    response = pin(running, "1", module="nothing")
    assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (404, "module-unknown")


@pytest.mark.parametrize("body", ["{}", '{"versions": "2"}', '{"version": ""}', "[]", "{"])
def test_a_pin_that_cannot_be_read_is_refused(running, body):
    assert running.client.put("/v1/prompts/note", content=body).status_code == 422


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Read the prompts of a copy of the note module with one file changed; the name is the copy's own."""

    def reading(file, text):
        name = f"note_{len(list(tmp_path.iterdir()))}_{tmp_path.name.replace('-', '_')}"
        shutil.copytree(HERE / "note_module", tmp_path / name)
        place = tmp_path / name / "prompts" / file
        place.unlink() if text is None else place.write_text(text, "utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        return read_prompts(name, "prompt.md.jinja", "3")

    return reading


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("2.md.jinja", "{{ text", "2.md.jinja"),
        ("2.md.jinja", "=== user ===\n{{ other }}", "'other' is undefined"),
        ("2.md.jinja", "=== user ===\nYou write short notes.", "does not contain 'Note this"),
        ("2.toml", None, "prompts/2.toml is missing"),
        ("2.toml", 'languages = ["en"]', "tests"),
        ("2.toml", "languages = ", "not TOML"),
        ("2.toml", 'languages = ["en"]\nmood = "good"\n[[tests]]', "mood"),
        ("2.toml", 'languages = []\n[[tests]]\nvariables = {text = "a"}', "languages"),
        ("5.toml", 'languages = ["en"]\n[[tests]]', "has no prompt"),
        ("3.md.jinja", "{{ text }}", "already"),
    ],
)
def test_a_version_that_is_broken_says_why_it_cannot_be_loaded(broken, file, text, reason):
    with pytest.raises(BrokenPrompt, match=reason):
        broken(file, text)


def test_a_variable_cannot_reach_out_of_the_sandbox(broken):
    attack = "=== user ===\n{{ ''.__class__.__mro__[1].__subclasses__() }} Note this: {{ text }}"
    with pytest.raises(BrokenPrompt):
        broken("2.md.jinja", attack)


@pytest.mark.parametrize("module", ["call_card", "answer"])
def test_our_own_prompts_declare_languages_and_tests(module):
    prompts = read_prompts(f"inference.modules.{module}", "prompt.md.jinja", "1")
    assert all({"ru", "en"} <= set(prompt.languages) for prompt in prompts)
