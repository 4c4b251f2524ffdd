"""The guide to writing a module is followed to the letter: its files are written, its commands are run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.driving import free_port, wait_for
from tests.inference.standin_engine import Say, StandIn, standing_in

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "module-guide.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KEY = "the-key-of-the-guide-test"
MESSAGE = "The whole plant is dark since six, where are you?"


def blocks() -> list[tuple[str, str, str]]:
    """Every block of the guide: its language, the file that it fills (if it is one), its text."""
    return BLOCK.findall(GUIDE.read_text("utf-8"))


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment of its own that sees our packages and into which the guide may install."""
    place = tmp_path / "environment"
    venv.create(place, with_pip=False, symlinks=True)
    inside = sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)})
    ours = sysconfig.get_path("purelib")
    lines = [f"import site; site.addsitedir({ours!r})", f"import sys; sys.path.insert(0, {str(ROOT)!r})"]
    (Path(inside) / "ours.pth").write_text("\n".join(lines))
    for name, run in {
        "ostrov": "from appliance.cli.main import main",
        "pip": "from pip._internal.cli.main import main",
    }.items():
        script = place / "bin" / name
        script.write_text(f"#!{place}/bin/python\nimport sys\n{run}\nsys.exit(main())\n")
        script.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OSTROV_", "PYTHON"))}
    return kept | {
        "PATH": f"{place}/bin:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "OSTROV_HOME": str(tmp_path / "home"),
        "OSTROV_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/nothing?connect_timeout=1",
        "OSTROV_GATEWAY_KEY": KEY,
        "OSTROV_GATEWAY_PORT": str(free_port()),
    }


@contextmanager
def gateway(environ: dict[str, str], engine: StandIn, folder: Path) -> Iterator[str]:
    """The real gateway in front of a stand-in engine, as `ostrov demo` starts it again."""
    engines = {"OSTROV_LLM_URL": engine.url, "OSTROV_EMBED_URL": "", "OSTROV_SPEECH_URL": ""}
    process = subprocess.Popen(["ostrov", "gateway"], cwd=folder, env=environ | engines, stderr=subprocess.PIPE)
    url = f"http://127.0.0.1:{environ['OSTROV_GATEWAY_PORT']}"
    try:
        wait_for(f"{url}/readyz", 90)
        yield url
    finally:
        process.terminate()
        process.communicate(timeout=20)


def run(command: str, environ: dict[str, str], folder: Path) -> str:
    """Run the commands of one block; answers what they print."""
    shell = ["bash", "-euo", "pipefail", "-c", command]
    done = subprocess.run(shell, cwd=folder, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_who_follows_the_guide_has_a_module_that_runs(tmp_path: Path, environ: dict[str, str]) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    steps = blocks()
    assert {language for language, file, _ in steps if not file} == {"sh"}
    *before, (_, _, ask) = steps
    said = []
    for language, file, text in before:
        if file:
            assert (folder / file).is_file(), f"{file} of the guide is no file of a new module"
            (folder / file).write_text(text, "utf-8")
        elif language == "sh":
            said.append(run(text, environ, folder))
    check, installed = said[-2], said[-1]
    assert "wrong" not in check
    assert "not approved" in installed
    assert "urgency 1.0.0 from ostrov-urgency 1.0.0 is approved" in installed
    assert re.search(r"^urgency\s+1\.000\s+1\.000", installed, re.MULTILINE)
    with standing_in() as engine, gateway(environ, engine, folder) as url:
        engine.will(Say('{"quote": "The whole plant is dark", "value": "now"}'))
        assert url
        answer = json.loads(run(ask, environ, folder))
        assert MESSAGE in engine.asked[-1]["messages"][-1]["content"]
    (proposal,) = answer["output"]["proposals"]
    assert (proposal["value"], proposal["quote"]) == ("now", "The whole plant is dark")
    assert answer["run"]["module_version"] == "1.0.0"


def test_a_changed_byte_of_the_installed_package_is_not_loaded(tmp_path: Path, environ: dict[str, str]) -> None:
    run(
        "ostrov modules new topic && pip install --quiet --no-index --no-build-isolation --no-deps ./ostrov-topic",
        environ,
        tmp_path,
    )
    run("ostrov modules approve topic", environ, tmp_path)
    assert _state(environ, tmp_path) == ("loaded", "")
    place = next((tmp_path / "environment").rglob("ostrov_topic/module.py"))
    place.write_text("open('ran', 'w').close()\n" + place.read_text("utf-8"), "utf-8")
    state, reason = _state(environ, tmp_path)
    assert state == "not approved"
    assert "not those that were approved" in reason
    with standing_in() as engine, gateway(environ, engine, tmp_path) as url:
        listed = json.loads(run(f'curl -s "{url}/v1/models" -H "Authorization: Bearer {KEY}"', environ, tmp_path))
        assert {entry["name"] for entry in listed["modules"]} == {"answer", "call_card"}
        (left_out,) = listed["modules_left_out"]
        assert (left_out["name"], left_out["state"]) == ("topic", "not approved")
    assert not (tmp_path / "ran").exists(), "code that nobody approved was run"


def _state(environ: dict[str, str], folder: Path) -> tuple[str, str]:
    found = json.loads(run("ostrov modules list --json", environ, folder))
    (entry,) = (one for one in found if one["name"] == "topic")
    return entry["state"], entry["reason"]
