"""The `ostrov` command finds its parts, survives a broken one, and speaks in sentences."""

import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from appliance.cli import main
from appliance.cli.running import adopt_settings

OSTROV = [sys.executable, "-m", "appliance.cli.main"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*OSTROV, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_the_version_is_told():
    assert run("--version").stdout.startswith("ostrov, version ")


@pytest.mark.parametrize("words", [["--help"], ["doctor", "--help"], ["demo", "--help"], ["models", "list"]])
def test_nothing_but_what_was_asked_for_is_said_where_there_is_no_login_session(words, tmp_path):
    environ = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    environ |= {"OSTROV_HOME": str(tmp_path / "home"), "OSTROV_MODELS_DIR": str(tmp_path / "models")}
    asked = subprocess.run([*OSTROV, *words], env=environ, capture_output=True, text=True, check=False)
    assert (asked.returncode, asked.stderr) == (0, "")


def test_every_promised_command_is_registered():
    promised = {"audit", "demo", "engine", "eval", "gateway", "migrate", "models", "sample", "status", "token"}
    assert promised | {"web", "worker"} <= set(main._registered())


def test_a_command_whose_code_is_missing_lists_itself_and_says_why(monkeypatch: pytest.MonkeyPatch):
    broken = EntryPoint("broken", "ostrov_part_that_is_not_there:run", main.COMMAND_GROUP)
    monkeypatch.setattr(main, "_registered", lambda: {"broken": broken})
    listed = CliRunner().invoke(main.ostrov, ["--help"])
    assert "not available: No module named 'ostrov_part_that_is_not_there'" in listed.output
    asked = CliRunner().invoke(main.ostrov, ["broken", "--some", "option"])
    assert asked.exit_code == 1
    assert "cannot be loaded" in asked.output
    assert "make setup" in asked.output


def test_an_entry_point_that_is_no_command_is_named():
    stand_in = main._unavailable("odd", "builtins:len is not a command")
    assert isinstance(stand_in, click.Command)
    assert "builtins:len" in (stand_in.short_help or "")


def test_a_setting_that_cannot_be_read_ends_as_one_sentence(tmp_path: Path):
    result = run("status", OSTROV_HOME=str(tmp_path), OSTROV_WEB_PORT="eighty")
    assert result.returncode == main.EXIT_SETTINGS
    assert "OSTROV_WEB_PORT='eighty'" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_command_takes_the_settings_that_the_demo_left_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    left = {
        "common": {"OSTROV_DATABASE_URL": "as web", "OSTROV_GATEWAY_KEY": "key"},
        "commands": {
            "gateway": {"OSTROV_DATABASE_URL": "as gateway"},
            "gateway migrate": {"OSTROV_DATABASE_URL": "as owner"},
        },
    }
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "settings.json").write_text(json.dumps(left))
    for command, expected in (
        (["token", "create"], "as web"),
        (["gateway"], "as gateway"),
        (["gateway", "migrate"], "as owner"),
    ):
        with monkeypatch.context() as patch:
            patch.setenv("OSTROV_HOME", str(tmp_path))
            # setenv first, so that what adopt_settings adds is taken back with the context
            for name in left["common"]:
                patch.setenv(name, "")
                patch.delenv(name)
            adopt_settings(command)
            assert os.environ["OSTROV_DATABASE_URL"] == expected
            assert os.environ["OSTROV_GATEWAY_KEY"] == "key"


def test_a_named_database_is_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "settings.json").write_text(
        json.dumps({"common": {"OSTROV_DATABASE_URL": "demo"}, "commands": {}})
    )
    monkeypatch.setenv("OSTROV_HOME", str(tmp_path))
    monkeypatch.setenv("OSTROV_DATABASE_URL", "mine")
    adopt_settings(["token", "create"])
    assert os.environ["OSTROV_DATABASE_URL"] == "mine"
