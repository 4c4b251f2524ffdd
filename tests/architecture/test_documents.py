"""What can be set, measured or asked is written down."""

from __future__ import annotations

import dataclasses
import re

import click
import pytest
from sources import ROOT

from appliance.cli.main import ostrov
from appliance.settings import PROGRAMS
from webapp.web.metrics import NAMES


def document(file: str) -> str:
    """The text of one document."""
    return (ROOT / "docs" / file).read_text(encoding="utf-8")


SETTINGS = sorted({f"OSTROV_{field.name.upper()}" for program in PROGRAMS for field in dataclasses.fields(program)})


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_is_documented(setting):
    assert re.search(rf"`{setting}`", document("configuration.md"))


def test_every_documented_setting_exists():
    known = {*SETTINGS, "OSTROV_HOME"}
    named = set(re.findall(r"^\| `(OSTROV_[A-Z_]+)`", document("configuration.md"), re.MULTILINE))
    assert named <= known


@pytest.mark.parametrize("metric", sorted(NAMES))
def test_every_metric_is_documented(metric):
    assert f"`{metric}" in document("metrics.md")


def commands(group: click.Command, path: tuple[str, ...] = ()) -> list[str]:
    """Every command with its subcommands, as typed."""
    if not isinstance(group, click.Group):
        return [" ".join(path)]
    context = click.Context(group)
    found = [" ".join(path)] if path and group.invoke_without_command else []
    for name in group.list_commands(context):
        found += commands(group.get_command(context, name), (*path, name))
    return found


@pytest.mark.parametrize("command", commands(ostrov))
def test_every_command_is_documented(command):
    assert f"`ostrov {command}" in document("commands.md")
